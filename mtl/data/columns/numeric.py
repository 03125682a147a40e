"""Numbers, standardised."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from mtl.data.columns.base import Column, Fitted, Form, refuse_all_missing
from mtl.data.raw import to_floats
from mtl.layers.missing import MissingValues, Standardization

logger = logging.getLogger(__name__)

# Relative to the numbers: 0.1 + 0.2 and 0.3 are one number.
_ROUNDING = 8 * np.finfo(np.float64).eps


@dataclass(frozen=True, kw_only=True)
class Numeric(Column):
    """A number, standardised to mean 0 and variance 1 over the training rows.

    A missing number becomes the training mean, and a second feature may say that it was missing.

    Attributes:
        standardize: Whether to subtract the mean and divide by the standard deviation.
        missing: The second feature: `auto` has it where the training rows miss a number, `flag`
            always, `mean` never.
    """

    kind: ClassVar[str] = "numeric"
    standardize: bool = True
    missing: Literal["auto", "flag", "mean"] = "auto"

    @property
    def form(self) -> Form:
        """Features: the number and perhaps the flag."""
        return "features"

    def wrong_options(self) -> Iterator[tuple[str, str]]:
        """Yield each option whose value is wrong, with what is expected."""
        if self.standardize not in (True, False):
            yield "standardize", "Expected true or false."
        if self.missing not in ("auto", "flag", "mean"):
            yield "missing", "Expected auto, flag or mean."

    def raw_dtype(self, training: pl.Series) -> str:
        """Return `float64`."""
        return "float64"

    def fit(self, training: pl.Series, target: np.ndarray | None) -> Fitted:
        """Learn mean and variance; a column of one value gives a warning.

        Raises:
            DataError: The rows hold no number, or something else.
        """
        refuse_all_missing(training)
        values = to_floats(training)
        known = values[~np.isnan(values)]
        refuse_all_missing(pl.Series(training.name, known))
        mean, variance = float(known.mean()), float(known.var())
        if np.ptp(known) <= _ROUNDING * np.abs(known).max() or variance == 0:
            logger.warning(
                "Column %r is %g in every training row where it is known: it tells the model "
                "nothing. Remove it from the inputs, or check how the rows are split.",
                *(training.name, known[0]),
            )
            variance = 1.0
        flag = self.missing == "flag" or (self.missing == "auto" and len(known) < len(values))
        if not self.standardize:
            return Fitted((MissingValues(mean, flag=flag),))
        return Fitted((Standardization(mean, math.sqrt(variance)), MissingValues(flag=flag)))

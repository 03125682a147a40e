"""Text as a sequence of word ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from mtl.data.columns.base import Fitted, Form
from mtl.data.columns.sequences import Sequence
from mtl.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Text(Sequence):
    """Words as ids: 0 is padding, 1 a word outside the vocabulary, the others by frequency.

    Missing text is a sequence of padding. Longer texts lose their end. Words are what stands
    between white space once `standardize` (`lower_and_strip_punctuation`, `lower`,
    `strip_punctuation` or null for nothing) is done.
    """

    kind: ClassVar[str] = "text"
    split: ClassVar[str] = "whitespace"
    standardize: Literal["lower_and_strip_punctuation", "lower", "strip_punctuation"] | None = (
        "lower_and_strip_punctuation"
    )

    @property
    def form(self) -> Form:
        """Word ids."""
        return "text"

    def fit(self, training: pl.Series, target: np.ndarray | None) -> Fitted:
        """Learn the vocabulary.

        Raises:
            DataError: The rows hold no words, or nothing but numbers.
        """
        if _all_numbers(training):
            raise DataError(
                f"Column {training.name!r} is of kind text, and every training row is a number "
                f"(first: {training.drop_nulls()[0]!r}). Expected words: for numbers set "
                f"data.columns.{training.name}.kind to numeric, for codes to categorical."
            )
        return super().fit(training, target)


def _all_numbers(series: pl.Series) -> bool:
    values = series.drop_nulls()
    if values.dtype == pl.String:
        values = values.str.strip_chars()
        values = values.filter(values != "").cast(pl.Float64, strict=False)
    return len(values) > 0 and values.dtype.is_numeric() and values.null_count() == 0

"""Times as cyclic features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from mtl.data.columns.base import Column, Fitted, Form, refuse_all_missing
from mtl.data.raw import to_strings, to_text
from mtl.data.times import seconds_since_1970
from mtl.errors import DataError
from mtl.layers.datetime import FEATURES, DatetimeFeatures
from mtl.layers.timestamps import ISO_IN_UTC, TimeFormat


@dataclass(frozen=True, kw_only=True)
class Datetime(Column):
    """A time as the sine and cosine of each chosen feature; zeros where it is missing.

    A table may hold strings, or polars' or NumPy's own dates and times, which are read whole
    whatever the format. The saved model reads strings, in the format or as
    `2016-02-24T18:30:05Z`, and gives zeros for one that it cannot read.

    Attributes:
        features: `hour` (whole hours of 24), `weekday` (of 7), `day_of_year`; two numbers each.
        format: Of strings, as for `strptime`; null for ISO, `2016-02-24 18:30:05`. UTC unless with
            an offset.
    """

    kind: ClassVar[str] = "datetime"
    features: Sequence[str] = ("hour", "weekday")
    format: str | None = None

    @property
    def form(self) -> Form:
        """Features: a sine and a cosine each."""
        return "features"

    def wrong_options(self) -> Iterator[tuple[str, str]]:
        """Yield each option whose value is wrong, with what is expected."""
        names = self.features
        listed = isinstance(names, Sequence) and not isinstance(names, str)
        if not listed or not names or not set(names) <= set(FEATURES) or _repeats(names):
            yield "features", f"Expected a list of {', '.join(FEATURES)}, each once at most."
        try:
            TimeFormat.of(self.format)
        except DataError as error:
            yield "format", str(error)

    def raw(self, series: pl.Series, dtype: str) -> np.ndarray:
        """Return strings as they stand, and dates and times in ISO, in UTC."""
        if series.dtype not in (pl.Date, pl.Datetime, pl.String, pl.Null):
            raise DataError(
                f"Column {series.name!r} is of kind datetime and holds {series.dtype}. Expected "
                "strings such as '2016-02-24 18:30:05', or dates: convert the column first."
            )
        return to_strings(to_text(series, ISO_IN_UTC))

    def check(self, series: pl.Series) -> None:
        """Look at the values of a whole table.

        Raises:
            DataError: A value is no time in the column's format, with its row.
        """
        seconds_since_1970(series, self.format)

    def fit(self, training: pl.Series, target: np.ndarray | None) -> Fitted:
        """Return the layer; nothing is learnt.

        Raises:
            DataError: No training row has a time, or one has something else.
        """
        refuse_all_missing(training)
        self.check(training)
        return Fitted((DatetimeFeatures(list(self.features), self.format),))


def _repeats(names: Sequence[str]) -> bool:
    return len(set(names)) < len(names)

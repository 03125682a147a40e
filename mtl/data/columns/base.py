"""What every kind of column can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import keras
import numpy as np
import polars as pl

from mtl.data.raw import RAW
from mtl.errors import DataError

Form = Literal["text", "characters", "index", "features"]


@dataclass(frozen=True)
class Fitted:
    """A column's preparation, fitted on the training rows.

    Attributes:
        layers: Applied one after the other to the raw values, shape `(batch,)`.
        vocabulary_size: How many ids they give, from 0 on; None where they give features.
    """

    layers: tuple[keras.layers.Layer, ...]
    vocabulary_size: int | None = None


class Column(ABC):
    """A kind of column; its instances are frozen dataclasses whose fields are the options."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def form(self) -> Form:
        """What the column gives: a sequence of word or character ids, one id, or features."""

    def wrong_options(self) -> Iterator[tuple[str, str]]:
        """Yield each option whose value is wrong, with what is expected."""
        yield from ()

    def raw_dtype(self, training: pl.Series) -> str:
        """Return the raw input's type for training rows: `string`, `float64` or `int64`."""
        return "string"

    def raw(self, series: pl.Series, dtype: str) -> np.ndarray:
        """Return the raw values of any rows, shape `(rows,)`.

        Raises:
            DataError: A value that cannot be read; rows count from 1 within `series`.
        """
        return RAW[dtype](series)

    def check(self, series: pl.Series) -> None:
        """Look at the values of a whole table.

        Raises:
            DataError: A value that cannot be read, with its row.
        """
        self.raw(series, self.raw_dtype(series))

    @abstractmethod
    def fit(self, training: pl.Series, target: np.ndarray | None) -> Fitted:
        """Learn the preparation.

        Args:
            training: The training rows of the column.
            target: Encoded labels of the task that the column's encoding reads, shape `(rows,)` or
                `(rows, labels)`, NaN where missing; None where it reads none.

        Raises:
            DataError: The training rows give nothing to learn from.
        """


def refuse_all_missing(training: pl.Series) -> None:
    """Raise a DataError where a column has no value in the training rows."""
    blank = (
        training.is_null() | training.is_nan() if training.dtype.is_float() else training.is_null()
    )
    if training.dtype == pl.String:
        blank |= training.str.strip_chars() == ""
    if blank.all():
        raise DataError(
            f"Column {training.name!r} is empty in all {len(training)} training rows. Expected "
            "values to learn from: remove it from the inputs, or split the rows another way."
        )

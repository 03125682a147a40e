"""What every kind of column can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import keras
import numpy as np
import polars as pl

from mtl.data.raw import RAW
from mtl.errors import DataError

Form = Literal["text", "characters", "index", "features", "image", "array"]
RawShape = tuple[int | None, ...]


@dataclass(frozen=True)
class Fitted:
    """A column's preparation, fitted on the training rows.

    Attributes:
        layers: Applied one after the other to the raw values.
        vocabulary_size: How many ids they give, from 0 on; None where they give no ids.
    """

    layers: tuple[keras.layers.Layer, ...]
    vocabulary_size: int | None = None


class Column(ABC):
    """A kind of column; its instances are frozen dataclasses whose fields are the options."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def form(self) -> Form:
        """What the column gives: word or character ids, one id, features, an image or an array."""

    def learns_from(self, name: str) -> Sequence[str]:
        """Return the columns of the table whose training rows `fit` is to be given.

        Args:
            name: This column's own name.
        """
        return [name]

    def resolved(self, training: pl.Series) -> Column:
        """Return the column with the options that the training rows decide where none is given."""
        return self

    def wrong_options(self) -> Iterator[tuple[str, str]]:
        """Yield each option whose value is wrong, with what is expected."""
        yield from ()

    def raw_dtype(self, training: pl.Series) -> str:
        """Return the raw input's type for training rows: `string`, `float64`, `int64`, ….

        Like all that follows it is asked of a `resolved` column.
        """
        return "string"

    def raw_shape(self, training: pl.Series) -> RawShape:
        """Return the raw input's shape without the batch; None where any size will do."""
        return ()

    def raw(self, series: pl.Series, dtype: str) -> np.ndarray:
        """Return the raw values of any rows, shape `(rows,)`, or `(rows, …)` for arrays.

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

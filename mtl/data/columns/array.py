"""Arrays of numbers: vectors, grids, series, videos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from mtl.data.arrays import to_array
from mtl.data.columns.base import Column, Fitted, Form, RawShape
from mtl.data.raw import bad_value
from mtl.errors import DataError
from mtl.layers.prepared_array import PreparedArray

DTYPES = ("float32", "int32", "uint8")


@dataclass(frozen=True, kw_only=True)
class Array(Column):
    """An array of numbers, the same shape in every row.

    Attributes:
        shape: A list of sizes, null for one that may differ from table to table; null as a whole
            for the shape of the training rows.
        dtype: What the graph reads: `float32`, `int32` or `uint8`.
        divide_by: What each value is divided by, for `float32`; 255 for pixels, say.
        flatten: Whether the graph reads one axis instead of all of them.
    """

    kind: ClassVar[str] = "array"
    shape: Sequence[int | None] | None = None
    dtype: Literal["float32", "int32", "uint8"] = "float32"
    divide_by: float = 1.0
    flatten: bool = False

    @property
    def form(self) -> Form:
        """An array."""
        return "array"

    def wrong_options(self) -> Iterator[tuple[str, str]]:
        """Yield each option whose value is wrong, with what is expected."""
        sizes = self.shape
        listed = isinstance(sizes, list | tuple) and len(sizes) > 0
        if sizes is not None and not (listed and all(map(_is_size, sizes))):
            yield "shape", "Expected a list of whole numbers of 1 or more, or of null; or null."
        elif sizes is not None and self.flatten and None in sizes:
            yield "shape", "Expected sizes without null: flatten is true."
        if self.dtype not in DTYPES:
            yield "dtype", f"Expected one of: {', '.join(DTYPES)}."
        number = isinstance(self.divide_by, int | float) and not isinstance(self.divide_by, bool)
        if not number or not 0 < self.divide_by < float("inf"):
            yield "divide_by", "Expected a number above 0."
        elif self.divide_by != 1 and self.dtype != "float32":
            yield "divide_by", f"Expected 1: the dtype is {self.dtype}."
        if self.flatten not in (True, False):
            yield "flatten", "Expected true or false."

    def resolved(self, training: pl.Series) -> Array:
        """Return the column with the shape of the training rows where none is given."""
        if self.shape is not None:
            return self
        return replace(self, shape=list(to_array(training.head(1)).shape[1:]))

    def raw_dtype(self, training: pl.Series) -> str:
        """Return `uint8` where the training rows have it, else what the graph reads."""
        return "uint8" if to_array(training.head(1)).dtype == np.uint8 else self.dtype

    def raw_shape(self, training: pl.Series) -> RawShape:
        """Return the shape of one row."""
        return tuple(self.shape or ())

    def raw(self, series: pl.Series, dtype: str) -> np.ndarray:
        """Return the arrays, shape `(rows, …)`.

        Raises:
            DataError: A cell holds none, has another shape, or a number that `dtype` has not.
        """
        values = to_array(series)
        self._check_shape(series.name, values.shape[1:])
        _check_values(series.name, values, dtype)
        return values.astype(dtype)

    def check(self, series: pl.Series) -> None:
        """Look at the values of a whole table.

        Raises:
            DataError: A cell holds no array of the column's shape and type.
        """
        values = to_array(series)
        self._check_shape(series.name, values.shape[1:])
        _check_values(series.name, values, self.dtype)

    def fit(self, training: pl.Series, target: np.ndarray | None) -> Fitted:
        """Return the layer that casts, scales and flattens."""
        return Fitted((PreparedArray(self.dtype, float(self.divide_by), flatten=self.flatten),))

    def _check_shape(self, column: str, shape: tuple[int, ...]) -> None:
        wanted = self.shape
        if wanted is None:
            return
        agrees = len(wanted) == len(shape) and all(
            size is None or size == own for size, own in zip(wanted, shape, strict=True)
        )
        if not agrees:
            sizes = ", ".join("any" if size is None else str(size) for size in wanted)
            raise DataError(
                f"Column {column!r} holds arrays of shape {shape}. Expected ({sizes}), as "
                f"data.columns.{column}.shape or the training rows say."
            )


def _is_size(size: object) -> bool:
    whole = isinstance(size, int) and not isinstance(size, bool) and size >= 1
    return size is None or whole


def _check_values(column: str, values: np.ndarray, dtype: str) -> None:
    if values.dtype == np.dtype(dtype):
        wrong = ~np.isfinite(values)
        expected = "Expected finite numbers."
    elif dtype == "float32":
        with np.errstate(over="ignore"):
            wrong = ~np.isfinite(values.astype(np.float32))
        expected = "Expected finite numbers (below 3.4e38)."
    else:
        limits = np.iinfo(dtype)
        with np.errstate(invalid="ignore"):
            wrong = ~((values >= limits.min) & (values <= limits.max) & (values == np.rint(values)))
        expected = f"Expected whole numbers from {limits.min} to {limits.max} (dtype {dtype})."
    rows = np.flatnonzero(wrong.reshape(len(values), -1).any(axis=1))
    if len(rows):
        value = values[rows[0]][wrong[rows[0]]].ravel()[0].item()
        raise bad_value(column, int(rows[0]), value, expected)

"""Cells that hold arrays: a column of them as one NumPy array."""

from __future__ import annotations

import numpy as np
import polars as pl

from mtl.data.raw import bad_value
from mtl.errors import DataError


def holds_arrays(series: pl.Series) -> bool:
    """Return whether the cells of a column are arrays or lists."""
    return isinstance(series.dtype, pl.Array | pl.List)


def to_array(series: pl.Series) -> np.ndarray:
    """Return a column of arrays of one shape as an array of numbers, shape `(rows, …)`.

    Raises:
        DataError: A cell is missing, holds something else than numbers, or has another shape than
            the first one.
    """
    if not holds_arrays(series):
        raise DataError(
            f"Column {series.name!r} holds values of type {series.dtype}. Expected arrays of "
            "numbers, all of one shape."
        )
    missing = series.is_null().arg_true()
    if len(missing):
        raise bad_value(series.name, missing[0], None, "Expected an array in every row.")
    if isinstance(series.dtype, pl.Array):
        values = series.to_numpy()
    else:
        rows = [np.asarray(cell) for cell in series.to_list()]
        _refuse_other_shapes(series.name, rows)
        values = np.stack(rows)
    if values.dtype.kind not in "buif":
        raise DataError(
            f"Column {series.name!r} holds arrays of type {values.dtype}. Expected numbers, "
            "without empty places."
        )
    return values


def _refuse_other_shapes(column: str, rows: list[np.ndarray]) -> None:
    for number, row in enumerate(rows):
        if row.dtype == object or row.shape != rows[0].shape:
            shape = "lists of different lengths" if row.dtype == object else f"shape {row.shape}"
            raise DataError(
                f"Row {number + 1} of column {column!r} holds an array of {shape}. Expected "
                f"{rows[0].shape}, as in the first row."
            )

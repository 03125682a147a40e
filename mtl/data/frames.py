"""Tables from Python objects: dicts of arrays, polars and pandas data frames."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from mtl.errors import DataError


def as_frame(table: Any) -> pl.DataFrame:
    """Return a table in memory as a polars data frame.

    Args:
        table: A polars data frame or lazy frame, a pandas data frame, or a mapping of columns to
            arrays or lists. None, NaN and pandas' NA are missing. Arrays of numbers of more than
            one dimension, such as images, hold one array a row.

    Raises:
        DataError: It is something else, has no columns, two of one name, columns of different
            lengths, or of more than one dimension that are no numbers.
    """
    if isinstance(table, pl.LazyFrame):
        table = table.collect()
    if isinstance(table, pl.DataFrame):
        return table
    if type(table).__module__.partition(".")[0] == "pandas" and hasattr(table, "columns"):
        names = [str(name) for name in table.columns]
        repeated = [name for name, count in Counter(names).items() if count > 1]
        if repeated:
            raise DataError(
                f"The data frame has several columns called {', '.join(map(repr, repeated))}. "
                "Expected each name once."
            )
        columns = {str(name): table[name].to_numpy() for name in table.columns}
    elif isinstance(table, Mapping):
        columns = {str(name): values for name, values in table.items()}
    else:
        raise DataError(
            f"Found a table of type {type(table).__name__}. Expected a path, a polars or pandas "
            "data frame, or a dict of columns to arrays."
        )
    if not columns:
        raise DataError("The table has no columns. Expected at least one.")
    series = [_series(name, values) for name, values in columns.items()]
    lengths = {entry.name: len(entry) for entry in series}
    if len(set(lengths.values())) > 1:
        listing = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise DataError(f"The columns have different lengths: {listing}. Expected one length.")
    return pl.DataFrame(series)


def _series(name: str, values: Any) -> pl.Series:
    if isinstance(values, pl.Series):
        return values.alias(name)
    array = values if isinstance(values, np.ndarray) else np.asarray(values, dtype=object)
    if array.ndim > 1 and array.dtype.kind in "buif":
        return pl.Series(name, np.ascontiguousarray(array))
    if array.ndim != 1:
        raise DataError(
            f"Column {name!r} is an array of type {array.dtype} and shape {array.shape}. Expected "
            "one value a row, shape (rows,), or an array of numbers, shape (rows, …)."
        )
    if array.dtype.kind in "OSU":
        plain = [_plain(value) for value in array.tolist()]
        kinds = Counter(_kind(value) for value in plain if value is not None)
        if len(kinds) > 1:
            usual = kinds.most_common(1)[0][0]
            row, value = next(
                (row, value)
                for row, value in enumerate(plain)
                if value is not None and _kind(value) != usual
            )
            raise DataError(
                f"Row {row + 1} of column {name!r} holds {value!r} ({_kind(value)}), and most rows "
                f"hold {usual}. Expected one type a column."
            )
        return pl.Series(name, plain, strict=False)
    series = pl.Series(name, array)
    if series.dtype == pl.Object:
        raise DataError(
            f"Column {name!r} is an array of type {array.dtype}. Expected numbers, text or times."
        )
    return series


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, int | float) else type(value).__name__


def _plain(value: Any) -> Any:
    """Return a cell as Python has it, None where it is missing."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.generic):
        value = value.item()
    if type(value).__name__ in ("NAType", "NaTType") or (
        isinstance(value, float) and math.isnan(value)
    ):
        return None
    return value

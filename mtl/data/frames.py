"""Tables from Python objects: dicts of arrays, polars and pandas data frames."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from mtl.errors import DataError


def as_frame(table: Any) -> pl.DataFrame:
    """Return a table in memory as a polars data frame.

    Args:
        table: A polars data frame or lazy frame, a pandas data frame, or a mapping of columns to
            arrays or lists. None, NaN and pandas' NA are missing. Arrays of numbers of more than
            one dimension, such as images, hold one array a row; so do lists of arrays or of lists
            of numbers, all of one shape. Other lists of lists, as of labels, hold one list a row.

    Raises:
        DataError: It is something else, has no columns, two of one name, columns of different
            lengths, of values of different types, or arrays of more than one dimension that are no
            numbers.
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
    if isinstance(values, list | tuple):
        return _series_of_cells(name, list(values))
    array = np.asarray(values)
    if array.ndim > 1 and array.dtype.kind in "buif":
        return pl.Series(name, np.ascontiguousarray(array))
    if array.ndim != 1:
        raise DataError(
            f"Column {name!r} is an array of type {array.dtype} and shape {array.shape}. Expected "
            "one value a row, shape (rows,), or an array of numbers, shape (rows, …)."
        )
    if array.dtype.kind in "OSU":
        return _series_of_cells(name, array.tolist())
    series = pl.Series(name, array)
    if series.dtype == pl.Object:
        raise DataError(
            f"Column {name!r} is an array of type {array.dtype}. Expected numbers, text or times."
        )
    return series


def _series_of_cells(name: str, cells: list[Any]) -> pl.Series:
    stacked = _series_of_arrays(name, cells)
    if stacked is not None:
        return stacked
    plain = [_plain(cell) for cell in cells]
    _refuse_other_types(name, plain, range(len(plain)))
    return pl.Series(name, plain, strict=False)


def _series_of_arrays(name: str, cells: list[Any]) -> pl.Series | None:
    """Return cells that are arrays or lists of numbers, all of one shape; None where they are not.

    Missing cells stay so.
    """
    if not _is_nested(next((cell for cell in cells if not _is_missing(cell)), None)):
        return None
    missing = [_is_missing(cell) for cell in cells]
    given = [cell for cell, absent in zip(cells, missing, strict=True) if not absent]
    if not all(map(_is_nested, given)):
        return None
    try:
        # The first cell alone says whether a large column of text need not be looked at.
        if np.asarray(given[0]).dtype.kind not in "buif":
            return None
        stacked = np.asarray(
            [cell if isinstance(cell, list) else np.asarray(cell) for cell in given]
        )
    except ValueError:  # lists of different lengths
        return None
    if stacked.dtype.kind not in "buif" or not stacked.size:
        return None
    series = pl.Series(name, stacked)
    if not any(missing):
        return series
    numbers = iter(range(len(given)))
    places = [None if absent else next(numbers) for absent in missing]
    return series.gather(pl.Series(places, dtype=pl.UInt32))


def _refuse_other_types(name: str, values: list[Any], rows: Sequence[int]) -> None:
    """Raise where values are not of one type, nor what is in lists; each has the row it is from."""
    kinds = Counter(_kind(value) for value in values if value is not None)
    if len(kinds) > 1:
        usual = kinds.most_common(1)[0][0]
        row, value = next(
            (row, value)
            for row, value in zip(rows, values, strict=True)
            if value is not None and _kind(value) != usual
        )
        raise DataError(
            f"Row {row + 1} of column {name!r} holds {value!r:.80} ({_kind(value)}), and most rows "
            f"hold {usual}. Expected one type a column."
        )
    if "a list" in kinds:
        inner = [
            (row, item)
            for row, value in zip(rows, values, strict=True)
            for item in value or ()
            if item is not None
        ]
        _refuse_other_types(name, [item for _, item in inner], [row for row, _ in inner])


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, list):
        return "a list"
    return "a number" if isinstance(value, int | float) else type(value).__name__


def _is_nested(value: Any) -> bool:
    """Return whether a cell is a list, or an array of any library that has an axis."""
    return isinstance(value, list | tuple) or len(getattr(value, "shape", ())) > 0


def _is_missing(value: Any) -> bool:
    return (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, float) and math.isnan(value))
    )


def _plain(value: Any) -> Any:
    """Return a cell as Python has it, None where it is missing, arrays and tuples as lists."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if getattr(value, "shape", None) == ():
        value = np.asarray(value).item()
    if _is_missing(value):
        return None
    if _is_nested(value):
        items = value if isinstance(value, list | tuple) else np.asarray(value).tolist()
        return [_plain(item) for item in items]
    return value

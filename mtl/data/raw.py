"""A column's values as a model's raw inputs: strings, floats or whole numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from mtl.errors import DataError

MISSING_NUMBER = np.iinfo(np.int64).min
MISSING_WORDS = ("", "na", "n/a", "nan", "null", "none", "?")


def bad_value(column: str, row: int, value: object, expected: str) -> DataError:
    """Return the error about one cell; rows count from 1, without the header."""
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    return DataError(f"Row {row + 1} of column {column!r} holds {shown}. {expected}")


def is_text(series: pl.Series) -> bool:
    """Return whether a column holds strings."""
    return series.dtype == pl.String


def is_empty(column: pl.Series) -> pl.Series:
    """Return for each row whether it has no value: null, or a text of white space."""
    empty = column.is_null()
    if column.dtype == pl.String:
        empty |= column.str.strip_chars().fill_null("") == ""
    return empty


def to_text(series: pl.Series, time_spelling: str = "%Y-%m-%d %H:%M:%S") -> pl.Series:
    """Return a column as strings, each value spelt by itself; nulls stay.

    Args:
        series: Strings, numbers, booleans (`true` and `false`), dates or times; a float without a
            fraction reads as a whole number.
        time_spelling: How dates and times are spelt, in UTC.
    """
    if series.dtype.is_temporal():
        if isinstance(series.dtype, pl.Datetime) and series.dtype.time_zone:
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        if series.dtype == pl.Date:
            series = series.cast(pl.Datetime)
        return series.dt.strftime(time_spelling)
    if series.dtype.is_float():
        series = series.fill_nan(None)
        whole = series.set(series != series.floor(), None).cast(pl.Int64, strict=False)
        return whole.cast(pl.String).zip_with(whole.is_not_null(), series.cast(pl.String))
    return series.cast(pl.String)


def to_strings(series: pl.Series) -> np.ndarray:
    """Return a column as an object array of strings, `""` where missing, shape `(rows,)`."""
    return to_text(series).fill_null("").to_numpy().astype(object)


def to_numbers(series: pl.Series) -> pl.Series:
    """Return a column as polars' Int64 or Float64, null where missing.

    Strings count as the numbers that they spell; `""`, `NA`, `N/A`, `NaN`, `null`, `None` and `?`
    in any case count as missing.

    Raises:
        DataError: A value is no number; the row, the column and the value are named.
    """
    if series.dtype.is_integer():
        return series
    if series.dtype == pl.Boolean:
        return series.cast(pl.Int64)
    if is_text(series):
        series = series.str.strip_chars()
        missing = series.str.to_lowercase().is_in(list(MISSING_WORDS)) | series.is_null()
        whole = series.cast(pl.Int64, strict=False)
        if (whole.is_not_null() | missing).all():
            return whole
        numbers = series.cast(pl.Float64, strict=False)
        _refuse(series, (numbers.is_null() & ~missing), "Expected a number, or nothing.")
        return numbers.fill_nan(None)
    if series.dtype.is_float() or series.dtype.is_decimal() or series.dtype == pl.Null:
        return series.cast(pl.Float64).fill_nan(None)
    raise DataError(
        f"Column {series.name!r} holds values of type {series.dtype}. Expected numbers: give the "
        "column the kind that fits it in data.columns."
    )


def to_floats(series: pl.Series) -> np.ndarray:
    """Return a column as float64, NaN where missing, shape `(rows,)`.

    Raises:
        DataError: A value is no number, or infinite in float32.
    """
    numbers = to_numbers(series).cast(pl.Float64)
    values = numbers.fill_null(np.nan).to_numpy()
    with np.errstate(over="ignore"):
        infinite = np.flatnonzero(np.isinf(values.astype(np.float32)))
    if len(infinite):
        raise bad_value(
            series.name,
            infinite[0],
            numbers[int(infinite[0])],
            "Expected a finite number (below 3.4e38), or nothing where it is unknown.",
        )
    return values


def to_integers(series: pl.Series) -> np.ndarray:
    """Return a column as int64, the least int64 where missing, shape `(rows,)`.

    Raises:
        DataError: A value is no whole number.
    """
    numbers = to_numbers(series)
    if numbers.dtype.is_float():
        _refuse(series, (numbers != numbers.floor()).fill_null(value=False), _WHOLE)
    values = numbers.cast(pl.Int64, strict=False)
    _refuse(series, values.is_null() & numbers.is_not_null(), _WHOLE)
    return values.fill_null(MISSING_NUMBER).to_numpy()


_WHOLE = "Expected a whole number, as in the training rows, or nothing."


def _refuse(series: pl.Series, wrong: pl.Series, expected: str) -> None:
    rows = wrong.arg_true()
    if len(rows):
        more = f" {len(rows)} values of the column are wrong." if len(rows) > 1 else ""
        raise bad_value(series.name, rows[0], series[rows[0]], expected + more)


RAW: dict[str, Callable[[pl.Series], np.ndarray]] = {
    "string": to_strings,
    "float64": to_floats,
    "int64": to_integers,
}

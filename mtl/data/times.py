"""A column of times as numbers that can be compared."""

from __future__ import annotations

import numpy as np
import polars as pl
import tensorflow as tf

from mtl.data.raw import bad_value, to_strings
from mtl.errors import DataError
from mtl.layers.timestamps import TimeFormat, parse_times


def seconds_since_1970(series: pl.Series, time_format: str | None = None) -> np.ndarray:
    """Return times in seconds since 1970-01-01 00:00 UTC, NaN where missing, shape `(rows,)`.

    Args:
        series: Strings, or polars' dates and times.
        time_format: How strings spell them, as for `strptime`; None for ISO.

    Raises:
        DataError: A string is no such time, with its row; or the column holds something else.
    """
    if series.dtype in (pl.Date, pl.Datetime):
        times = series.cast(pl.Datetime("us")).dt.epoch("us")
        return times.cast(pl.Float64).fill_null(np.nan).to_numpy() / 1e6
    if series.dtype not in (pl.String, pl.Null):
        raise DataError(
            f"Column {series.name!r} holds values of type {series.dtype}. Expected times: strings "
            "such as '2016-02-24 18:30:05', or dates."
        )
    text = to_strings(series)
    seconds, valid = parse_times(tf.constant(text, tf.string), TimeFormat.of(time_format))
    missing = np.char.strip(text.astype(str)) == ""
    wrong = np.flatnonzero(~valid.numpy() & ~missing)
    if len(wrong):
        spelling = repr(time_format) if time_format else "ISO, such as '2016-02-24 18:30:05'"
        expected = (
            f"Expected a time in the format {spelling}, or nothing; {len(wrong)} values of the "
            f"column are none. The format is set at data.columns.{series.name}.format."
        )
        raise bad_value(series.name, wrong[0], series[int(wrong[0])], expected)
    return np.where(missing, np.nan, seconds.numpy().astype(np.float64))

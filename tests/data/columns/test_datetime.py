import math
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from mtl.data.columns.datetime import Datetime
from mtl.errors import DataError

TIMES = pl.Series("at", ["2016-02-24 18:30:05", None, ""])


def _features(column, values):
    raw = column.raw(values, "string")
    (layer,) = column.fit(values, None).layers
    return np.asarray(layer(raw))


def test_gives_sine_and_cosine_and_zeros_where_missing():
    turn = 2 * math.pi * 18 / 24
    expected = [[math.sin(turn), math.cos(turn)], [0, 0], [0, 0]]
    np.testing.assert_allclose(_features(Datetime(features=["hour"]), TIMES), expected, atol=1e-6)


def test_columns_of_dates_and_times_give_the_same_as_text():
    moments = [datetime(2016, 2, 24, 18, 30, 5), None, datetime(1999, 12, 31, 23)]  # noqa: DTZ001
    text = pl.Series("at", ["2016-02-24 18:30:05", None, "1999-12-31 23:00:00"])
    column = Datetime(features=["hour", "weekday", "day_of_year"])
    expected = _features(column, text)
    aware = pl.Series("at", moments).dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo")
    for typed in (
        pl.Series("at", moments),
        pl.Series("at", moments, dtype=pl.Datetime("ns")),
        aware,
    ):
        np.testing.assert_array_equal(_features(column, typed), expected)
    days = pl.Series("at", ["2016-02-24"])
    np.testing.assert_array_equal(_features(column, days.str.to_date()), _features(column, days))


def test_typed_times_go_with_a_format():
    column = Datetime(format="%d/%m/%Y %H:%M %z")
    moments = pl.Series("at", [datetime(2016, 2, 24, 18, 30, tzinfo=UTC)])
    assert column.raw(moments, "string").tolist() == ["24/02/2016 18:30 +0000"]
    assert _features(column, moments).any()


def test_names_the_row_of_no_time():
    with pytest.raises(DataError, match=r"Row 3 of column 'at' holds '24.02.2016'. .*2 values"):
        Datetime().check(pl.Series("at", ["2016-02-24", None, "24.02.2016", "now"]))


def test_refuses_numbers():
    with pytest.raises(DataError, match="Int64"):
        Datetime().check(pl.Series("at", [1456338605]))


def test_refuses_a_column_without_values():
    with pytest.raises(DataError, match="'at' is empty in all 2"):
        Datetime().fit(pl.Series("at", [None, ""]), None)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"features": []}, "features"),
        ({"features": ["minute"]}, "features"),
        ({"features": ["hour", "hour"]}, "features"),
        ({"features": "hour"}, "features"),
        ({"format": "%H:%M"}, "format"),
    ],
)
def test_names_options_out_of_range(options, wrong):
    assert [name for name, _ in Datetime(**options).wrong_options()] == [wrong]

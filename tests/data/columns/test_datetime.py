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


@pytest.mark.parametrize("spelling", ["%d/%m/%Y", "%d/%m/%Y %H:%M %z", "%Y-%d-%m %H:%M:%S"])
def test_typed_times_are_read_whole_whatever_the_format_of_strings(spelling):
    features = ["hour", "weekday", "day_of_year"]
    moments = pl.Series("at", [datetime(2016, 2, 3, 18, 30, tzinfo=UTC), None])
    column = Datetime(features=features, format=spelling)
    expected = _features(Datetime(features=features), moments)
    np.testing.assert_array_equal(_features(column, moments), expected)


def test_strings_and_typed_times_may_take_turns():
    column = Datetime(features=["day_of_year"], format="%d/%m/%Y")
    strings = pl.Series("at", ["24/02/2016", "2016-02-24", None])
    (layer,) = column.fit(pl.Series("at", [datetime(2016, 2, 24, 18, tzinfo=UTC)]), None).layers
    read = np.asarray(layer(column.raw(strings, "string")))
    np.testing.assert_array_equal(read[0], _features(column, strings.head(1))[0])
    np.testing.assert_array_equal(read[1:], np.zeros((2, 2)))


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

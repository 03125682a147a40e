from datetime import UTC, datetime

import numpy as np
import pytest
import tensorflow as tf

from mtl.errors import DataError
from mtl.layers.timestamps import TimeFormat, parse_times


def _parse(text, time_format=None):
    seconds, valid = parse_times(tf.constant(text), TimeFormat.of(time_format))
    return [int(s) if v else None for s, v in zip(seconds.numpy(), valid.numpy(), strict=True)]


def _seconds(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp())


def test_reads_iso():
    times = [
        "2016-02-24 18:30:05",
        "2016-02-24T18:30",
        " 2016-02-24 ",
        "2016-02-24T18:30:05.25Z",
        "2016-02-24T18:30:05+01:30",
        "2016-02-24 00:30:00 -0100",
        "1969-12-31 23:59:59",
    ]
    assert _parse(times) == [
        _seconds(2016, 2, 24, 18, 30, 5),
        _seconds(2016, 2, 24, 18, 30),
        _seconds(2016, 2, 24),
        _seconds(2016, 2, 24, 18, 30, 5),
        _seconds(2016, 2, 24, 17, 0, 5),
        _seconds(2016, 2, 24, 1, 30),
        -1,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2016-02-30",
        "2015-02-29 10:00",
        "2016-13-01",
        "2016-00-10",
        "2016-02-24 24:00",
        "2016-02-24 10:60",
        "24.02.2016",
        "2016-02-24 18:30, or later",
        ",,,,,,,",
    ],
)
def test_refuses_what_is_no_time(text):
    assert _parse([text]) == [None]


@pytest.mark.parametrize(
    ("time_format", "text"),
    [
        ("%d.%m.%Y %H:%M", "24.02.2016 18:30"),
        ("%m/%d/%y %I:%M %p", "02/24/16 06:30 PM"),
        ("%a %b %d %H:%M:%S %z %Y", "Wed Feb 24 19:30:00 +0100 2016"),
        ("%d %B %Y, %T", "24 february 2016, 18:30:00"),
        ("%FT%R", "2016-02-24T18:30"),
        ("(%Y) %m+%d [%H.%M]", "(2016) 02+24 [18.30]"),
        ("%Y%m%d%H%M%S.%f", "20160224183000.123"),
    ],
)
def test_reads_a_format_as_strptime_does(time_format, text):
    assert _parse([text], time_format) == [_seconds(2016, 2, 24, 18, 30)]
    assert _parse(["2016-2-24 x"], time_format) == [None]


def test_knows_noon_midnight_and_two_digit_years():
    found = _parse(["01/01/69 12:00 am", "01/01/68 12:00 pm", "01/01/68 13:00 pm"], "%D %I:%M %p")
    assert found == [_seconds(1969, 1, 1), _seconds(2068, 1, 1, 12), None]


@pytest.mark.parametrize(
    ("time_format", "message"),
    [
        ("%Y-%m", "has no day"),
        ("%Y-%m-%d %q", "'%q' in the time format"),
        ("%Y-%m-%d %b", "has a part twice"),
        ("%Y-%m-%d %", "'%' in the time format"),
    ],
)
def test_refuses_a_format_that_it_cannot_read(time_format, message):
    with pytest.raises(DataError, match=message):
        TimeFormat.of(time_format)


def test_works_in_a_graph_on_an_empty_batch():
    compiled = tf.function(lambda text: parse_times(text, TimeFormat.of(None)))
    assert np.asarray(compiled(tf.constant([], tf.string))[0]).shape == (0,)

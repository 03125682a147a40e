from datetime import date

import numpy as np
import tensorflow as tf

from mtl.layers.calendar import days_from_civil, days_in_month, year_from_days, year_start

DAYS = np.arange(-60_000, 60_000, 7)
DATES = [date.fromordinal(int(day) + date(1970, 1, 1).toordinal()) for day in DAYS]


def _tensor(values):
    return tf.constant(list(values), tf.int64)


def test_agrees_with_python_on_three_centuries():
    days = days_from_civil(
        _tensor(d.year for d in DATES),
        _tensor(d.month for d in DATES),
        _tensor(d.day for d in DATES),
    )
    np.testing.assert_array_equal(days, DAYS)
    np.testing.assert_array_equal(year_from_days(_tensor(DAYS)), [d.year for d in DATES])


def test_months_have_their_lengths():
    years, months = _tensor([2015, 2016, 1900, 2000, 2016]), _tensor([2, 2, 2, 2, 12])
    np.testing.assert_array_equal(days_in_month(years, months), [28, 29, 28, 29, 31])


def test_years_begin_on_the_first_of_january():
    expected = [(date(year, 1, 1) - date(1970, 1, 1)).days for year in (1968, 1970, 2016)]
    np.testing.assert_array_equal(year_start(_tensor([1968, 1970, 2016])), expected)

"""Arithmetic of the civil (proleptic Gregorian) calendar on whole tensors of int64.

Source: H. Hinnant, chrono-compatible low-level date algorithms.
"""

from __future__ import annotations

import tensorflow as tf

SECONDS_A_DAY = 86_400
_DAYS_AN_ERA = 146_097
_EPOCH = 719_468


def days_from_civil(year: tf.Tensor, month: tf.Tensor, day: tf.Tensor) -> tf.Tensor:
    """Return the days from 1970-01-01 to a date; `month` runs from 1 to 12."""
    year = year - tf.cast(month <= 2, tf.int64)
    era = year // 400
    year_of_era = year - era * 400
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * _DAYS_AN_ERA + day_of_era - _EPOCH


def year_from_days(days: tf.Tensor) -> tf.Tensor:
    """Return the year that holds the day that is `days` after 1970-01-01."""
    shifted = days + _EPOCH
    era = shifted // _DAYS_AN_ERA
    day_of_era = shifted - era * _DAYS_AN_ERA
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    january_or_february = tf.cast(day_of_year >= 306, tf.int64)
    return year_of_era + era * 400 + january_or_february


def year_start(year: tf.Tensor) -> tf.Tensor:
    """Return the days from 1970-01-01 to the first of January of a year."""
    return days_from_civil(year, tf.ones_like(year), tf.ones_like(year))


def days_in_month(year: tf.Tensor, month: tf.Tensor) -> tf.Tensor:
    """Return how many days a month has, from 28 to 31."""
    first = tf.ones_like(month)
    following = days_from_civil(year + month // 12, month % 12 + 1, first)
    return following - days_from_civil(year, month, first)

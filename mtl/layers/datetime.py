"""Times as points on circles: hour of the day, day of the week, day of the year."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from mtl.layers.calendar import SECONDS_A_DAY, year_from_days, year_start
from mtl.layers.timestamps import ISO_IN_UTC, TimeFormat, parse_times

FEATURES = ("hour", "weekday", "day_of_year")


@keras.saving.register_keras_serializable(package="mtl")
class DatetimeFeatures(keras.layers.Layer):
    """Reads times from strings and gives each feature as a sine and a cosine.

    With k the whole hour (0 to 23), the weekday (Monday is 0) or the day of the year (from 0), and
    n the 24, 7 or 365 or 366 of a cycle:

        sin(2π k / n), cos(2π k / n)

    A string that is empty or no time gives zeros, which no time gives.

    Args:
        features: Which ones, in this order: `hour`, `weekday`, `day_of_year`.
        format: As for `strptime`; None for ISO (`2016-02-24 18:30:05`). Times are UTC unless they
            carry an offset. `2016-02-24T18:30:05Z` is read whatever the format.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: `(batch,)`, strings.
    Output shape: `(batch, 2 × features)`.

    Example:
        >>> DatetimeFeatures(["hour"])(tf.constant(["2016-02-24 06:00"]))
        <tf.Tensor: shape=(1, 2), dtype=float32, numpy=array([[1., 0.]], dtype=float32)>
    """

    def __init__(
        self,
        features: Sequence[str] = ("hour", "weekday"),
        format: str | None = None,  # noqa: A002 the option's name in a config
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        unknown = [feature for feature in features if feature not in FEATURES]
        if unknown or not features:
            raise ValueError(f"Expected features out of {FEATURES}. Received: features={features}")
        self.features = list(features)
        self.format = format
        self._spellings = [TimeFormat.of(format)]
        if format is not None:
            self._spellings.append(TimeFormat.of(ISO_IN_UTC))

    def call(self, text: Any) -> Any:
        """Return the features of each time."""
        seconds, valid = parse_times(text, self._spellings[0])
        for spelling in self._spellings[1:]:
            others, also = parse_times(text, spelling)
            seconds, valid = tf.where(valid, seconds, others), valid | also
        seconds = tf.where(valid, seconds, 0)
        columns = []
        for feature in self.features:
            angle = 2 * math.pi * _turn(feature, seconds)
            columns += [tf.sin(angle), tf.cos(angle)]
        stacked = tf.cast(tf.stack(columns, axis=1), self.compute_dtype)
        return tf.where(valid[:, tf.newaxis], stacked, tf.zeros_like(stacked))

    def compute_output_spec(self, text: Any) -> keras.KerasTensor:
        """Return the shape `(batch, 2 × features)`."""
        return keras.KerasTensor((text.shape[0], 2 * len(self.features)), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "features": self.features, "format": self.format}


def _turn(feature: str, seconds: tf.Tensor) -> tf.Tensor:
    """Return how much of its cycle has passed, from 0 to below 1, in float64."""
    days = seconds // SECONDS_A_DAY
    if feature == "hour":
        passed, cycle = seconds % SECONDS_A_DAY // 3600, tf.constant(24, tf.int64)
    elif feature == "weekday":
        passed, cycle = (days + 3) % 7, tf.constant(7, tf.int64)
    else:
        year = year_from_days(days)
        passed = days - year_start(year)
        cycle = year_start(year + 1) - year_start(year)
    return tf.cast(passed, tf.float64) / tf.cast(cycle, tf.float64)

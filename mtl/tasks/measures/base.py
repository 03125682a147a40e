"""What the metrics have in common."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtl.tasks.masking import masked


class Measure(keras.metrics.Metric):
    """A Keras metric over labelled examples: a label of NaN has no part in it.

    Updates work in graphs, under XLA and for batches of any length; counts are float32. A measure
    of nothing (no labelled example, or no example of one of two classes where both are needed) is
    NaN.

    Args:
        exclusive: Whether labels are class numbers of shape `(batch,)`; otherwise they are shaped
            like the predictions.
        units: Width of the predictions.
        name: The metric's name.
        dtype: As in `keras.metrics.Metric`.
    """

    def __init__(
        self,
        *,
        exclusive: bool = False,
        units: int = 1,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.exclusive = exclusive
        self.units = units

    def update_state(
        self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None
    ) -> None:
        """Take in a batch.

        Args:
            y_true: Labels, shape `(batch,)` or `(batch, units)`; NaN where one is missing.
            y_pred: Predictions, shape `(batch, units)`, or `(batch,)` for one unit.
            sample_weight: Shape `(batch,)` or `(batch, units)`; 1 by default.
        """
        self.accumulate(*masked(y_true, y_pred, sample_weight, exclusive=self.exclusive))

    def accumulate(self, labels: tf.Tensor, predictions: tf.Tensor, weights: tf.Tensor) -> None:
        """Take in a batch without NaN; see `mtl.tasks.masking.Masked`."""
        raise NotImplementedError

    def one_column_a_class(
        self, labels: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return labels of 0 and 1 and weights, each of shape `(batch, units)`."""
        if not self.exclusive:
            return labels, weights
        one_hot = tf.one_hot(tf.cast(labels[:, 0], tf.int32), self.units)
        return one_hot, tf.broadcast_to(weights, tf.shape(one_hot))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "exclusive": self.exclusive, "units": self.units}


def mean_of_defined(values: tf.Tensor) -> tf.Tensor:
    """Return the mean of the numbers that are not NaN, or NaN if none is."""
    defined = tf.logical_not(tf.math.is_nan(values))
    count = tf.reduce_sum(tf.cast(defined, values.dtype))
    return tf.reduce_sum(tf.where(defined, values, tf.zeros_like(values))) / count

"""A plugin's metric, given labelled examples only."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtl.errors import MtlError
from mtl.tasks.measures.base import Measure
from mtl.tasks.registered import registered_metrics


@keras.saving.register_keras_serializable(package="mtl")
class PluginMeasure(Measure):
    """Hands batches to a registered Keras metric: missing labels become 0 with sample weight 0.

    Labels and predictions come as `(labels, 1)`, all columns below each other. For exclusive
    classes both are `(batch, units)`, the labels one-hot, or, if the metric's name begins with
    `Sparse`, class numbers of shape `(batch, 1)`.

    Args:
        metric: The registered name.
        parameters: The metric's parameters.
        settings: See `Measure`.
    """

    def __init__(
        self, *, metric: str, parameters: dict[str, Any] | None = None, **settings: Any
    ) -> None:
        super().__init__(**settings)
        self.metric, self.parameters = metric, dict(parameters or {})
        try:
            self.inner = registered_metrics()[metric](**self.parameters)
        except (TypeError, ValueError) as error:
            raise MtlError(f"The metric {metric!r} refuses its parameters: {error}") from error
        self._class_numbers = metric.rpartition(">")[2].lower().startswith("sparse")
        self.weight = self.add_variable((), "zeros", name="weight")

    def accumulate(self, labels: tf.Tensor, predictions: tf.Tensor, weights: tf.Tensor) -> None:
        """Update the plugin's metric."""
        self.weight.assign_add(tf.reduce_sum(weights))
        if self.exclusive and not self._class_numbers:
            labels, _ = self.one_column_a_class(labels, weights)
        elif not self.exclusive:
            labels, predictions = tf.reshape(labels, [-1, 1]), tf.reshape(predictions, [-1, 1])
        self.inner.update_state(labels, predictions, sample_weight=tf.reshape(weights, [-1]))

    def result(self) -> tf.Tensor:
        """Return what the plugin's metric returns; NaN without any labelled example."""
        value = tf.cast(self.inner.result(), tf.float32)
        return tf.where(tf.convert_to_tensor(self.weight) > 0, value, tf.constant(float("nan")))

    def reset_state(self) -> None:
        """Forget everything."""
        self.weight.assign(0.0)
        self.inner.reset_state()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        own = {"metric": self.metric, "parameters": self.parameters}
        return {**super().get_config(), **own}

"""Means over labels: accuracy, the losses as metrics, and RMSE."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtl.tasks.losses import TaskLoss
from mtl.tasks.measures.base import Measure
from mtl.tasks.options import Choice


class MeanMeasure(Measure):
    """The weighted mean of a number that each label has."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.total = self.add_variable((), "zeros", name="total")
        self.weight = self.add_variable((), "zeros", name="weight")

    def accumulate(self, labels: tf.Tensor, predictions: tf.Tensor, weights: tf.Tensor) -> None:
        """Add the batch's numbers and weights."""
        self.total.assign_add(tf.reduce_sum(self.each(labels, predictions) * weights))
        self.weight.assign_add(tf.reduce_sum(weights))

    def each(self, labels: tf.Tensor, predictions: tf.Tensor) -> tf.Tensor:
        """Return the number of each label, shape `(batch, columns)`."""
        raise NotImplementedError

    def result(self) -> tf.Tensor:
        """Return the mean."""
        return tf.convert_to_tensor(self.total) / tf.convert_to_tensor(self.weight)


@keras.saving.register_keras_serializable(package="mtl")
class Accuracy(MeanMeasure):
    """How many labels are predicted: the likeliest class, or a probability above `threshold`.

    For several labels each label of each example counts by itself.
    """

    def __init__(self, *, threshold: float = 0.5, **settings: Any) -> None:
        super().__init__(**settings)
        self.threshold = threshold

    def each(self, labels: tf.Tensor, predictions: tf.Tensor) -> tf.Tensor:
        """Return 1 where the prediction is right and 0 where not."""
        if self.exclusive:
            likeliest = tf.argmax(predictions, axis=1)[:, None]
            return tf.cast(tf.equal(tf.cast(likeliest, tf.float32), labels), tf.float32)
        return tf.cast(tf.equal(predictions > self.threshold, labels > 0.5), tf.float32)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "threshold": self.threshold}


@keras.saving.register_keras_serializable(package="mtl")
class TopKAccuracy(MeanMeasure):
    """How many labels are among the `k` likeliest classes; ties count for the label."""

    def __init__(self, *, k: int = 5, **settings: Any) -> None:
        super().__init__(**settings)
        self.k = k

    def each(self, labels: tf.Tensor, predictions: tf.Tensor) -> tf.Tensor:
        """Return 1 where fewer than `k` classes are likelier than the label and 0 elsewhere."""
        classes = tf.cast(labels, tf.int32)
        own = tf.gather(predictions, classes, axis=1, batch_dims=1)
        likelier = tf.reduce_sum(tf.cast(predictions > own, tf.int32), axis=1, keepdims=True)
        found = tf.logical_and(likelier < self.k, tf.math.is_finite(own))
        return tf.cast(found, tf.float32)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "k": self.k}


@keras.saving.register_keras_serializable(package="mtl")
class LossMeasure(MeanMeasure):
    """The mean of a loss, by the loss's name.

    Args:
        loss: A loss, no alias: `mean_absolute_error`.
        parameters: The loss's parameters.
        settings: See `Measure`.
    """

    def __init__(
        self, *, loss: str, parameters: dict[str, Any] | None = None, **settings: Any
    ) -> None:
        super().__init__(**settings)
        self.loss, self.parameters = loss, dict(parameters or {})
        self._loss = TaskLoss(Choice(loss, self.parameters), exclusive=self.exclusive)

    def each(self, labels: tf.Tensor, predictions: tf.Tensor) -> tf.Tensor:
        """Return the loss of each label."""
        return self._loss.each(labels, predictions)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "loss": self.loss, "parameters": self.parameters}


@keras.saving.register_keras_serializable(package="mtl")
class RootMeanSquaredError(MeanMeasure):
    """√(Σ w (y - p)² / Σ w), over all columns together."""

    def each(self, labels: tf.Tensor, predictions: tf.Tensor) -> tf.Tensor:
        """Return each squared error."""
        return tf.square(labels - predictions)

    def result(self) -> tf.Tensor:
        """Return the root of the mean."""
        return tf.sqrt(super().result())

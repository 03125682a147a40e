"""The coefficient of determination."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtl.tasks.measures.base import Measure, mean_of_defined


@keras.saving.register_keras_serializable(package="mtl")
class R2(Measure):
    """1 - Σ w (y - p)² / Σ w (y - ȳ)², the mean over the columns whose labels vary.

    Means and squared deviations are merged block by block (Chan, Golub and LeVeque, 1979), which
    keeps them exact where labels are large beside their variation.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        shape = (self.units,)
        self.weight = self.add_variable(shape, "zeros", name="weight")
        self.mean = self.add_variable(shape, "zeros", name="mean")
        self.deviations = self.add_variable(shape, "zeros", name="deviations")
        self.errors = self.add_variable(shape, "zeros", name="errors")

    def accumulate(self, labels: tf.Tensor, predictions: tf.Tensor, weights: tf.Tensor) -> None:
        """Merge the batch's mean, squared deviations and squared errors."""
        added = tf.reduce_sum(weights, axis=0)
        mean = tf.math.divide_no_nan(tf.reduce_sum(labels * weights, axis=0), added)
        deviations = tf.reduce_sum(weights * tf.square(labels - mean), axis=0)
        before = tf.convert_to_tensor(self.weight)
        difference = mean - tf.convert_to_tensor(self.mean)
        share = tf.math.divide_no_nan(added, before + added)
        self.deviations.assign_add(deviations + tf.square(difference) * before * share)
        self.mean.assign_add(difference * share)
        self.weight.assign_add(added)
        self.errors.assign_add(tf.reduce_sum(weights * tf.square(labels - predictions), axis=0))

    def result(self) -> tf.Tensor:
        """Return the mean over columns."""
        deviations, errors = map(tf.convert_to_tensor, (self.deviations, self.errors))
        undefined = tf.fill(tf.shape(errors), float("nan"))
        return mean_of_defined(tf.where(deviations > 0, 1 - errors / deviations, undefined))

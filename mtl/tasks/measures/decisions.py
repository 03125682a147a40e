"""Precision, recall and F1 of decisions."""

from __future__ import annotations

from typing import Any, ClassVar

import keras
import tensorflow as tf

from mtl.tasks.measures.base import Measure, mean_of_defined


class DecisionMeasure(Measure):
    """Counts what was decided and what is true, for each class or label by itself.

    A class is decided if it is the likeliest; a label if its probability exceeds `threshold`. The
    result is that of the positive class for one unit, else the unweighted mean over the classes
    that occur among labels or decisions. A class that was never decided has precision 0, one that
    never occurs recall 0.

    Attributes:
        share: The part of what was decided in the denominator of the result; the rest of it is
            what is true: hits / (share · decided + (1 - share) · actual).
    """

    share: ClassVar[float]

    def __init__(self, *, threshold: float = 0.5, **settings: Any) -> None:
        super().__init__(**settings)
        self.threshold = threshold
        shape = (self.units,)
        self.hits = self.add_variable(shape, "zeros", name="hits")
        self.decided = self.add_variable(shape, "zeros", name="decided")
        self.actual = self.add_variable(shape, "zeros", name="actual")
        self.weight = self.add_variable((), "zeros", name="weight")

    def accumulate(self, labels: tf.Tensor, predictions: tf.Tensor, weights: tf.Tensor) -> None:
        """Add the batch's counts."""
        self.weight.assign_add(tf.reduce_sum(weights))
        labels, weights = self.one_column_a_class(labels, weights)
        if self.exclusive:
            decisions = tf.one_hot(tf.argmax(predictions, axis=1), self.units)
        else:
            decisions = tf.cast(predictions > self.threshold, tf.float32)
        self.hits.assign_add(tf.reduce_sum(labels * decisions * weights, axis=0))
        self.decided.assign_add(tf.reduce_sum(decisions * weights, axis=0))
        self.actual.assign_add(tf.reduce_sum(labels * weights, axis=0))

    def result(self) -> tf.Tensor:
        """Return the mean over classes."""
        hits, decided, actual = map(tf.convert_to_tensor, (self.hits, self.decided, self.actual))
        ratios = tf.math.divide_no_nan(hits, self.share * decided + (1 - self.share) * actual)
        if self.units == 1:
            seen = tf.convert_to_tensor(self.weight) > 0
            return tf.where(seen, ratios[0], tf.constant(float("nan")))
        return mean_of_defined(tf.where(decided + actual > 0, ratios, tf.constant(float("nan"))))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "threshold": self.threshold}


@keras.saving.register_keras_serializable(package="mtl")
class Precision(DecisionMeasure):
    """How much of what was decided is true."""

    share = 1.0


@keras.saving.register_keras_serializable(package="mtl")
class Recall(DecisionMeasure):
    """How much of what is true was decided."""

    share = 0.0


@keras.saving.register_keras_serializable(package="mtl")
class F1(DecisionMeasure):
    """The harmonic mean of precision and recall: 2 hits / (decided + actual)."""

    share = 0.5

"""Areas under curves, from histograms of the predictions."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtl.tasks.measures.base import Measure, mean_of_defined

_LIMIT = 17.0


class ScoreHistogram(Measure):
    """Counts positive and negative labels by predicted probability, for each class by itself.

    The bins have equal width in log(p / (1 - p)), so that probabilities that all lie close
    together, as early in training, or close to 0, as for rare classes, are still told apart. For
    one unit a bin is 0.0005 wide; probabilities in one bin count as equal.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.bins = max(65536 // self.units, 4096)
        shape = (self.units * self.bins,)
        self.positive = self.add_variable(shape, "zeros", name="positive")
        self.negative = self.add_variable(shape, "zeros", name="negative")

    def accumulate(self, labels: tf.Tensor, predictions: tf.Tensor, weights: tf.Tensor) -> None:
        """Add the batch's weights to the bins of its predictions."""
        labels, weights = self.one_column_a_class(labels, weights)
        score = tf.math.log(predictions) - tf.math.log1p(-predictions)
        score = tf.clip_by_value(score, -_LIMIT, _LIMIT)
        fraction = (score / _LIMIT + 1) / 2
        bins = tf.minimum(tf.cast(fraction * self.bins, tf.int32), self.bins - 1)
        bins = tf.maximum(bins, 0) + self.bins * tf.range(self.units)[None, :]
        flat, count = tf.reshape(bins, [-1]), self.units * self.bins
        for counts, weight in ((self.positive, labels), (self.negative, 1 - labels)):
            added = tf.math.unsorted_segment_sum(tf.reshape(weight * weights, [-1]), flat, count)
            counts.assign_add(added)

    def counts(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Return positive and negative weight by class and bin, the likeliest bin first."""
        shape = [self.units, self.bins]
        positive = tf.reshape(tf.convert_to_tensor(self.positive), shape)
        negative = tf.reshape(tf.convert_to_tensor(self.negative), shape)
        return positive[:, ::-1], negative[:, ::-1]


@keras.saving.register_keras_serializable(package="mtl")
class AreaUnderCurve(ScoreHistogram):
    """Area under the receiver operating characteristic: P(positive's score > negative's).

    The mean over the classes or labels of which the data has both positive and negative examples.
    """

    def result(self) -> tf.Tensor:
        """Return the area."""
        positive, negative = self.counts()
        above = tf.cumsum(positive, axis=1, exclusive=True)
        wins = tf.reduce_sum(negative * (above + positive / 2), axis=1)
        pairs = tf.reduce_sum(positive, axis=1) * tf.reduce_sum(negative, axis=1)
        return mean_of_defined(wins / pairs)


@keras.saving.register_keras_serializable(package="mtl")
class AveragePrecision(ScoreHistogram):
    """Area under precision against recall, summed in steps: Σ (R_n - R_{n-1}) P_n.

    The mean over the classes or labels of which the data has positive examples.
    """

    def result(self) -> tf.Tensor:
        """Return the area."""
        positive, negative = self.counts()
        found = tf.cumsum(positive, axis=1)
        precision = tf.math.divide_no_nan(found, found + tf.cumsum(negative, axis=1))
        total = tf.reduce_sum(positive, axis=1)
        return mean_of_defined(tf.reduce_sum(positive * precision, axis=1) / total)

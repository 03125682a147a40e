"""The geometric mean of the losses."""

from __future__ import annotations

from typing import ClassVar

import tensorflow as tf

from mtl.balancing.base import LossBalancer, Normalise
from mtl.balancing.per_task import count_present
from mtl.registry import balancer

# Smaller losses count as this.
_SMALLEST = 1e-8


@balancer("geometric")
class Geometric(LossBalancer):
    """Minimises the geometric mean of the losses, which no loss's unit changes.

    Chennupati, Sistu, Yogamani and Rawashdeh, "MultiNet++: Multi-Stream Feature Aggregation and
    Geometric Loss Strategy for Multi-Task Learning", CVPR workshops 2019. Minimised is

        (Π_k ℓ_k)^(1/K),    with weights w_k = (Π_j ℓ_j)^(1/K) / (K ℓ_k),

    over the K tasks present. It is computed as exp(mean_k log ℓ_k), which neither overflows nor
    vanishes with many tasks. Equal losses have weights 1/K, `scale` mean. The tasks' weights in
    the config have no effect beyond a common factor.

    A departure, as the weight of a loss of 0 is infinite and all others' 0: a loss below 1e-8
    counts as 1e-8 and has weight 0. Losses are to be positive.
    """

    scale: ClassVar[Normalise] = "mean"

    def total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return the geometric mean over the tasks present."""
        kept = tf.maximum(tf.where(present, losses, 1.0), _SMALLEST)
        logarithms = tf.math.log(kept)
        return tf.exp(tf.math.divide_no_nan(tf.reduce_sum(logarithms), count_present(present)))

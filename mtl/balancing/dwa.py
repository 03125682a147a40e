"""More weight for the tasks whose losses fall slowly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from mtl.balancing.base import LossBalancer
from mtl.balancing.per_task import count_present, present_softmax
from mtl.errors import MtlError
from mtl.registry import balancer

# A loss that nearly reached 0 and rose again would else have a ratio that takes all weight.
_LARGEST_RATIO = 10.0


@balancer("dwa")
class DynamicWeightAverage(LossBalancer):
    """A task's weight grows with the ratio of its last two epochs' mean losses.

    Liu, Johns and Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019 (dynamic
    weight average). In epoch t, with L_k(t) the mean training loss of epoch t,

        w_k = K softmax_k(r / T),    r_k = L_k(t - 1) / L_k(t - 2),

    and w_k = 1 in the first two epochs. The weights sum to K, `scale` sum; with absent tasks K is
    the number of those present, among which the softmax is taken.

    Departures, as the ratio needs losses above 0: it counts as 1 where the earlier loss is not
    above 0, and it lies between 0 and 10. In an epoch without labels of a task its two last
    losses stay what they were.

    Args:
        weights: See `Balancer`.
        temperature: T, above 0, 2 as in the paper: the larger, the more equal the weights.
        **options: See `Balancer`.
    """

    def __init__(
        self, weights: Mapping[str, float], *, temperature: float = 2.0, **options: Any
    ) -> None:
        super().__init__(weights, **options)
        if not temperature > 0:
            raise MtlError(f"balancing.temperature={temperature}. Expected a number above 0.")
        self.temperature = temperature
        # 0 stands for a loss that is not known, and has the ratio of such a one.
        self.last = self.remember("last", np.zeros(len(self.names)))
        self.before_last = self.remember("before_last", np.zeros(len(self.names)))

    def epoch_ends(self, losses: np.ndarray) -> None:
        """Take in the epoch's mean losses."""
        seen = np.isfinite(losses)
        last, before_last = self.last.numpy(), self.before_last.numpy()
        self.before_last.assign(np.where(seen, last, before_last))
        self.last.assign(np.where(seen, losses, last))

    def total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return the sum of the losses times their weights."""
        losses = tf.where(present, losses, 0.0)
        last, before_last = self.last.value, self.before_last.value
        known = before_last > 0
        ratios = tf.where(known, last / tf.where(known, before_last, 1.0), 1.0)
        ratios = tf.clip_by_value(ratios, 0.0, _LARGEST_RATIO)
        weights = present_softmax(ratios / self.temperature, present) * count_present(present)
        return tf.reduce_sum(weights * losses)

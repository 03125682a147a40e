"""A weighted sum that keeps the losses close to the direction of the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import tensorflow as tf

from mtl.balancing.base import LossBalancer, Normalise
from mtl.balancing.per_task import preference_vector, present_share, present_softmax
from mtl.errors import MtlError
from mtl.registry import balancer

# All losses together count as at least this long where an angle is taken.
_SMALLEST = 1e-8
# Each is accepted with a probability above 0.95, so that none of these is in 1 of 10^10 draws.
_CANDIDATES = 8


@balancer("cosmos")
class Cosmos(LossBalancer):
    """Each step weights the losses by preferences drawn at random, and draws the losses to these.

    Ruchte and Grabocka, "Scalable Pareto Front Approximation for Deep Multi-Objective Learning",
    ICDM 2021. With preferences r ~ Dirichlet(α) of each step, minimised is

        Σ_k r_k ℓ_k - λ cos(r, ℓ),
        with weights w_k = r_k - λ (r_k / (‖r‖ ‖ℓ‖) - cos(r, ℓ) ℓ_k / ‖ℓ‖²).

    Weights may be negative. r sums to 1, `scale` mean; without a preference for the tasks present
    r is drawn for these alone. The draw depends on the seed and the number of the step alone.

    The method learns all trade-offs at once only if the model is told r, as a further input: the
    paper appends it to every example. `drawn` gives the r of the step. A model that is not told
    learns one compromise among all.

    A departure: where the losses together are shorter than 1e-8 they count as that long.

    Args:
        weights: See `Balancer`.
        penalty: λ, 0 or more, 1 by default: how strongly the losses are drawn to the direction of
            r. The authors take it from 0.01 to 8 by the data.
        concentration: α, above 0, 1 by default, where all r are equally likely: below 1 r prefers
            single tasks, above it equal weights.
        preferences: A number above 0 for each task, by name: r of every step, brought to a sum of
            1. None: drawn.
        **options: See `Balancer`.
    """

    scale: ClassVar[Normalise] = "mean"

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        penalty: float = 1.0,
        concentration: float = 1.0,
        preferences: Mapping[str, float] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(weights, **options)
        if not penalty >= 0:
            raise MtlError(f"balancing.penalty={penalty}. Expected a number of 0 or more.")
        if not concentration > 0:
            raise MtlError(f"balancing.concentration={concentration}. Expected a number above 0.")
        self.penalty = penalty
        self.concentration = concentration
        self._given = preferences is not None
        self._preferences = preference_vector(preferences, self.names)

    def drawn(self, present: tf.Tensor) -> tf.Tensor:
        """Return the preferences r of this step, 0 for absent tasks, shape `(K,)`."""
        if self._given:
            return present_share(self._preferences, present)
        return present_softmax(self._log_gammas(), present)

    def total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return the weighted sum less the cosine."""
        losses = tf.where(present, losses, 0.0)
        wanted = self.drawn(present)
        # The cosine is that of any multiple: of a size whose squares do not overflow.
        size = tf.stop_gradient(tf.maximum(tf.reduce_max(tf.abs(losses)), _SMALLEST))
        direction = losses / size
        square = tf.maximum(tf.reduce_sum(direction**2), 1.0)
        lengths = tf.sqrt(square) * tf.maximum(tf.norm(wanted), _SMALLEST)
        cosine = tf.reduce_sum(wanted * direction) / lengths
        return tf.reduce_sum(wanted * losses) - self.penalty * cosine

    def _log_gammas(self) -> tf.Tensor:
        """Return the logarithms of Gamma(α) numbers, shape `(K,)`.

        Their softmax has the Dirichlet distribution. TensorFlow's own gamma numbers cannot be
        compiled by XLA, and are 0 for small α. Marsaglia and Tsang, "A Simple Method for
        Generating Gamma Variables", 2000: for α + 1, then times u^(1/α).
        """
        shape = self.concentration + 1 - 1 / 3
        seed, step = tf.constant(self.seed, tf.int64), self.step.value
        tasks = len(self.names)
        normal = tf.random.stateless_normal([_CANDIDATES, tasks], tf.stack([seed, 2 * step]))
        uniform = 1 - tf.random.stateless_uniform(
            [_CANDIDATES + 1, tasks], tf.stack([seed, 2 * step + 1])
        )
        cubed = (1 + normal / math.sqrt(9 * shape)) ** 3
        possible = cubed > 0
        logarithm = tf.math.log(tf.where(possible, cubed, 1.0))
        bound = normal**2 / 2 + shape * (1 - cubed + logarithm)
        accepted = possible & (tf.math.log(uniform[1:]) < bound)
        first = tf.one_hot(tf.argmax(tf.cast(accepted, tf.int32)), _CANDIDATES, axis=0)
        chosen = tf.reduce_sum(first * logarithm, axis=0)
        return math.log(shape) + chosen + tf.math.log(uniform[0]) / self.concentration

"""Distance along a direction of preference, and distance from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import tensorflow as tf

from mtl.balancing.base import LossBalancer, Normalise
from mtl.balancing.per_task import ideal_point, preference_vector, present_share
from mtl.errors import MtlError
from mtl.registry import balancer

# Bounds the derivative of the root at a distance of 0; relative to the largest loss.
_SMALLEST = 1e-10
# The smallest normal float32: the unit where all losses are ideal.
_TINY = 1.2e-38


@balancer("pbi")
class PenaltyBoundaryIntersection(LossBalancer):
    """Minimises how far the losses lie along a direction, and how far away from it.

    Zhang and Li, "MOEA/D: A Multiobjective Evolutionary Algorithm Based on Decomposition", IEEE
    Transactions on Evolutionary Computation 2007 (penalty-based boundary intersection). With
    preferences λ, which sum to 1, and an ideal point z*, minimised is

        ‖λ‖ (d1 + θ d2),    d1 = (ℓ - z*) · λ / ‖λ‖,    d2 = ‖ℓ - z* - d1 λ / ‖λ‖‖,

    so w = λ + θ ‖λ‖ ∂d2/∂ℓ. On the direction itself, d2 = 0, the weights are λ. Weights of losses
    that are small for their preference may be negative.

    The factor ‖λ‖ is not the paper's: it makes the weights at d2 = 0 sum to 1, `scale` mean.
    Absent tasks are left out, and the preferences of the others are made to sum to 1.

    A departure: d2 is the root of its square plus 1e-10 times the square of the largest
    |ℓ_k - z*_k|, as the root has no derivative at 0.

    Args:
        weights: See `Balancer`.
        theta: θ, 0 or more, 5 as in the paper: what a distance from the direction costs.
        preferences: λ, a number above 0 for each task, by name, brought to a sum of 1; losses are
            drawn to be in these proportions. None: equal.
        ideal: z*, a number for each task, by name, below what its loss can reach. None: 0.
        **options: See `Balancer`.
    """

    scale: ClassVar[Normalise] = "mean"

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        theta: float = 5.0,
        preferences: Mapping[str, float] | None = None,
        ideal: Mapping[str, float] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(weights, **options)
        if not theta >= 0:
            raise MtlError(f"balancing.theta={theta}. Expected a number of 0 or more.")
        self.theta = theta
        self._preferences = preference_vector(preferences, self.names)
        self._ideal = ideal_point(ideal, self.names)

    def total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return the penalised distance over the tasks present."""
        distances = tf.where(present, losses - self._ideal, 0.0)
        # Everything grows with the losses alike: taken in a unit whose squares do not overflow.
        size = tf.maximum(tf.reduce_max(tf.abs(distances)), _TINY)
        size = tf.stop_gradient(size)
        distances /= size
        preferences = present_share(self._preferences, present)
        length = tf.norm(preferences)
        direction = tf.math.divide_no_nan(preferences, length)
        along = tf.reduce_sum(distances * direction)
        away = distances - along * direction
        penalty = self.theta * tf.sqrt(tf.reduce_sum(away**2) + _SMALLEST)
        return size * length * (along + penalty)

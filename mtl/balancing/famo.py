"""Weights that make all losses fall at the same rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from mtl.balancing.base import LossBalancer, Normalise
from mtl.balancing.per_task import ideal_point, present_softmax
from mtl.errors import MtlError
from mtl.registry import balancer

# Added to every loss before its logarithm is taken, as in the authors' code.
_SMALLEST = 1e-8
# Adam's usual ones, as in the authors' code.
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8


@balancer("famo")
class Famo(LossBalancer):
    """A task whose loss falls more slowly than the others' gets more weight.

    Liu, Feng, Stone and Liu, "FAMO: Fast Adaptive Multitask Optimization", NeurIPS 2023. With
    logits v, z = softmax(v), a lower bound b of the losses and D_k = ℓ_k - b_k + 1e-8, minimised
    is

        c Σ_k z_k log D_k,    c = 1 / Σ_k (z_k / D_k) taken as constant,

    so w_k = c z_k / D_k. The weights sum to 1, `scale` mean. After the update the losses ℓ' of the
    same batch are computed again, and v takes a step of Adam along

        J^T δ,    δ_k = log D_k - log D'_k,    J = ∂ softmax(v) / ∂ v,

    with the decay γ v added to it, as in the authors' code (in the paper's algorithm a plain step).
    Adam's moments and count of steps are each task's own, so that they stand still while it is
    absent; z and δ are taken over the tasks present.

    Departures: a loss below b counts as b and has weight 0, as its logarithm does not exist. The
    authors' code clips the norm of the shared gradient to 1; here that is the optimizer's
    `global_clipnorm`. By the formula a task whose loss reaches b gets nearly all of the weight.

    Args:
        weights: See `Balancer`.
        learning_rate: Of the logits, above 0, 0.025 as in the authors' code.
        decay: γ, 0 or more: how strongly the logits are drawn to equal weights; 1e-5 as in the
            authors' code.
        ideal: b, a number for each task, by name, below what its loss can reach. None: 0.
        **options: See `Balancer`.
    """

    scale: ClassVar[Normalise] = "mean"
    second_look: ClassVar[bool] = True

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        learning_rate: float = 0.025,
        decay: float = 1e-5,
        ideal: Mapping[str, float] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(weights, **options)
        if not learning_rate > 0:
            raise MtlError(f"balancing.learning_rate={learning_rate}. Expected a number above 0.")
        if not decay >= 0:
            raise MtlError(f"balancing.decay={decay}. Expected a number of 0 or more.")
        self.learning_rate = learning_rate
        self.decay = decay
        self._ideal = ideal_point(ideal, self.names)
        zeros = np.zeros(len(self.names))
        self.logits = self.remember("logits", zeros)
        self.momentum = self.remember("momentum", zeros)
        self.velocity = self.remember("velocity", zeros)
        self.moves = self.remember("moves", zeros)

    def total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return the weighted sum of the logarithms."""
        distances = self._distances(losses, present)
        logarithms = tf.math.log(distances)
        # w = c z / D as a softmax, which no size of the losses makes overflow.
        weights = present_softmax(self.logits.value - logarithms, present)
        return tf.reduce_sum(tf.stop_gradient(weights * distances) * logarithms)

    def after_update(self, before: tf.Tensor, after: tf.Tensor, present: tf.Tensor) -> None:
        """Move the logits by how much each loss fell."""
        fell = tf.math.log(self._distances(before, present))
        fell -= tf.math.log(self._distances(after, present))
        # What is no number, as after an overflow, would stay in the moments for ever.
        taken = present & tf.math.is_finite(fell)
        fell = tf.where(taken, fell, 0.0)
        logits = self.logits.value
        shares = present_softmax(logits, taken)
        gradient = shares * (fell - tf.reduce_sum(shares * fell)) + self.decay * logits

        momentum = _BETA_1 * self.momentum.value + (1 - _BETA_1) * gradient
        velocity = _BETA_2 * self.velocity.value + (1 - _BETA_2) * gradient**2
        moves = self.moves.value + 1
        direction = momentum / (1 - _BETA_1**moves)
        size = tf.sqrt(velocity / (1 - _BETA_2**moves)) + _EPSILON
        moved = logits - self.learning_rate * direction / size
        for variable, value in (
            (self.logits, moved),
            (self.momentum, momentum),
            (self.velocity, velocity),
            (self.moves, moves),
        ):
            variable.assign(tf.where(taken, value, variable.value))

    def _distances(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        distances = tf.where(present, losses - self._ideal, 1.0)
        return tf.maximum(distances, 0.0) + _SMALLEST

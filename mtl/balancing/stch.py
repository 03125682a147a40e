"""A smooth form of the largest loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from mtl.balancing.base import LossBalancer, Normalise
from mtl.balancing.per_task import (
    count_present,
    ideal_point,
    preference_vector,
    present_share,
    smooth_maximum,
)
from mtl.errors import MtlError
from mtl.registry import balancer

# Smaller losses count as this where their logarithm is taken.
_SMALLEST = 1e-8


@balancer("stch")
class SmoothTchebycheff(LossBalancer):
    """Minimises a smooth form of the largest weighted distance from an ideal point.

    Lin, Zhang, Yang, Liu, Wang and Zhang, "Smooth Tchebycheff Scalarization for Multi-Objective
    Optimization", ICML 2024. With preferences λ, which sum to 1, and an ideal point z*, minimised
    is

        K μ log Σ_k exp(λ_k (ℓ_k - z*_k) / μ),
        with weights w_k = K λ_k softmax_k(λ (ℓ - z*) / μ).

    The factor K is not the paper's: with equal preferences the weights sum to 1 so, `scale` mean.
    The weights of the paper are w_k / K. Absent tasks are left out, K is the number of those
    present, and the preferences among them are made to sum to 1.

    With `warm_up_epochs` it is the form of the authors' code for multi-task learning, which does
    without preferences and an ideal point: losses count in units of their mean n_k over the last
    epoch of the warm-up, the nadir point. Minimised is

        mean_k log ℓ_k                             with w_k = 1 / (K ℓ_k)             before, and
        μ log Σ_k exp(log(ℓ_k / n_k) / μ)          with w_k = softmax_k(…) / ℓ_k      after it,

    1/K of what that code minimises, which is on the scale of a sum. There a loss below 1e-8
    counts as 1e-8 and has weight 0 (the code adds 1e-20, which makes a weight of 1e20 of it). A
    task without labels in that epoch has its nadir from the next one with labels; until then it
    counts as being at its nadir.

    Args:
        weights: See `Balancer`.
        mu: μ, above 0, 1 by default: the smaller, the more the largest loss counts alone.
        preferences: λ, a number above 0 for each task, by name, brought to a sum of 1. None: equal.
        ideal: z*, a number for each task, by name, below what its loss can reach. None: 0.
        warm_up_epochs: How many epochs the warm-up lasts, 1 or more (the authors' code: 5). None:
            the form of the paper.
        **options: See `Balancer`.
    """

    scale: ClassVar[Normalise] = "mean"

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        mu: float = 1.0,
        preferences: Mapping[str, float] | None = None,
        ideal: Mapping[str, float] | None = None,
        warm_up_epochs: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(weights, **options)
        if not mu > 0:
            raise MtlError(f"balancing.mu={mu}. Expected a number above 0.")
        if warm_up_epochs is not None and warm_up_epochs < 1:
            raise MtlError(
                f"balancing.warm_up_epochs={warm_up_epochs}. Expected 1 epoch or more, or null."
            )
        if warm_up_epochs is not None and (preferences is not None or ideal is not None):
            raise MtlError(
                f"balancing.warm_up_epochs={warm_up_epochs}. Expected null where preferences or"
                " ideal are given: the form with a warm-up has neither."
            )
        self.mu = mu
        self.warm_up_epochs = warm_up_epochs
        self._preferences = preference_vector(preferences, self.names)
        self._ideal = ideal_point(ideal, self.names)
        if warm_up_epochs is not None:
            self.epochs = self.remember("epochs", 0, dtype="int64")
            # 0 stands for a nadir that is not known.
            self.nadir = self.remember("nadir", np.zeros(len(self.names)))

    def epoch_ends(self, losses: np.ndarray) -> None:
        """Count the epochs of the warm-up, and take the nadir from the last."""
        if self.warm_up_epochs is None:
            return
        self.epochs.assign_add(1)
        nadir = self.nadir.numpy()
        if int(self.epochs) >= self.warm_up_epochs:
            missing = (nadir == 0) & np.isfinite(losses)
            self.nadir.assign(np.where(missing, np.maximum(losses, _SMALLEST), nadir))

    def total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return the smooth maximum over the tasks present."""
        if self.warm_up_epochs is not None:
            return self._of_logarithms(losses, present)
        distances = tf.where(present, losses - self._ideal, 0.0)
        values = present_share(self._preferences, present) * distances
        return count_present(present) * smooth_maximum(values, present, self.mu)

    def _of_logarithms(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        logarithms = tf.math.log(tf.maximum(tf.where(present, losses, 1.0), _SMALLEST))
        mean = tf.math.divide_no_nan(tf.reduce_sum(logarithms), count_present(present))
        nadir = self.nadir.value
        known = nadir > 0
        reference = tf.math.log(tf.where(known, nadir, 1.0))
        reference = tf.where(known, reference, tf.stop_gradient(logarithms))
        later = smooth_maximum(logarithms - reference, present, self.mu)
        return tf.where(self.epochs.value < self.warm_up_epochs, mean, later)

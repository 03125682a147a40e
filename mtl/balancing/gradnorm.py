"""Weights under which the gradients' lengths say how far behind each task is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtl.balancing.base import GramianBalancer, Heads, Observed
from mtl.errors import MtlError
from mtl.registry import balancer

# The least a weight may be: from 0 none would come back.
_LEAST = 1e-6
# Lengths that differ by less than this part are equal, as they come in single precision.
_EQUAL = 1e-6


@balancer("gradnorm")
class GradNorm(GramianBalancer):
    """The weights are trained to make gradients equally long, and longer for slow tasks.

    Chen, Badrinarayanan, Lee and Rabinovich, "GradNorm: Gradient Normalization for Adaptive Loss
    Balancing in Deep Multitask Networks", ICML 2018. With n_k = ‖g_k‖, from w = 1 on, each step
    lowers

        Σ_k |w_k n_k - a r_k^α|,    a = mean_j w_j n_j,
        r_k = q_k / mean_j q_j,    q_k = ℓ_k / ℓ_k(0),

    by its gradient with respect to w, a r_k^α held constant, and then brings the sum of the w_k
    back to K. The w of a step are those from before it. `scale` is sum; `heads` are weighted by
    default. ℓ_k(0) is the loss in the first step in which the task is there, beside another one.

    Departures:

    * The paper moves w by the model's optimizer. Here w has a learning rate of its own, and the
      gradient, ± n_k, is divided by the mean of the n_j: the same learning rate is right for
      gradients of any scale. In one step no weight more than doubles or halves, and none falls
      below 10⁻⁶, so that all stay above 0.
    * The paper reads the gradients in the last shared layer, here they are those by what it gives
      (`gradients: features`) or in all shared weights (`parameters`).
    * Where tasks are absent, all of the above is among those present; their w keep their sum, and
      take part in proportion, with m as the sum.
    * q_k is 1 where the first loss is not above 0, and 0 for a loss below 0.

    Args:
        weights: See `Balancer`.
        alpha: α, 0 or more, 1.5 by default: how strongly a task that has learned less than the
            others is pulled; with 0 all gradients are to be equally long.
        learning_rate: Of the w, above 0, 0.025 by default.
        heads: See `Balancer`.
        **options: See `Balancer`.
    """

    scale = "sum"

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        alpha: float = 1.5,
        learning_rate: float = 0.025,
        heads: Heads = "weighted",
        **options: Any,
    ) -> None:
        super().__init__(weights, heads=heads, **options)
        if not 0 <= alpha < np.inf:
            raise MtlError(f"balancing.alpha={alpha}. Expected a number of 0 or more.")
        if not 0 < learning_rate < np.inf:
            raise MtlError(f"balancing.learning_rate={learning_rate}. Expected a number above 0.")
        self.alpha = alpha
        self.learning_rate = learning_rate
        self.task_weights = self.remember("task_weights", np.ones(len(self.names)))
        self.first_losses = self.remember("first_losses", np.full(len(self.names), np.nan))

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return the present weights, and move those remembered on."""
        tasks = observed.tasks
        weights = observed.state["task_weights"][tasks].astype(np.float64)
        first = observed.state["first_losses"]
        first[tasks] = np.where(np.isnan(first[tasks]), observed.losses, first[tasks])

        lengths = np.sqrt(gramian.diagonal())
        lengths = lengths / lengths.mean()
        rates = _relative_rates(observed.losses, first[tasks])
        target = (weights * lengths).mean() * rates**self.alpha
        gap = weights * lengths - target
        slope = np.where(np.abs(gap) > _EQUAL * target, np.sign(gap), 0.0) * lengths
        lowest = np.maximum(weights / 2, _LEAST)
        moved = np.clip(weights - self.learning_rate * slope, lowest, 2 * weights)
        observed.state["task_weights"][tasks] = moved * (weights.sum() / moved.sum())
        return weights * (len(tasks) / weights.sum())


def _relative_rates(losses: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return r: what is left of each loss, beside what is left on average."""
    known = first > 0
    left = np.where(known, np.maximum(losses, 0.0) / np.where(known, first, 1.0), 1.0)
    return left / left.mean() if left.any() else np.ones_like(left)

"""The update near the mean gradient that helps the worst-off task most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from mtl.balancing.base import Gradients, GramianBalancer, Observed
from mtl.balancing.solvers.dual_cone import dual_cone
from mtl.balancing.solvers.scaling import positive_definite, unit_diagonal
from mtl.balancing.solvers.simplex import SimplexQP
from mtl.errors import MtlError
from mtl.registry import balancer

Rescale = Literal["none", "quadratic", "linear"]

# A mean or sum of gradients shorter than this part of their own lengths counts as 0: in single
# precision not much of its direction would be true.
_CANCELLED = 1e-4
# Ends in all but made-up cases after fewer than ten.
_ROUNDS = 50


@balancer("cagrad")
class ConflictAverse(GramianBalancer):
    """Within a ball around the mean gradient, the update that lowers the slowest task's loss most.

    Liu, Liu, Jin, Stone and Liu, "Conflict-Averse Gradient Descent for Multi-task Learning",
    NeurIPS 2021. With g₀ the mean of the g_k,

        d = argmax min_k g_k · d    over ‖d - g₀‖ ≤ c ‖g₀‖,

    which is g₀ + c ‖g₀‖ g_w / ‖g_w‖ for the weighted mean g_w = Σ_k w_k g_k that minimises

        g_w · g₀ + c ‖g₀‖ ‖g_w‖    over w ≥ 0, Σ_k w_k = 1.

    `scale` is mean. c = 0 is the mean of the gradients, and from c = 1 on no task is harmed.

    Departure: where g_w = 0, by whose length the formula divides, the most that the slowest task
    can have is to stay as it is, and many d give it that. The update is the one nearest to g₀
    then: g₀ projected onto the d that harm no task.

    Args:
        weights: See `Balancer`.
        c: 0 or more, 0.5 by default: how far from g₀ the update may be.
        rescale: What d is divided by, since it may be 1 + c times as long as g₀: `none`, as in the
            paper's algorithm and by default; `quadratic`, 1 + c², as its code does by default;
            `linear`, 1 + c, as its code may.
        gradients: See `Balancer`; `parameters` as in the paper.
        **options: See `Balancer`.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        c: float = 0.5,
        rescale: Rescale = "none",
        gradients: Gradients = "parameters",
        **options: Any,
    ) -> None:
        super().__init__(weights, gradients=gradients, **options)
        if not 0 <= c < np.inf:
            raise MtlError(f"balancing.c={c}. Expected a number of 0 or more.")
        divisors = {"none": 1.0, "quadratic": 1 + c**2, "linear": 1 + c}
        if rescale not in divisors:
            raise MtlError(
                f"balancing.rescale={rescale!r}. Expected none, quadratic (1 + c²) or "
                "linear (1 + c)."
            )
        self.c = c
        self.divisor = divisors[rescale]

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return the weights of d."""
        mean = np.full(len(gramian), 1 / len(gramian))
        cosines, lengths = unit_diagonal(gramian / np.trace(gramian))
        cosines = positive_definite(cosines, 1e-13)
        gramian = lengths[:, None] * cosines * lengths
        return (mean + self._added(gramian, mean)) / self.divisor

    def _added(self, gramian: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Return the weights of d − g₀."""
        radius = self.c * np.sqrt(max(mean @ gramian @ mean, 0.0))
        if radius <= self.c * 1e-12:
            return np.zeros_like(mean)
        weights = _worst_case(gramian, gramian @ mean, radius)
        if weights is None:
            return dual_cone(gramian, mean) - mean
        return radius / np.sqrt(weights @ gramian @ weights) * weights


def _worst_case(gramian: np.ndarray, linear: np.ndarray, radius: float) -> np.ndarray | None:
    """Return the w in the simplex that minimises fᵀw + r √(wᵀGw), or None where wᵀGw is 0.

    As √q is the minimum of q / 2τ + τ / 2 over τ, both are looked for by turns: w for a given τ is
    a quadratic problem, and τ = √(wᵀGw). In x = τ², what follows x is an increasing function y(x),
    with y(x) / x decreasing, so that y(x) lies between x and the solution of y(x) = x, which is
    not below y(0); and y is a straight line as long as the same w_k are above 0, whose end at
    x = 0 is the least wᵀGw that any signs of these w_k allow. The line soon hits the solution.

    Args:
        gramian: G, shape `(m, m)`, positive definite, trace 1.
        linear: f, shape `(m,)`.
        radius: r, above 0.
    """
    lengths = np.sqrt(gramian.diagonal())
    problem = SimplexQP(gramian)
    weights = problem.minimum(np.zeros_like(linear))
    shortest = weights @ gramian @ weights
    cancelled = (_CANCELLED * (weights @ lengths)) ** 2
    low, high = max(shortest, cancelled), lengths.max() ** 2
    squared = low
    for _ in range(_ROUNDS):
        weights = problem.minimum(linear * (np.sqrt(squared) / radius), weights > 0)
        found = weights @ gramian @ weights
        # By how much the objective is above its minimum is of the same order as this.
        if abs(found - squared) <= 1e-9 * squared:
            break
        if found < squared <= cancelled:
            return None
        low, high = (found, high) if found > squared else (low, found)
        start = problem.nearest_to_0(weights > 0)
        least = start @ gramian @ start
        slope = (found - least) / squared
        crossing = least / (1 - slope) if slope < 1 else np.inf
        squared = crossing if low <= crossing <= high else np.sqrt(low * high)
    return weights

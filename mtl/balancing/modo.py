"""MoDo: task weights from two independent samples of the gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtl.balancing.halves import HalvesBalancer
from mtl.balancing.solvers.simplex import project_to_simplex
from mtl.errors import MtlError
from mtl.registry import balancer


@balancer("modo")
class MoDo(HalvesBalancer):
    """One small step a batch towards the weights of the shortest combined gradient.

    Chen, Fernando, Ying and Chen, "Three-Way Trade-Off in Multi-Objective Learning: Optimization,
    Generalization and Conflict-Avoidance", NeurIPS 2023 (multi-objective gradient with double
    sampling):

        λ ← Π(λ − γ (A λ + ρ λ)),    A_ij = g_i(z₁) · g_j(z₂),    update Σ_k λ_k g_k,

    with Π the projection on the simplex and λ = 1/K at the start. The gradients of two samples z₁
    and z₂ make A unbiased, which the Gramian of one sample is not: its diagonal has the variance
    of the gradients on it. As in the paper the update takes the λ that this step has found.

    The step in λ grows with the square of the gradients' size: where these are large, λ jumps from
    corner to corner unless γ is small.

    Departures from the paper:

    * It draws three samples, two for λ and one for the update. Here z₁ and z₂ are the halves of
      the batch and the update is from all of it, at the price of two gradients a task instead of
      three; λ is thus not independent of the gradients that it weighs.
    * λ of an absent task stays as it is, and the others share the weight 1; so stays that of a
      task whose labels are all in one half.

    Args:
        weights: The weight of each trained task in the config, by output name.
        gamma: γ, above 0: the step size of λ. Implementations have 0.1 or 0.001; with the latter
            λ of gradients of length 1 needs some thousand batches to leave 1/K.
        rho: ρ, 0 or more: draws λ to even weights.
        options: See `mtl.balancing.halves.HalvesBalancer`.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        gamma: float = 0.1,
        rho: float = 0.1,
        **options: Any,
    ) -> None:
        super().__init__(weights, **options)
        if not 0 < gamma < np.inf:
            raise MtlError(f"balancing.gamma={gamma}. Expected a step size above 0.")
        if not 0 <= rho < np.inf:
            raise MtlError(f"balancing.rho={rho}. Expected 0 or more.")
        self.gamma = gamma
        self.rho = rho

    def moved(self, products: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Return λ after its step."""
        slope = products @ shares + self.rho * shares
        return project_to_simplex(shares - self.gamma * slope)

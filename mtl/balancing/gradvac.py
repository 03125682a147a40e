"""Gradients turned towards each other until they are as similar as they usually are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtl.balancing.base import Gradients, GramianBalancer, Observed
from mtl.balancing.pcgrad import others_in_random_order
from mtl.balancing.solvers.scaling import unit_diagonal
from mtl.errors import MtlError
from mtl.registry import balancer

# To have cosine φ with what is orthogonal takes φ / √(1 − φ²) times its own length: here 22 times.
_LARGEST_TARGET = 0.999
# Of a gradient of length 1 that has been projected on nothing; its direction would be rounding.
_GONE = 1e-6


@balancer("gradvac")
class GradientVaccine(GramianBalancer):
    """Each gradient is turned until its cosines with the others are what they were on average.

    Wang, Tsvetkov, Firat and Cao, "Gradient Vaccine: Investigating and Improving Multi-task
    Optimization in Massively Multilingual Models", ICLR 2021. For each task i, g = g_i; then for
    all others j, in an order drawn anew for each i, with ρ the cosine of g and g_j,

        g ← g + ‖g‖ (φ_ij √(1 - ρ²) - ρ √(1 - φ_ij²)) / (‖g_j‖ √(1 - φ_ij²)) g_j    where ρ < φ_ij,
        φ_ij ← (1 - β) φ_ij + β ρ,

    which gives g the cosine φ_ij with g_j, and the update is the sum of the g. The φ_ij start
    with 0, where this is PCGrad, exactly so in the first step. `scale` is sum.

    Departures: the shared part is one group of weights; the paper also tries groups by layer.
    A cosine aimed at is at most 0.999, since one near 1 takes any multiple of g_j where gradients
    that were parallel no longer are. Where projections leave nothing of g, φ_ij stays.

    Args:
        weights: See `Balancer`.
        beta: β, from 0, which is PCGrad, to 1: how fast the φ_ij follow. 0.5 by default.
        gradients: See `Balancer`; `parameters` as in the paper.
        **options: See `Balancer`.
    """

    scale = "sum"

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        beta: float = 0.5,
        gradients: Gradients = "parameters",
        **options: Any,
    ) -> None:
        super().__init__(weights, gradients=gradients, **options)
        if not 0 <= beta <= 1:
            raise MtlError(f"balancing.beta={beta}. Expected a number from 0 to 1.")
        self.beta = beta
        self.phi = self.remember("phi", np.zeros((len(self.names), len(self.names))))

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return how often each gradient is in the sum of the turned ones."""
        cosines, lengths = unit_diagonal(gramian)
        count = len(lengths)
        tasks = np.arange(count)
        pairs = np.ix_(observed.tasks, observed.tasks)
        phi = observed.state["phi"][pairs].astype(np.float64)
        # Row i: task i's gradient in terms of all gradients, each of which is taken as of length 1.
        made = np.eye(count)
        for other in others_in_random_order(count, observed.random).T:
            size = np.sqrt(np.maximum((made @ cosines * made).sum(axis=1), 0.0))
            gone = size < _GONE
            product = (made * cosines[other]).sum(axis=1)
            rho = np.clip(product / np.where(gone, 1.0, size), -1.0, 1.0)
            before = phi[tasks, other]
            target = np.minimum(before, _LARGEST_TARGET)
            # Only a target of −1 has no height, and no cosine is below it.
            height = np.sqrt(np.maximum(1 - target**2, _GONE))
            added = size * (target * np.sqrt(1 - rho**2) / height - rho)
            made[tasks, other] += np.where((rho < target) & ~gone, added, 0.0)
            after = (1 - self.beta) * before + self.beta * rho
            phi[tasks, other] = np.where(gone, before, after)
        observed.state["phi"][pairs] = phi
        return lengths @ made / lengths

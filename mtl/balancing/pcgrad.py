"""Gradients with what conflicts with others projected away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtl.balancing.base import Gradients, GramianBalancer, Observed
from mtl.balancing.solvers.scaling import unit_diagonal
from mtl.registry import balancer


@balancer("pcgrad")
class ProjectConflicting(GramianBalancer):
    """Of each gradient, what points against another one is taken away; then they are summed.

    Yu, Kumar, Gupta, Levine, Hausman and Finn, "Gradient Surgery for Multi-Task Learning", NeurIPS
    2020. For each task i, g = g_i; then for all others j, in an order drawn anew for each i,

        g ← g - (g · g_j) / ‖g_j‖² g_j    where g · g_j < 0,

    and the update is the sum of the g. Each g is a combination of the gradients, so that the
    Gramian is all that has to be known. `scale` is sum: without conflict the weights are 1.

    Departure: conflict is that of the shared part as a whole; the paper's code counts the weights
    that belong to one task in too, where others' gradients are 0.

    Args:
        weights: See `Balancer`.
        gradients: See `Balancer`; `parameters` as in the paper.
        **options: See `Balancer`.
    """

    scale = "sum"

    def __init__(
        self, weights: Mapping[str, float], *, gradients: Gradients = "parameters", **options: Any
    ) -> None:
        super().__init__(weights, gradients=gradients, **options)

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return how often each gradient is in the sum of the projected ones."""
        cosines, lengths = unit_diagonal(gramian)
        count = len(lengths)
        tasks = np.arange(count)
        # Row i: task i's gradient in terms of all gradients, each of which is taken as of length 1.
        made = np.eye(count)
        for other in others_in_random_order(count, observed.random).T:
            product = (made * cosines[other]).sum(axis=1)
            made[tasks, other] -= np.minimum(product, 0.0)
        return lengths @ made / lengths


def others_in_random_order(count: int, random: np.random.Generator) -> np.ndarray:
    """Return all tasks but i in row i, each row in an order of its own.

    Args:
        count: m, how many tasks there are.
        random: Draws the orders.

    Returns:
        Shape `(m, m - 1)`.
    """
    others = np.arange(count - 1)
    return random.permuted(others + (others >= np.arange(count)[:, None]), axis=1)

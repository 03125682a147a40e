"""Each gradient, projected to where it harms no task, and the mean of them."""

from __future__ import annotations

import numpy as np

from mtl.balancing.base import Observed
from mtl.balancing.projection import ProjectionBalancer
from mtl.balancing.solvers.dual_cone import dual_cone
from mtl.registry import balancer


@balancer("upgrad")
class UPGrad(ProjectionBalancer):
    """The mean of the gradients, each first moved to the nearest update that harms no task.

    Quinton and Rey, "Jacobian Descent for Multi-Objective Optimization", 2024 (Unconflicting
    Projection of Gradients). With π(g) = argmin ‖d - g‖² over d with g_k · d ≥ 0 for all k,

        d = 1/m Σ_i π(g_i).

    π(g_i) is Σ_k v_k g_k for the v that minimises vᵀHv over v ≥ e_i, H the Gramian and e_i the i-th
    unit vector; w is the mean of these v. `scale` is mean. A gradient moves the update in
    proportion to its length, and only where some sum of the gradients, each times a positive
    number, is 0, is the update 0. For two tasks it is that of `pcgrad`.

    Departure: H is the Gramian divided by its trace, plus `regularisation` times the unit matrix,
    as in the authors' code but not in the paper. It keeps weights small where gradients nearly
    cancel, at the price of some harm to tasks with short gradients.

    Args:
        weights: See `Balancer`.
        regularisation: 0, as in the paper, or more; 10⁻⁴ by default.
        gradients: See `Balancer`; `parameters` as in the paper.
        **options: See `Balancer`.
    """

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return the weights of the mean of the projected gradients."""
        each = dual_cone(self.hessian(gramian), np.eye(len(gramian)))
        return each.mean(axis=1)

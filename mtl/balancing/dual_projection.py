"""The mean gradient, projected to where it harms no task."""

from __future__ import annotations

import numpy as np

from mtl.balancing.base import Observed
from mtl.balancing.projection import ProjectionBalancer
from mtl.balancing.solvers.dual_cone import dual_cone
from mtl.registry import balancer


@balancer("dual_projection")
class DualProjection(ProjectionBalancer):
    """The update nearest to the mean of the gradients that harms no task.

    Lopez-Paz and Ranzato, "Gradient Episodic Memory for Continual Learning", NeurIPS 2017. With u =
    (1/m, …, 1/m),

        d = argmin ‖d - Σ_k u_k g_k‖²    over d with g_k · d ≥ 0 for all k,

    which is Σ_k w_k g_k for the w that minimises wᵀHw over w ≥ u, H the Gramian. `scale` is mean.
    Where no gradient points away from the mean, it is the mean.

    Departures:

    * The paper projects the gradient of a new task so that it does not harm earlier ones; here the
      mean is projected, and the tasks are each other's. Its margin, which moves the bound
      from u up, is not there.
    * H is the Gramian divided by its trace, plus `regularisation` times the unit matrix, which
      keeps weights small where gradients nearly cancel, at the price of some harm to tasks with
      short gradients.

    Args:
        weights: See `Balancer`.
        regularisation: 0, as in the paper, or more; 10⁻⁴ by default.
        gradients: See `Balancer`; `parameters` as in the paper.
        **options: See `Balancer`.
    """

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return the weights of the projected mean."""
        count = len(gramian)
        return dual_cone(self.hessian(gramian), np.full(count, 1 / count))

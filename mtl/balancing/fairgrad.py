"""The update that is fair to all tasks, for a chosen degree of fairness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtl.balancing.base import Gradients, GramianBalancer, Heads, Observed
from mtl.balancing.solvers.alpha_fair import alpha_fair
from mtl.errors import MtlError
from mtl.registry import balancer


@balancer("fairgrad")
class FairGrad(GramianBalancer):
    """The α-fair update: the larger α, the more it is for the task that gains least.

    Ban and Ji, "Fair Resource Allocation in Multi-Task Learning", ICML 2024. Among all d of some
    length, Σ_k (g_k · d)^(1-α) / (1-α), or for α = 1 the sum of the logarithms, is largest for

        d = Σ_k w_k g_k,    (g_k · d)^α = 1 / w_k,    w_k > 0,

    or Gw = w^(-1/α) with G the Gramian. As α nears 0 this is the sum of the losses; α = 1 is
    `nash` without its clipping; for large α the task that gains least gains as much as it can, in
    the direction of `mgda`. No task is harmed. `scale` is sum: w_k = 1 for gradients of length 1
    at right angles. `heads` are weighted by default, as in the paper.

    With all gradients c times as long, weights are c^(-2α / (1+α)) times as large: with α = 1 and
    above, the shorter the gradients, the longer the update or the same.

    Departures:

    * The paper hands the equations to a solver for nonlinear least squares. Here they are solved
      by Newton's method on the convex problem that they come from.
    * Where opposed gradients leave nothing to gain, no w solves the equations. It ends where some
      10⁻⁸ ‖g_k‖² more on the diagonal of G bound it, and d is 0 but for rounding; with α = 1 w_k is
      then 10⁴ √m / ‖g_k‖ at most. `heads: own` spares heads that.
    * A task that is alone keeps its plain gradient.

    Args:
        weights: See `Balancer`.
        alpha: α, above 0, 1 by default.
        heads: See `Balancer`.
        gradients: See `Balancer`; `parameters` as in the paper.
        **options: See `Balancer`.
    """

    scale = "sum"

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        alpha: float = 1.0,
        heads: Heads = "weighted",
        gradients: Gradients = "parameters",
        **options: Any,
    ) -> None:
        super().__init__(weights, heads=heads, gradients=gradients, **options)
        if not 0 < alpha < np.inf:
            raise MtlError(
                f"balancing.alpha={alpha}. Expected a number above 0; the sum of the losses, to "
                "which 0 would lead, is balancing=fixed."
            )
        self.alpha = alpha

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return the w of the fair update."""
        return alpha_fair(gramian, self.alpha)

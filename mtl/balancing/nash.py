"""The tasks bargain over the update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtl.balancing.base import Gradients, GramianBalancer, Heads, Observed
from mtl.balancing.solvers.alpha_fair import alpha_fair
from mtl.errors import MtlError
from mtl.registry import balancer


@balancer("nash")
class Nash(GramianBalancer):
    """The update with the largest product of what each task gains: Nash's bargaining solution.

    Navon, Shamsian, Achituve, Maron, Kawaguchi, Chechik and Fetaya, "Multi-Task Learning as a
    Bargaining Game", ICML 2022. Among all d of some length, Σ_k log(g_k · d) is largest for

        d = Σ_k w_k g_k,    g_k · d = 1 / w_k,    w_k > 0,

    or Gw = 1/w with G the Gramian. No task is harmed, and how long one task's gradient is does not
    matter: w_k is in proportion to 1 / ‖g_k‖. `scale` is sum: w_k = 1 for gradients of length 1 at
    right angles. `heads` are weighted by default, as in the paper.

    As ‖d‖² = wᵀGw = m for m tasks, whatever their gradients, every d has the length √m, and with
    `maximum_norm` below that every update has the length `maximum_norm`: learning rates are for
    gradients that do not get shorter as training goes on.

    Departures:

    * The paper finds w by some convex problems that come near the equations. Here they are solved,
      by Newton's method.
    * The paper's code clips the shared gradient to length 1, weights or not. Here the w_k are
      divided, so that heads of `weighted` follow; by G, so that with `gradients: features` it is
      the length of the gradient by the features; and before `normalise: mean` and `every`.
    * Where opposed gradients leave nothing to gain, no w solves the equations. It ends at some
      10⁴ √m / ‖g_k‖ then, and d is 0 but for rounding. `heads: own` spares heads that.
    * A task that is alone keeps its plain gradient, of any length.

    Args:
        weights: See `Balancer`; they cancel out of w_k g_k.
        maximum_norm: Above 0, 1 by default as in the paper's code: the w_k are divided where ‖d‖
            would be above it. None leaves them as they are.
        heads: See `Balancer`.
        gradients: See `Balancer`; `parameters` as in the paper.
        **options: See `Balancer`.
    """

    scale = "sum"

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        maximum_norm: float | None = 1.0,
        heads: Heads = "weighted",
        gradients: Gradients = "parameters",
        **options: Any,
    ) -> None:
        super().__init__(weights, heads=heads, gradients=gradients, **options)
        if maximum_norm is not None and not 0 < maximum_norm < np.inf:
            raise MtlError(
                f"balancing.maximum_norm={maximum_norm}. Expected a number above 0, or null to "
                "leave weights as they are."
            )
        self.maximum_norm = maximum_norm

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return the w of the bargaining solution, no longer than `maximum_norm`."""
        weights = alpha_fair(gramian, 1.0)
        if self.maximum_norm is None:
            return weights
        norm = np.sqrt(max(weights @ gramian @ weights, 0.0))
        return weights / max(1.0, norm / self.maximum_norm)

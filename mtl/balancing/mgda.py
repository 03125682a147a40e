"""The shortest of all weighted means of the gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from mtl.balancing.base import GramianBalancer, Observed
from mtl.balancing.solvers.simplex import simplex_qp
from mtl.errors import MtlError
from mtl.registry import balancer

GradientNormalisation = Literal["none", "norm", "loss", "loss_and_norm"]

# Beside the largest loss, so that a loss of 0 divides nothing by 0.
_SMALLEST_LOSS = 1e-6


@balancer("mgda")
class MultipleGradientDescent(GramianBalancer):
    """The update is the weighted mean of the gradients that is nearest to 0; it harms no task.

    Désidéri, "Multiple-gradient descent algorithm (MGDA) for multiobjective optimization", Comptes
    Rendus Mathématique 2012; Sener and Koltun, "Multi-Task Learning as Multi-Objective
    Optimization", NeurIPS 2018, whose MGDA-UB takes the gradients by the shared `features`. With J
    the matrix whose rows are the g_k,

        w = argmin ‖Jᵀw‖²    over w ≥ 0, Σ_k w_k = 1.

    The weights sum to 1, `scale` mean. At a point where no direction helps all tasks the update
    is 0.

    Departures: the minimum is found exactly, not by Frank-Wolfe steps. The second paper's MGDA-UB
    leaves the weights of single tasks to their own losses, as `heads: own` does; its code weights
    these too.

    Args:
        weights: See `Balancer`.
        gradient_normalisation: What each g_k is divided by before w is looked for: `none`, the
            paper's; `norm`, its length; `loss`, |ℓ_k|; `loss_and_norm`, both. The update is made
            of the g_k as they are, as in the second paper's code, so that it is no longer the
            shortest and may harm a task. A loss counts as a millionth of the largest at least.
        **options: See `Balancer`.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        gradient_normalisation: GradientNormalisation = "none",
        **options: Any,
    ) -> None:
        super().__init__(weights, **options)
        known = ("none", "norm", "loss", "loss_and_norm")
        if gradient_normalisation not in known:
            raise MtlError(
                f"balancing.gradient_normalisation={gradient_normalisation!r}. "
                f"Expected {', '.join(known[:-1])} or {known[-1]}."
            )
        self.gradient_normalisation = gradient_normalisation

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return the w of the shortest mean."""
        sizes = np.ones(len(gramian))
        if self.gradient_normalisation in {"norm", "loss_and_norm"}:
            sizes = np.sqrt(gramian.diagonal())
        if self.gradient_normalisation in {"loss", "loss_and_norm"}:
            sizes = sizes * _sizes(observed.losses)
        return simplex_qp(gramian / sizes[:, None] / sizes, np.zeros(len(sizes)))


def _sizes(losses: np.ndarray) -> np.ndarray:
    """Return the losses' sizes, as parts of the largest."""
    sizes = np.abs(losses)
    return np.maximum(sizes / (sizes.max() or 1.0), _SMALLEST_LOSS)

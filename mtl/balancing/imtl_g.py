"""The update that goes equally far along every task's gradient."""

from __future__ import annotations

import numpy as np

from mtl.balancing.base import GramianBalancer, Observed
from mtl.balancing.solvers.scaling import unit_diagonal
from mtl.registry import balancer

# Eigenvalues of the cosines below this part of the largest are rounding errors of float32.
_RANK = 1e-6


@balancer("imtl_g")
class ImpartialGradients(GramianBalancer):
    """The update has the same projection on every task's gradient, whatever that one's length.

    Liu, Li, Kuang, Xue, Chen, Yang, Liao and Zhang, "Towards Impartial Multi-task Learning", ICLR
    2021 (IMTL-G, the balance of gradients; that of losses is `imtl_l`). With u_k = g_k / ‖g_k‖,

        d = Σ_k w_k g_k,    d · u_1 = … = d · u_K,    Σ_k w_k = 1.

    With G the Gramian and n_k = ‖g_k‖ that is Gw = λn; some w_k may be below 0. `scale` is mean.
    For two tasks w = (n₂, n₁) / (n₁ + n₂).

    Departures, all of them where the equations have no good solution:

    * The w that they ask for may be as long as one likes, or have λ < 0, an update that raises
      every loss: three gradients of different length are enough. The direction is kept, with
      λ > 0, and where ‖d‖ would be above max_k n_k, or λ below 0, it has this length.
    * Where a combination of the gradients with all w_k ≥ 0 is 0, as for opposed gradients, that is
      the solution, as in the limit; so is it with gradients that sum to 0.
    * Where gradients depend on each other in another way, the only d with equal projections may
      be 0 though all tasks could gain. There d has projections as equal as can be, by least squares
      (the pseudoinverse of the cosines).
    """

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return the weights of the update with equal projections."""
        cosines, lengths = unit_diagonal(gramian)
        values, vectors = np.linalg.eigh(cosines)
        ones = vectors.sum(axis=0)
        kept = values > _RANK * values[-1]
        # What cancels, in terms of gradients of length 1.
        cancelling = vectors[:, ~kept] @ ones[~kept]
        if cancelling.sum() > _RANK and cancelling.min() > -_RANK:
            weights = np.maximum(cancelling, 0.0) / lengths
            return weights / weights.sum()
        equal = vectors[:, kept] @ (ones[kept] / values[kept])
        weights = equal / lengths
        length = np.sqrt(equal.sum())
        return weights / max(weights.sum(), length / lengths.max())

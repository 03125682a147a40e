"""The direction with the same angle to every task's gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtl.balancing.base import Gradients, GramianBalancer, Observed
from mtl.balancing.solvers.scaling import unit_diagonal
from mtl.registry import balancer

# What is below these parts of the largest there may be is rounding in single precision: of the
# cosines' eigenvalues, and of the length of p in the space of the others.
_RANK = 1e-6
_NOTHING = 1e-5


@balancer("config_conflict_free")
class ConflictFree(GramianBalancer):
    """The update at equal angles to all gradients, as long as their projections on it together.

    Liu, Chu and Thuerey, "ConFIG: Towards Conflict-free Training of Physics Informed Neural
    Networks", ICLR 2025. With U the gradients brought to length 1, a row each, U⁺ its
    pseudoinverse and p = (1, …, 1),

        x = U⁺p,    x̂ = x / ‖x‖,    d = (Σ_k g_k · x̂) x̂.

    The Gramian is enough for that: with n_k = ‖g_k‖, N = diag(n), the cosines H = N⁻¹GN⁻¹ and
    v = H⁺p, x is Uᵀv, of length √(vᵀHv), and

        w = (nᵀHv / vᵀHv) N⁻¹v.

    `scale` is sum: d is the sum of gradients that are at right angles and equally long. How long
    one task's gradient is matters for the length of d, not for its direction.

    Where gradients depend on each other, x has angles as equal as can be, by least squares, and
    may harm a task. Where they leave no such x, U⁺p = 0, as for opposed gradients, d and all w_k
    are 0; so the formula says, but for the length of x, that it would divide by. Eigenvalues of H
    below 10⁻⁶ of the largest count as 0, which is how exact it is in single precision. The paper's
    momentum variant, with gradients of one task a step, is not here.

    Args:
        weights: See `Balancer`; they change the length of d alone.
        gradients: See `Balancer`; `parameters` as in the paper.
        **options: See `Balancer`.
    """

    scale = "sum"

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        gradients: Gradients = "parameters",
        **options: Any,
    ) -> None:
        super().__init__(weights, gradients=gradients, **options)

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return the weights of the update at equal angles."""
        cosines, lengths = unit_diagonal(gramian)
        values, vectors = np.linalg.eigh(cosines)
        kept = values > _RANK * values[-1]
        values, vectors = values[kept], vectors[:, kept]
        preference = vectors.sum(axis=0)
        if np.linalg.norm(preference) <= _NOTHING * np.sqrt(len(gramian)):
            return np.zeros(len(gramian))
        equal = vectors @ (preference / values)
        projections = vectors @ preference
        squared_length = (preference**2 / values).sum()
        return (lengths @ projections) / squared_length * equal / lengths

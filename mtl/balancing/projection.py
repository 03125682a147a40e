"""What strategies have in common that project gradients onto the updates that harm no task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtl.balancing.base import Gradients, GramianBalancer
from mtl.errors import MtlError


class ProjectionBalancer(GramianBalancer):
    """A strategy that minimises vᵀHv over v ≥ u, H the Gramian, regularised.

    Args:
        weights: See `Balancer`.
        regularisation: How many times the unit matrix is added to G / tr(G).
        gradients: See `Balancer`.
        **options: See `Balancer`.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        regularisation: float = 1e-4,
        gradients: Gradients = "parameters",
        **options: Any,
    ) -> None:
        super().__init__(weights, gradients=gradients, **options)
        if not 0 <= regularisation < np.inf:
            raise MtlError(
                f"balancing.regularisation={regularisation}. Expected a number of 0 or more."
            )
        self.regularisation = regularisation

    def hessian(self, gramian: np.ndarray) -> np.ndarray:
        """Return H, G / tr(G) plus so many times the unit matrix."""
        return gramian / np.trace(gramian) + self.regularisation * np.eye(len(gramian))

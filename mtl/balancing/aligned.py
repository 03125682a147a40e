"""Gradients turned and stretched until they are at right angles and equally long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

from mtl.balancing.base import Gradients, GramianBalancer, Observed
from mtl.errors import MtlError
from mtl.registry import balancer

ScaleBy = Literal["minimum", "median", "mean"]

_SCALES: dict[str, Callable[[np.ndarray], Any]] = {
    "minimum": np.min,
    "median": np.median,
    "mean": np.mean,
}


@balancer("aligned")
class Aligned(GramianBalancer):
    """Replaces the gradients by the nearest ones at right angles and of equal length, and averages.

    Senushkin, Patakin, Kuznetsov and Konushin, "Independent Component Alignment for Multi-Task
    Learning", CVPR 2023 (Aligned-MTL; on features Aligned-MTL-UB). With the eigenvalues λ_r of the
    Gramian G = V diag(λ) Vᵀ,

        w = √s V diag(λ^(-1/2)) Vᵀ p,

    over the λ_r above 0; Jᵀ V diag(λ^(-1/2)) Vᵀ are the new gradients, which have no conflicts
    left. `scale` is mean, with p = (1/m, …, 1/m).

    In single precision λ_r counts as 0 where it is no more than m times the rounding error of the
    largest λ: with it the smallest s, and so the length of the update, jumps where a gradient that
    is nearly a combination of others becomes one; and a task whose gradient is some thousand times
    shorter than another's is left out.

    Departure: p is equal, as a task's preference is its weight in the config, which makes its
    gradient longer before they are aligned; in the paper p does so afterwards.

    Args:
        weights: See `Balancer`.
        scale_by: s among the λ_r above 0: `minimum`, as in the paper, so that no task's part gets
            longer, or the `median` or `mean`, as in its code: longer updates.
        gradients: See `Balancer`.
        **options: See `Balancer`.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        scale_by: ScaleBy = "minimum",
        gradients: Gradients = "features",
        **options: Any,
    ) -> None:
        super().__init__(weights, gradients=gradients, **options)
        if scale_by not in _SCALES:
            raise MtlError(f"balancing.scale_by={scale_by!r}. Expected minimum, median or mean.")
        self.scale_by = scale_by

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return the weights of the mean of the aligned gradients."""
        # The weights are the same for gradients of any scale.
        values, vectors = np.linalg.eigh(gramian / np.trace(gramian))
        # Gramians come in single precision, so that is how exact a 0 is.
        kept = values > values[-1] * len(values) * np.finfo(np.float32).eps
        values, vectors = values[kept], vectors[:, kept]
        factors = np.sqrt(_SCALES[self.scale_by](values) / values)
        return (vectors * factors) @ vectors.mean(axis=0)

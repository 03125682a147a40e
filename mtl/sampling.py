"""Drawing in proportion to a power of sizes, which may move from epoch to epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DISTRIBUTIONS = ("uniform", "proportional", "annealed")


@dataclass(frozen=True)
class Distribution:
    """How likely each of several things of different size is drawn.

    Stickland and Murray, "BERT and PALs: Projected Attention Layers for Efficient Adaptation in
    Multi-Task Learning", ICML 2019. With the sizes N_i,

        p_i = N_i^α / Σ_j N_j^α.

    α is 0 for `uniform`, constant for `proportional`, and moves for `annealed`, with E epochs
    counted from e = 0, as

        α_e = α + (α_final - α) min(e / (E - 1), 1).

    Attributes:
        kind: `uniform`, `proportional` or `annealed`.
        alpha: α, 0 or more.
        final_alpha: α of the last epoch, 0 or more.
        over_epochs: E, 1 or more.
    """

    kind: str = "proportional"
    alpha: float = 1.0
    final_alpha: float = 0.2
    over_epochs: int = 1

    def exponent(self, epoch: int) -> float:
        """Return α of an epoch, counted from 0."""
        if self.kind == "uniform":
            return 0.0
        if self.kind == "proportional" or self.over_epochs == 1:
            return self.alpha
        passed = min(epoch / (self.over_epochs - 1), 1.0)
        return self.alpha + (self.final_alpha - self.alpha) * passed

    def probabilities(self, sizes: Sequence[int] | np.ndarray, epoch: int) -> np.ndarray:
        """Return how likely each is drawn; what has size 0 never is.

        Args:
            sizes: 0 or more, one above 0 at least.
            epoch: Counted from 0.
        """
        taken = np.asarray(sizes, np.float64)
        there = taken > 0
        logarithms = self.exponent(epoch) * np.log(np.where(there, taken, 1.0))
        powers = np.where(there, np.exp(logarithms - logarithms[there].max()), 0.0)
        return powers / powers.sum()

    def by_epoch(self, sizes: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the probabilities of each epoch while they move, shape `(epochs, sizes)`.

        The last row holds for all epochs after it.
        """
        count = self.over_epochs if self.kind == "annealed" else 1
        return np.stack([self.probabilities(sizes, epoch) for epoch in range(count)])

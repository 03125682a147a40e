"""What strategies have in common that learn shares from the gradients of a batch's two halves."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from mtl.balancing.base import Gradients, GramianBalancer, Observed, Reads
from mtl.balancing.rows import refuse_features
from mtl.balancing.shares import even_shares, keep_shares, shares_of


class HalvesBalancer(GramianBalancer):
    """A strategy that moves shares by A_ij = g_i · g_j, g_i of one half and g_j of the other.

    A_kk is 0 where one half has no labels of a task, or no gradient: nothing is known of it then,
    and its share waits while those of the others move, unless they have none to move.

    Args:
        weights: See `Balancer`.
        gradients: `parameters`; the halves of a batch share no features.
        **options: See `Balancer`.
    """

    reads: ClassVar[Reads] = "halves"

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        gradients: Gradients = "parameters",
        **options: Any,
    ) -> None:
        super().__init__(weights, gradients=gradients, **options)
        refuse_features(gradients, "the two halves of a batch have no features in common")
        self.remember("shares", even_shares(len(self.names)))

    @abstractmethod
    def moved(self, products: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Return the shares after their steps, shape `(n,)`, summing to 1.

        Args:
            products: A of the n tasks that are known, shape `(n, n)`, n ≥ 2.
            shares: Theirs before, summing to 1.
        """

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return the shares of the tasks that take part, after those that are known moved."""
        kept = observed.state["shares"]
        known = np.flatnonzero(np.diag(gramian))
        tasks = observed.tasks[known]
        waiting = kept[observed.tasks].any() and not kept[tasks].any()
        if len(known) > 1 and not waiting:
            shares = self.moved(gramian[np.ix_(known, known)], shares_of(kept, tasks))
            keep_shares(kept, tasks, shares)
        return shares_of(kept, observed.tasks)

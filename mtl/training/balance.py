"""What there is to see of the balancing over an epoch: weights, gradient norms, conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

PAIRS_SHOWN = 45
"""Cosines are figures of their own up to so many pairs, those of ten tasks; the map of all of them
shows any number."""


class Balance:
    """Averages what steps report.

    Args:
        names: The trained tasks, in the order of every vector.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        count = len(self.names)
        self._weights = np.zeros(count)
        self._steps = 0
        self._norms = np.zeros(count)
        self._with_norm = np.zeros(count)
        self._cosines = np.zeros((count, count))
        self._compared = np.zeros((count, count))
        self._conflicts = 0.0
        self._steps_compared = 0

    def add(self, balance: Mapping[str, Any]) -> None:
        """Take in one step's, see `mtl.training.routes.route.Computed`."""
        self._weights += np.asarray(balance["weights"], np.float64)
        self._steps += 1
        if "gramian" not in balance:
            return
        gramian = np.asarray(balance["gramian"], np.float64)
        norms = np.sqrt(np.maximum(np.diag(gramian), 0))
        there = norms > 0
        self._norms += norms
        self._with_norm += there
        both = np.outer(there, there)
        cosines = np.divide(gramian, np.outer(norms, norms), out=np.zeros_like(gramian), where=both)
        self._cosines += cosines
        self._compared += both
        self._conflicts += _conflicts(cosines, both)
        self._steps_compared += 1

    def weights(self) -> np.ndarray:
        """Return the mean factor of each task's loss, shape `(K,)`; 0 before any step."""
        return self._weights / max(1, self._steps)

    def cosines(self) -> np.ndarray | None:
        """Return the mean cosines of the tasks' gradients, shape `(K, K)`.

        NaN where two tasks never had a gradient in the same batch; None where gradients were not
        compared.
        """
        if not self._compared.any():
            return None
        missing = self._compared == 0
        return np.where(missing, np.nan, self._cosines / np.maximum(self._compared, 1))

    def figures(self) -> dict[str, float]:
        """Return every figure by its name, `balancing/…`.

        The conflict rate is the share of pairs of tasks whose gradients point apart, cosine below
        0, averaged over the steps.
        """
        found = {
            f"balancing/weight/{name}": float(weight)
            for name, weight in zip(self.names, self.weights(), strict=True)
        }
        cosines = self.cosines()
        if cosines is None:
            return found
        counted = np.maximum(self._with_norm, 1)
        norms = np.where(self._with_norm > 0, self._norms / counted, np.nan)
        found |= {
            f"balancing/gradient_norm/{name}": float(norm)
            for name, norm in zip(self.names, norms, strict=True)
        }
        pairs = [(i, j) for j in range(len(self.names)) for i in range(j)]
        if len(pairs) <= PAIRS_SHOWN:
            found |= {
                f"balancing/cosine/{self.names[i]},{self.names[j]}": float(cosines[i, j])
                for i, j in pairs
            }
        found["balancing/conflict_rate"] = self._conflicts / self._steps_compared
        return found


def _conflicts(cosines: np.ndarray, both: np.ndarray) -> float:
    """Return the share of the pairs that could be compared whose cosine is below 0."""
    upper = np.triu(both, 1)
    pairs = upper.sum()
    return float((upper & (cosines < 0)).sum() / pairs) if pairs else 0.0

"""What there is to see of the balancing: weights, gradient norms, conflicts."""

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
        """Take in one step's, see `mtl.training.routes.route.Computed`.

        A step whose gradients overflowed, as some do where the loss is scaled, moves no weight; it
        is left out.
        """
        weights = np.asarray(balance["weights"], np.float64)
        gramian = np.asarray(balance.get("gramian", np.zeros((1, 1))), np.float64)
        if not (np.isfinite(weights).all() and np.isfinite(np.diag(gramian)).all()):
            return
        self._weights += weights
        self._steps += 1
        if "gramian" not in balance:
            return
        norms, cosines, both = _compared(gramian)
        self._norms += norms
        self._with_norm += norms > 0
        self._cosines += cosines
        self._compared += both
        rate = _conflict_rate(cosines, both)
        if not np.isnan(rate):
            self._conflicts += rate
            self._steps_compared += 1

    def weights(self) -> np.ndarray:
        """Return the mean factor of each task's loss, shape `(K,)`; 0 before any step."""
        return self._weights / max(1, self._steps)

    def cosines(self) -> np.ndarray | None:
        """Return the mean cosines of the tasks' gradients, shape `(K, K)`.

        NaN where two tasks never had a gradient in the same batch, or read no features in common;
        None where gradients were not compared.
        """
        if not self._compared.any():
            return None
        missing = self._compared == 0
        return np.where(missing, np.nan, self._cosines / np.maximum(self._compared, 1))

    def figures(self) -> dict[str, float]:
        """Return every figure by its name, `balancing/…`.

        The conflict rate is the share of pairs of tasks whose gradients point apart, cosine below
        0, averaged over the steps in which two tasks had gradients.
        """
        cosines = self.cosines()
        if cosines is None:
            return _named(self.names, self.weights())
        counted = np.maximum(self._with_norm, 1)
        norms = np.where(self._with_norm > 0, self._norms / counted, np.nan)
        rate = self._conflicts / self._steps_compared if self._steps_compared else np.nan
        return _named(self.names, self.weights(), norms, cosines, rate)


def figures_of_step(names: Sequence[str], balance: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of a single step by the names that those of an epoch have.

    Args:
        names: The trained tasks, in the order of every vector.
        balance: What the step reports, see `mtl.training.routes.route.Computed`.

    Returns:
        NaN where a task has no gradient in the batch, or two tasks have not both one or read no
        features in common.
    """
    weights = np.asarray(balance["weights"], np.float64)
    if "gramian" not in balance:
        return _named(names, weights)
    norms, cosines, both = _compared(balance["gramian"])
    compared = np.where(both, cosines, np.nan)
    shown = np.where(norms > 0, norms, np.nan)
    return _named(names, weights, shown, compared, _conflict_rate(cosines, both))


def _compared(gramian: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients' norms, their cosines, and which pairs could be compared."""
    gramian = np.asarray(gramian, np.float64)
    norms = np.sqrt(np.maximum(np.diag(gramian), 0))
    both = np.outer(norms > 0, norms > 0) & np.isfinite(gramian)
    cosines = np.divide(gramian, np.outer(norms, norms), out=np.zeros_like(gramian), where=both)
    return norms, cosines, both


def _named(
    names: Sequence[str],
    weights: np.ndarray,
    norms: np.ndarray | None = None,
    cosines: np.ndarray | None = None,
    conflict_rate: float = np.nan,
) -> dict[str, float]:
    """Return figures by their names, `balancing/…`."""
    found = {
        f"balancing/weight/{name}": float(weight)
        for name, weight in zip(names, weights, strict=True)
    }
    if norms is None or cosines is None:
        return found
    found |= {
        f"balancing/gradient_norm/{name}": float(norm)
        for name, norm in zip(names, norms, strict=True)
    }
    pairs = [(i, j) for j in range(len(names)) for i in range(j)]
    if len(pairs) <= PAIRS_SHOWN:
        found |= {f"balancing/cosine/{names[i]},{names[j]}": float(cosines[i, j]) for i, j in pairs}
    return found | {"balancing/conflict_rate": float(conflict_rate)}


def _conflict_rate(cosines: np.ndarray, both: np.ndarray) -> float:
    """Return the share of the pairs that could be compared whose cosine is below 0; NaN of none."""
    upper = np.triu(both, 1)
    pairs = upper.sum()
    return float((upper & (cosines < 0)).sum() / pairs) if pairs else np.nan

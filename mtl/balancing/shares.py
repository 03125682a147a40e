"""Shares of the tasks that a strategy learns: a point of the simplex, of which some may be absent.

Only their ratios count. In a step the shares of the tasks that take part are brought to the sum 1,
changed, and brought back to what they had together, so that it is for the others as if an absent
task did not exist, and its own share waits.
"""

from __future__ import annotations

import numpy as np


def even_shares(count: int) -> np.ndarray:
    """Return the shares that a strategy starts with."""
    return np.full(count, 1 / count)


def shares_of(kept: np.ndarray, tasks: np.ndarray) -> np.ndarray:
    """Return the shares of some tasks, summing to 1, shape `(m,)`; even ones if all are 0.

    Args:
        kept: The shares of all tasks, shape `(K,)`.
        tasks: The positions of those that take part, shape `(m,)`.
    """
    own = kept[tasks].astype(np.float64)
    return own / own.sum() if own.any() else even_shares(len(tasks))


def keep_shares(kept: np.ndarray, tasks: np.ndarray, shares: np.ndarray) -> None:
    """Change the shares of some tasks in place.

    Args:
        kept: The shares of all tasks, shape `(K,)`.
        tasks: The positions of those that take part, shape `(m,)`.
        shares: Their new shares, summing to 1, shape `(m,)`.
    """
    together = kept[tasks].sum(dtype=np.float64) or len(tasks) / len(kept)
    kept[tasks] = shares * together

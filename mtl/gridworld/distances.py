"""Exact shortest distances to the goal, and the moves that lie on shortest paths."""

from __future__ import annotations

import numpy as np

from mtl.gridworld.moves import COSTS, OFFSETS

TOLERANCE = 1e-4
"""Below this, two distances are one. Sums of ones and of roots of two differ by more as long as
paths have fewer than thousands of steps; rounding makes less."""

_CELLS_AT_ONCE = 100_000  # what stays in a processor's cache


def distances(obstacles: np.ndarray, goals: np.ndarray) -> np.ndarray:
    """Return the cost of the cheapest way from each cell to the goal.

    Bellman and Ford's method on the whole stack of maps: each sweep takes the least of what a cell
    has and of its neighbours' costs plus a step, until nothing changes.

    Args:
        obstacles: Which cells are no free ones, boolean, shape `(maps, height, width)`.
        goals: Row and column, shape `(maps, 2)`.

    Returns:
        float32, shape `(maps, height, width)`; infinite on obstacles and where no way leads.
    """
    count, height, width = obstacles.shape
    found = np.empty((count, height, width), np.float32)
    chunk = max(1, _CELLS_AT_ONCE // (height * width))
    for start in range(0, count, chunk):
        part = slice(start, start + chunk)
        _sweep_until_done(obstacles[part], goals[part], found[part])
    return found


def _sweep_until_done(obstacles: np.ndarray, goals: np.ndarray, found: np.ndarray) -> None:
    """Fill `found`; maps that no longer change leave the stack."""
    count, height, width = obstacles.shape
    current = np.full((count, height + 2, width + 2), np.inf, np.float32)
    rows = np.arange(count)
    current[rows, goals[:, 0] + 1, goals[:, 1] + 1] = 0
    walls = np.where(obstacles, np.float32(np.inf), np.float32(0))
    while rows.size:
        before = current[:, 1:-1, 1:-1]
        straight = _least(current, OFFSETS[:4]) + COSTS[0]
        diagonal = _least(current, OFFSETS[4:]) + COSTS[4]
        after = np.minimum(np.minimum(straight, diagonal) + walls, before)
        changed = (after < before).any(axis=(1, 2))
        current[:, 1:-1, 1:-1] = after
        if not changed.all():
            found[rows[~changed]] = after[~changed]
            rows, current, walls = rows[changed], current[changed], walls[changed]


def _least(padded: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the least of the neighbours that the offsets lead to."""
    least = neighbours(padded, offsets[0]).copy()
    for offset in offsets[1:]:
        np.minimum(least, neighbours(padded, offset), out=least)
    return least


def neighbours(padded: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return what stands at an offset from each cell of maps that are padded by one cell.

    Args:
        padded: Shape `(maps, height + 2, width + 2)`.
        offset: Row and column, each -1, 0 or 1.

    Returns:
        A view, shape `(maps, height, width)`.
    """
    down, right = int(offset[0]), int(offset[1])
    height, width = padded.shape[1] - 2, padded.shape[2] - 2
    return padded[:, 1 + down : 1 + down + height, 1 + right : 1 + right + width]


def optimal_moves(distance: np.ndarray) -> np.ndarray:
    """Return which moves are the first of a shortest path.

    Args:
        distance: What `distances` gives.

    Returns:
        Boolean, shape `(maps, height, width, 8)`; none at the goal and where no way leads to it.
    """
    padded = np.pad(distance, ((0, 0), (1, 1), (1, 1)), constant_values=np.inf)
    some = np.isfinite(distance) & (distance > 0)
    bound = np.where(some, distance, -np.inf).astype(np.float32) + np.float32(TOLERANCE)
    return np.stack(
        [
            neighbours(padded, offset) + cost <= bound
            for offset, cost in zip(OFFSETS, COSTS, strict=True)
        ],
        axis=-1,
    )

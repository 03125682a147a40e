"""Walks that follow a policy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtl.gridworld.moves import COSTS, OFFSETS


@dataclass(frozen=True)
class Walks:
    """Where a policy leads from several starts on each map.

    Attributes:
        cells: Rows and columns, shape `(maps, starts, most steps + 1, 2)`; a walk that has come to
            an end stays where it is.
        steps: How many steps each walk took, shape `(maps, starts)`.
        costs: What they cost, float64, shape `(maps, starts)`: as many ones and roots of two cost
            the same in any order.
        arrived: Whether the walk ends at the goal, shape `(maps, starts)`.
    """

    cells: np.ndarray
    steps: np.ndarray
    costs: np.ndarray
    arrived: np.ndarray


def walk(
    policy: np.ndarray,
    obstacles: np.ndarray,
    goals: np.ndarray,
    starts: np.ndarray,
    most: np.ndarray | int,
) -> Walks:
    """Follow a policy until the goal, or until a walk has had all its steps.

    A move into an obstacle, or out of the map, leaves the walk where it is and counts as a step.

    Args:
        policy: The move in each cell, 0 to 7, shape `(maps, height, width)`.
        obstacles: Boolean, shape `(maps, height, width)`.
        goals: Rows and columns, shape `(maps, 2)`.
        starts: Rows and columns, shape `(maps, starts, 2)`.
        most: How many steps a walk may take, shape `(maps, starts)` or a number.
    """
    maps = np.arange(len(obstacles))[:, np.newaxis]
    limit = np.broadcast_to(np.asarray(most), starts.shape[:2])
    free = np.pad(~obstacles, ((0, 0), (1, 1), (1, 1)))
    here = starts.astype(np.int64)
    cells = [here]
    steps = np.zeros(starts.shape[:2], np.int64)
    diagonal = np.zeros(starts.shape[:2], np.int64)
    arrived = (here == goals[:, np.newaxis]).all(axis=2)
    while (going := ~arrived & (steps < limit)).any():
        move = policy[maps, here[..., 0], here[..., 1]]
        there = here + OFFSETS[move]
        open_ = free[maps, there[..., 0] + 1, there[..., 1] + 1]
        here = np.where((going & open_)[..., np.newaxis], there, here)
        cells.append(here)
        steps += going
        diagonal += going & (COSTS[move] > 1)
        arrived = (here == goals[:, np.newaxis]).all(axis=2)
    costs = (steps - diagonal) + np.sqrt(2.0) * diagonal
    return Walks(np.stack(cells, axis=2), steps, costs, arrived)

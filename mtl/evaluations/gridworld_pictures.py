"""Pictures of maps: what a network makes of their cells, and paths on them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

OBSTACLE = (60, 60, 60)
FREE = (255, 255, 255)
GOAL = (30, 150, 60)
START = (30, 90, 200)
EXPERT = (150, 180, 220)
POLICY = (225, 100, 20)
# From low to high: dark blue, teal, green, yellow. Lightness rises all along.
SCALE = np.array([(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)])
PICTURE_SIZE = 224
GAP = 8


def heat(values: np.ndarray, obstacles: np.ndarray) -> np.ndarray:
    """Return one map's values as colours, from the least to the largest of its free cells.

    Args:
        values: Shape `(height, width)`.
        obstacles: Cells that are grey instead, shape `(height, width)`.

    Returns:
        uint8, shape `(pixels, pixels, 3)`.
    """
    free = values[~obstacles] if (~obstacles).any() else values
    least, largest = float(free.min()), float(free.max())
    place = np.clip((values - least) / (largest - least if largest > least else 1.0), 0, 1)
    steps = np.linspace(0, 1, len(SCALE))
    colours = np.stack([np.interp(place, steps, SCALE[:, channel]) for channel in range(3)], -1)
    return _enlarged(np.where(obstacles[..., np.newaxis], OBSTACLE, np.rint(colours)))


def paths(
    obstacles: np.ndarray, goal: np.ndarray, expert: np.ndarray, policy: np.ndarray
) -> np.ndarray:
    """Return one map with the expert's path and over it that of a policy, from the same start.

    Args:
        obstacles: Shape `(height, width)`.
        goal: Row and column.
        expert: Rows and columns of the cells, shape `(cells, 2)`.
        policy: The same of the policy.

    Returns:
        uint8, shape `(pixels, pixels, 3)`.
    """
    picture = _enlarged(np.where(obstacles[..., np.newaxis], OBSTACLE, FREE))
    cell = len(picture) // len(obstacles)
    _draw(picture, expert, cell, EXPERT, max(1, cell // 4))
    _draw(picture, policy, cell, POLICY, max(1, cell // 10))
    for place, colour in ((expert[0], START), (goal, GOAL)):
        _draw(picture, place[np.newaxis], cell, colour, max(1, cell // 3))
    return picture


def strip(pictures: list[np.ndarray]) -> np.ndarray:
    """Return pictures of one height beside each other."""
    gap = np.full((len(pictures[0]), GAP, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)][1:]
    return np.concatenate(parts, axis=1)


def _enlarged(colours: np.ndarray) -> np.ndarray:
    cell = max(1, PICTURE_SIZE // max(colours.shape[:2]))
    return colours.astype(np.uint8).repeat(cell, axis=0).repeat(cell, axis=1)


def _draw(
    picture: np.ndarray, cells: np.ndarray, cell: int, colour: tuple[int, int, int], radius: int
) -> None:
    """Draw a line through the middles of cells, as squares so close that they touch."""
    middles = cells * cell + cell // 2
    fractions = np.linspace(0, 1, cell, endpoint=False)[:, np.newaxis]
    between = [a + fractions * (b - a) for a, b in pairwise(middles)]
    for row, column in np.concatenate([*between, middles[-1:]]).astype(int):
        top, left = max(row - radius, 0), max(column - radius, 0)
        picture[top : row + radius + 1, left : column + radius + 1] = colour

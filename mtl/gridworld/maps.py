"""Random maps and random starts."""

from __future__ import annotations

import numpy as np

from mtl.gridworld.distances import distances

GOAL_PRIOR = 10
"""What the second channel of a map holds at the goal, as in the paper's files; 0 elsewhere."""

_ATTEMPTS = 100


def random_maps(
    random: np.random.Generator, count: int, *, size: int, obstacles: int, obstacle_size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw maps on which at least one cell leads to the goal.

    Each map is square, its border is obstacles, its goal any inner cell. It gets from 1 to
    `obstacles` obstacles, rectangles with sides and discs with a diameter from 1 to
    `obstacle_size`, anywhere; one that would cover the goal is left out.

    Returns:
        Which cells are obstacles, boolean, shape `(count, size, size)`; the goals' rows and
        columns, shape `(count, 2)`; and the distances to them, see `distances`.

    Raises:
        ValueError: Obstacles are so many that hardly any map has a way to its goal.
    """
    shape = {"size": size, "obstacles": obstacles, "obstacle_size": obstacle_size}
    blocked, goals = _draw(random, count, **shape)
    distance = distances(blocked, goals)
    for _ in range(_ATTEMPTS):
        closed = np.flatnonzero(np.isfinite(distance).sum(axis=(1, 2)) < 2)
        if not closed.size:
            return blocked, goals, distance
        blocked[closed], goals[closed] = _draw(random, closed.size, **shape)
        distance[closed] = distances(blocked[closed], goals[closed])
    raise ValueError(f"on {closed.size} of {count} maps none was there after {_ATTEMPTS} draws")


def _draw(
    random: np.random.Generator, count: int, *, size: int, obstacles: int, obstacle_size: int
) -> tuple[np.ndarray, np.ndarray]:
    goals = random.integers(1, size - 1, (count, 2))
    present = np.arange(obstacles) < random.integers(1, obstacles + 1, count)[:, np.newaxis]
    top, left = random.integers(0, size, (2, count, obstacles))
    height, width = random.integers(1, obstacle_size + 1, (2, count, obstacles))
    disc = random.random((count, obstacles)) < 0.5
    width = np.where(disc, height, width)

    def covers(down: np.ndarray | int, right: np.ndarray | int) -> np.ndarray:
        """Whether each obstacle covers the cell that far from its upper left corner."""
        box = (down >= 0) & (down < height) & (right >= 0) & (right < width)
        from_middle = (2 * down - height + 1) ** 2 + (2 * right - width + 1) ** 2
        return box & (~disc | (from_middle <= (height - 1) ** 2 + 1))

    present &= ~covers(goals[:, :1] - top, goals[:, 1:] - left)
    blocked = np.zeros((count, size + obstacle_size, size + obstacle_size), bool)
    for down in range(obstacle_size):
        for right in range(obstacle_size):
            at, number = np.nonzero(present & covers(down, right))
            blocked[at, top[at, number] + down, left[at, number] + right] = True
    blocked = np.ascontiguousarray(blocked[:, :size, :size])
    blocked[:, [0, -1]] = blocked[:, :, [0, -1]] = True
    return blocked, goals


def random_starts(random: np.random.Generator, distance: np.ndarray, count: int) -> np.ndarray:
    """Draw cells from which a way leads to the goal, each with equal chance, with repetition.

    Args:
        random: Where chance comes from.
        distance: What `distances` gives, shape `(maps, height, width)`.
        count: How many a map.

    Returns:
        Rows and columns, shape `(maps, count, 2)`.

    Raises:
        ValueError: A map has no such cell.
    """
    maps, _, width = distance.shape
    possible = (np.isfinite(distance) & (distance > 0)).reshape(maps, -1)
    closed = np.flatnonzero(~possible.any(axis=1))
    if closed.size:
        raise ValueError(f"Expected a cell with a way to the goal. Received: none on map {closed}")
    order = np.argsort(~possible, axis=1, kind="stable")
    chosen = random.random((maps, count)) * possible.sum(axis=1, keepdims=True)
    cells = np.take_along_axis(order, chosen.astype(np.int64), axis=1)
    return np.stack(np.divmod(cells, width), axis=-1)


def channels(obstacles: np.ndarray, goals: np.ndarray) -> np.ndarray:
    """Return what a network sees: obstacles (1, else 0) and the goal (`GOAL_PRIOR`, else 0).

    Returns:
        uint8, shape `(maps, height, width, 2)`.
    """
    prior = np.zeros(obstacles.shape, np.uint8)
    prior[np.arange(len(goals)), goals[:, 0], goals[:, 1]] = GOAL_PRIOR
    return np.stack([obstacles.astype(np.uint8), prior], axis=-1)


def from_channels(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the obstacles and the goals of what `channels` made, whatever its numbers' scale."""
    prior = maps[..., 1].reshape(len(maps), -1)
    goals = np.stack(np.divmod(prior.argmax(axis=1), maps.shape[2]), axis=-1)
    return maps[..., 0] > 0, goals


def same_maps(maps: np.ndarray) -> np.ndarray:
    """Return for each map the position of the first one that equals it, shape `(maps,)`."""
    flat = np.ascontiguousarray(maps.reshape(len(maps), -1))
    rows = flat.view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1]))).ravel()
    _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    return first[inverse]

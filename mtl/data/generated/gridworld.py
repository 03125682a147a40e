"""Generated grid worlds with states on shortest paths and the moves that experts make there."""

from __future__ import annotations

import numpy as np
import polars as pl

from mtl.data.generated.base import Generated, check_least
from mtl.errors import DataError
from mtl.gridworld.distances import optimal_moves
from mtl.gridworld.maps import channels, random_maps, random_starts, same_maps
from mtl.gridworld.walks import walk
from mtl.registry import generator

LEAST = {"maps": 1, "size": 4, "obstacles": 1, "obstacle_size": 1, "starts": 1, "states": 1}


@generator("gridworld")
def gridworld(
    *,
    maps: int = 8000,
    size: int = 8,
    obstacles: int = 30,
    obstacle_size: int = 1,
    starts: int = 7,
    states: int = 24,
    seed: int = 0,
) -> Generated:
    """Return maps, each with states on shortest paths to its goal and the expert's moves.

    A map is square; its border is obstacles, its goal any other cell. It has from 1 to `obstacles`
    obstacles, rectangles and discs, but none on the goal. From each start the expert takes a
    shortest path: of the best moves the first in the order N, S, E, W, NE, NW, SE, SW. Of the
    states on these paths, the goal apart, `states` are chosen by chance; where there are fewer,
    some stand several times.

    With sizes 8, 16 and 28, up to 30, 50 and 60 obstacles of sizes 1, 2 and 4 cover about a fifth
    of the cells.

    Args:
        maps: How many, 1 or more; 10,000 of size 8, 16, 28 take 0.3, 1 and 4 seconds.
        size: Rows and columns, 4 or more.
        obstacles: The most on one map, 1 or more.
        obstacle_size: The longest side of a rectangle and the largest diameter of a disc, 1 or
            more.
        starts: Paths a map, 1 or more.
        states: States a map, 1 or more.
        seed: 0 or more.

    Returns:
        A table with one row a map: `map` (uint8, shape `(size, size, 2)`: obstacles are 1; the goal
        is 10 in the second channel), `state` (int32, shape `(states, 2)`: row and column), `action`
        (int32, shape `(states,)`: 0 to 7 in the order above), and `world` (equal maps have equal
        numbers, so that a split can keep them together).

    Raises:
        DataError: An argument is out of range, or obstacles leave hardly any way to a goal.

    Source: Tamar et al. 2016, Value Iteration Networks, section 5.1.
    """
    given = {"maps": maps, "size": size, "obstacles": obstacles, "obstacle_size": obstacle_size}
    given |= {"starts": starts, "states": states, "seed": seed}
    check_least("gridworld", given, LEAST)
    random = np.random.default_rng(seed)
    try:
        blocked, goals, distance = random_maps(
            random, maps, size=size, obstacles=obstacles, obstacle_size=obstacle_size
        )
    except ValueError as error:
        raise DataError(
            f"gridworld finds hardly any map of size={size} with a way to its goal: {error}. "
            f"Expected less than obstacles={obstacles} of obstacle_size={obstacle_size}."
        ) from error
    policy = optimal_moves(distance).argmax(axis=-1)
    paths = walk(policy, blocked, goals, random_starts(random, distance, starts), size * size)
    before_goal = np.arange(paths.cells.shape[2]) < paths.steps[..., np.newaxis]
    state = _choose(random, paths.cells.reshape(maps, -1, 2), before_goal.reshape(maps, -1), states)
    rows = np.arange(maps)[:, np.newaxis]
    action = policy[rows, state[..., 0], state[..., 1]]
    seen = channels(blocked, goals)
    table = pl.DataFrame(
        [
            pl.Series("map", seen),
            pl.Series("state", state.astype(np.int32)),
            pl.Series("action", action.astype(np.int32)),
            pl.Series("world", same_maps(seen)),
        ]
    )
    return Generated(table)


def _choose(
    random: np.random.Generator, cells: np.ndarray, possible: np.ndarray, count: int
) -> np.ndarray:
    """Return as many of each map's possible cells as wanted, all of them before one repeats.

    Args:
        random: Where chance comes from.
        cells: Shape `(maps, cells, 2)`.
        possible: Shape `(maps, cells)`, one true at least.
        count: How many.

    Returns:
        Shape `(maps, count, 2)`.
    """
    order = np.argsort(random.random(possible.shape) + ~possible, axis=1)
    places = np.arange(count) % possible.sum(axis=1, keepdims=True)
    chosen = np.take_along_axis(order, places, axis=1)
    return np.take_along_axis(cells, chosen[..., np.newaxis], axis=1)

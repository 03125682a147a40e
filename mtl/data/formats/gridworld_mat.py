"""The grid worlds of the paper on value iteration networks, as MATLAB files."""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mtl.data.formats.files import opened
from mtl.errors import DataError
from mtl.gridworld.maps import same_maps
from mtl.gridworld.moves import NAMES

ARRAYS = (
    "batch_im_data",
    "batch_value_data",
    "state_x_data",
    "state_y_data",
    "batch_label_data",
)
GOALS = "as the number of goals. Expected 1: one cell that is not 0."
COLUMNS = ("map", "state", "action", "world")


def read(path: Path) -> pl.DataFrame:
    """Return the rows of a training file such as `gridworld_8.mat`.

    Each row is one map and ten states on shortest paths, with the expert's moves: the columns of
    `mtl.data.generated.gridworld`. A map has several rows where its paths have more states, all
    with one number in `world`, and the last of them repeats states to have ten.

    Args:
        path: The file, with `batch_im_data` (1 where a cell is free), `batch_value_data` (10 at the
            goal), both with one square map a row; `state_x_data` (rows) and `state_y_data`
            (columns); and `batch_label_data` (0 to 7: N, S, E, W, NE, NW, SE, SW).

    Raises:
        DataError: It cannot be read, its arrays are not these, a map has no goal or several, or a
            state or a move does not exist.

    Source: Tamar et al. 2016, Value Iteration Networks; github.com/avivt/VIN.
    """
    free, prior, rows, columns, label = _arrays(path)
    shapes = [each.shape for each in (free, prior, rows, columns, label)]
    size = math.isqrt(free[:1].size)
    if shapes[0] != (len(label), size * size) or shapes[1] != shapes[0] or len({*shapes[2:]}) > 1:
        raise DataError(
            f"{path} holds arrays of shapes {shapes}, in the order {', '.join(ARRAYS)}. Expected "
            "one square map a row in the first two, and in the others as many states for each."
        )
    goals = np.count_nonzero(prior, axis=1)
    _refuse(path, goals != 1, "batch_value_data", goals, GOALS)
    for name, values in (("state_x_data", rows), ("state_y_data", columns)):
        expected = f"as a state. Expected 0 to {size - 1}, inside the map."
        _refuse(path, ~np.isin(values, np.arange(size)), name, values, expected)
    expected = f"as a move. Expected 0 to {len(NAMES) - 1}: {', '.join(NAMES)}."
    _refuse(path, ~np.isin(label, np.arange(len(NAMES))), "batch_label_data", label, expected)
    square = (len(free), size, size)
    seen = np.stack([(free == 0).reshape(square), prior.reshape(square)], axis=-1).astype(np.uint8)
    return pl.DataFrame(
        [
            pl.Series("map", seen),
            pl.Series("state", np.stack([rows, columns], axis=-1).astype(np.int32)),
            pl.Series("action", label.astype(np.int32)),
            pl.Series("world", same_maps(seen)),
        ]
    )


def _refuse(path: Path, wrong: np.ndarray, name: str, values: np.ndarray, expected: str) -> None:
    """Raise DataError where anything is wrong, naming the first row of an array and its value."""
    places = np.argwhere(wrong)
    if len(places):
        place = tuple(places[0])
        raise DataError(
            f"{path} has in {name}, row {place[0] + 1}, the value {values[place]} {expected}"
        )


def _arrays(path: Path) -> list[np.ndarray]:
    from scipy.io import loadmat

    with opened(path) as file:
        try:
            content: dict[str, Any] = loadmat(file)
        except (ValueError, TypeError, NotImplementedError, OSError, zlib.error) as error:
            raise DataError(f"{path} is no MATLAB file that can be read: {error}.") from error
    found = [content.get(name) for name in ARRAYS]
    absent = [name for name, array in zip(ARRAYS, found, strict=True) if array is None]
    if absent:
        held = sorted(name for name in content if not name.startswith("__"))
        raise DataError(
            f"{path} has no array called {' or '.join(absent)}. It holds: "
            f"{', '.join(held) or 'nothing'}. Expected a training file of the paper's grid worlds, "
            "such as gridworld_8.mat."
        )
    return [np.asarray(array) for array in found]

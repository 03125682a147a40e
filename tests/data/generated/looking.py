"""Telling what is on a generated picture, from its pixels alone."""

from __future__ import annotations

import numpy as np

from mtl.data.generated.drawing import COLOURS

PALE = 225


def seen(picture: np.ndarray) -> dict[str, tuple[str, tuple[float, float]]]:
    """Return for each colour on a picture the shape that has it, and the middle of its box (x, y).

    A rectangle fills its box, a circle π / 4 of it, a triangle half; a triangle's upper half has a
    quarter of its pixels, a circle's one half.
    """
    own = picture[picture.min(axis=-1) < PALE]
    found = {}
    for exact in np.unique(own, axis=0):
        distances = {name: np.abs(exact - np.array(rgb)).max() for name, rgb in COLOURS.items()}
        name = min(distances, key=distances.__getitem__)
        assert distances[name] <= 15
        assert name not in found, "two shapes of one colour"
        rows, columns = np.nonzero((picture == exact).all(axis=-1))
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        upper = (rows < rows.min() + height / 2).mean()
        if len(rows) == height * width:
            shape = "rectangle"
        else:
            shape = "triangle" if upper < 0.4 else "circle"
        found[name] = shape, (columns.min() + width / 2, rows.min() + height / 2)
    return found

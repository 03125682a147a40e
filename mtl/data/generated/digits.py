"""Scikit-learn's handwritten digits, which come with it."""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.datasets import load_digits

from mtl.data.generated.base import Generated, check_least
from mtl.errors import DataError
from mtl.registry import generator

BRIGHTEST = 16


@generator("digits")
def digits(*, rows: int | None = None, seed: int = 0) -> Generated:
    """Return handwritten digits of 8 × 8 pixels.

    Args:
        rows: How many, drawn at random, 1 to 1797; null for all, in scikit-learn's order.
        seed: Of the draw, 0 or more.

    Returns:
        A table of `image` (uint8, shape `(8, 8)`, 255 is ink; the original's 0 to 16 are scaled and
        rounded) and `label` (0 to 9).

    Raises:
        DataError: An argument is out of range.

    Source: UCI, Optical Recognition of Handwritten Digits (the test part), by way of
    `sklearn.datasets.load_digits`.
    """
    images, labels = load_digits(return_X_y=True)
    if rows is not None and not 1 <= rows <= len(labels):
        raise DataError(f"digits has rows={rows}. Expected 1 to {len(labels)}, or null for all.")
    check_least("digits", {"seed": seed})
    scaled = np.rint(images.reshape(-1, 8, 8) * (255 / BRIGHTEST)).astype(np.uint8)
    if rows is not None:
        chosen = np.random.default_rng(seed).permutation(len(labels))[:rows]
        scaled, labels = scaled[chosen], labels[chosen]
    return Generated(pl.DataFrame([pl.Series("image", scaled), pl.Series("label", labels)]))

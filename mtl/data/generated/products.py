"""Generated vectors whose target is a product of a few functions of them."""

from __future__ import annotations

import numpy as np
import polars as pl

from mtl.data.generated.base import Generated, check_least
from mtl.registry import generator

FACTORS = 3
SHIFT = 0.8
WORLD_SEED = 19


@generator("products")
def products(
    *, rows: int = 20_000, size: int = 75, noise: float = 0.05, seed: int = 0
) -> Generated:
    """Return vectors and a product of three factors of each.

        y = 2 · Π_k tanh(0.8 + u_k · x) + ε   over k = 1, 2, 3

    with x standard normal, each u_k of length 1 and at right angles to the others, and ε normal.
    The u_k are the same for every `seed`, so that a model trained on one table can be used on
    another.

    Args:
        rows: How many, 1 or more.
        size: Numbers in a vector, 3 or more.
        noise: Standard deviation of ε, 0 or more. That of the product is about 0.7, so at 0.05 the
            best possible R² is about 0.99.
        seed: Of the vectors and of ε, 0 or more.

    Returns:
        A table of `x` (float32 arrays of shape `(size,)`) and `y`.

    Raises:
        DataError: An argument is out of range.
    """
    given = {"rows": rows, "size": size, "noise": noise, "seed": seed}
    check_least("products", given, {"rows": 1, "size": FACTORS})
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, size)).astype(np.float32)
    y = product_of(x) + noise * random.normal(size=rows)
    return Generated(pl.DataFrame([pl.Series("x", x), pl.Series("y", y)]))


def product_of(x: np.ndarray) -> np.ndarray:
    """Return y without ε, shape `(rows,)`.

    Args:
        x: Shape `(rows, size)`.
    """
    directions = np.random.default_rng(WORLD_SEED).normal(size=(x.shape[1], FACTORS))
    right_angled, _ = np.linalg.qr(directions)
    return 2 * np.tanh(SHIFT + x @ right_angled).prod(axis=1)

"""Generated numbers with the exact results of a few operations on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from mtl.data.generated.base import Generated, check_least
from mtl.registry import generator

LARGEST = 9


@generator("operations")
def operations(
    *,
    rows: int = 200,
    size: int = 3,
    columns: int = 2,
    vector: Sequence[float] = (1.0, 2.0, 3.0),
    seed: int = 0,
) -> Generated:
    """Return vectors and matrices of whole numbers from -9 to 9, and what operations make of them.

    Whole numbers are exact in float32, so a graph that computes an operation has no loss at all.

    Args:
        rows: How many, 1 or more.
        size: Numbers in a vector, 1 or more.
        columns: Of a matrix, 1 or more; it has as many rows as `vector` has numbers.
        vector: What each matrix is multiplied by, on the left.
        seed: Of the numbers, 0 or more.

    Returns:
        A table of `x_1` and `x_2` (float32 arrays of shape `(size,)`), `matrix` (float32, shape
        `(len(vector), columns)`), and by columns of one number each `absolute_0`, … (|x_1|),
        `absolute_sum_0`, … (|x_1| + |x_2|) and `vector_matrix_0`, … (vector · matrix).

    Raises:
        DataError: An argument is out of range.
    """
    counts = {"rows": rows, "size": size, "columns": columns, "len(vector)": len(vector)}
    check_least("operations", {**counts, "seed": seed}, dict.fromkeys(counts, 1))
    random = np.random.default_rng(seed)

    def whole(*shape: int) -> np.ndarray:
        return random.integers(-LARGEST, LARGEST + 1, (rows, *shape)).astype(np.float32)

    first, second, matrix = whole(size), whole(size), whole(len(vector), columns)
    results = {
        "absolute": np.abs(first),
        "absolute_sum": np.abs(first) + np.abs(second),
        "vector_matrix": np.einsum("k,rkc->rc", np.asarray(vector, dtype=np.float64), matrix),
    }
    given = [pl.Series("x_1", first), pl.Series("x_2", second), pl.Series("matrix", matrix)]
    targets = [
        pl.Series(f"{name}_{place}", numbers)
        for name, values in results.items()
        for place, numbers in enumerate(values.T)
    ]
    return Generated(pl.DataFrame([*given, *targets]))

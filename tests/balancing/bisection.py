"""The projection on the simplex, found another way than the strategies do."""

import numpy as np


def projected(v):
    """Return the nearest point of the simplex, by bisection for the τ in Σ max(v − τ, 0) = 1."""
    low, high = v.min() - 1, v.max()
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(v - middle, 0).sum() > 1 else (low, middle)
    return np.maximum(v - low, 0)

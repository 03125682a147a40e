"""The eight moves."""

from __future__ import annotations

import numpy as np

NAMES = ("N", "S", "E", "W", "NE", "NW", "SE", "SW")
OFFSETS = np.array([(-1, 0), (1, 0), (0, 1), (0, -1), (-1, 1), (-1, -1), (1, 1), (1, -1)])
"""What each move adds to row and column, shape `(8, 2)`."""

COSTS = np.sqrt(np.abs(OFFSETS).sum(axis=1)).astype(np.float32)
"""What each move costs, shape `(8,)`: 1 or √2."""

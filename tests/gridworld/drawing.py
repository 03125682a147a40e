"""Maps drawn with characters, for tests."""

import numpy as np


def read_map(*lines):
    """Return obstacles (#) and goal (G) of one map, as stacks of one."""
    cells = np.array([list(line) for line in lines])
    return (cells == "#")[np.newaxis], np.argwhere(cells == "G")

import time

import numpy as np


def milliseconds(solve, problems, repeats=5):
    """Return how long `solve(*problem)` takes at best, as the median over the problems."""
    best = []
    for problem in problems:
        taken = []
        for _ in range(repeats):
            start = time.perf_counter()
            solve(*problem)
            taken.append(time.perf_counter() - start)
        best.append(min(taken))
    return 1e3 * np.median(best)

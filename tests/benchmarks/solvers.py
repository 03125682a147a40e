"""How long each strategy's solver takes, and how far its answer is from an independent one.

    python tests/benchmarks/solvers.py [--tasks 2 8 32] [--strategies …]
        [--repeats 10] [--cpu] [--families]

Gramians of several families, three of each: of full rank, of half the rank, of gradients whose
lengths span six orders of magnitude, of pairs of gradients that are nearly the same, and near a
point where a positive combination of the gradients is 0. Printed for each strategy and number of
tasks: milliseconds a solve as the training step makes it (median and 95th percentile), and the
largest gap with the family that has it:

* `mgda`, `cagrad`: by how much, as a part of it (or of a millionth of the trace, if that is
  more), the objective misses the best, which SciPy's non-negative least squares find from the
  gradients themselves.
* `upgrad`, `dual_projection`, `aligned`: how far the update is from that of non-negative least
  squares, or of a singular value decomposition, of the gradients, beside its length.
* `nash`, `fairgrad`: by how much a task's w_k (Gw)_k is another than the tasks' mean, with the
  ridge or without it.
* `imtl_g`, `config_conflict_free`: how far the cosines of the update with the gradients are from
  as equal as can be, by least squares; nothing where the update is 0 beside what it is made of.
  They leave out what is 0 in single precision, a hundredth of a percent.

Where TorchJD is installed (`pip install torchjd`) its weights of the same matrices are put to the
same questions.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import scipy.linalg
import scipy.optimize

from mtl.registry import balancers
from tests.balancing.matrices import normal, rescaled, strongly_stationary

C = 0.5
REGULARISATION = 1e-4
RIDGE = 1e-8
# Beside the gradients that it is made of, below which an update counts as 0.
CANCELLED = 1e-3
# Beside the trace: a gap is a part of the objective, or of so much where that is less.
NOTHING = 1e-6
PARAMETERS: dict[str, dict[str, Any]] = {"cagrad": {"c": C}, "nash": {"maximum_norm": None}}
Weights = Callable[[np.ndarray, np.ndarray], np.ndarray]


def jacobians(tasks: int) -> Iterator[tuple[str, np.ndarray]]:
    width = 4 * tasks
    for seed in range(3):
        random = np.random.default_rng((tasks, seed))
        full = normal(tasks, width, tasks, seed)
        yield "full rank", full
        yield "half rank", normal(tasks, width, max(1, tasks // 2), seed)
        yield "lengths", rescaled(full, seed)
        pairs = full[np.arange(tasks) // 2 * 2]
        yield "near-duplicate", pairs + 1e-3 * random.normal(size=full.shape)
        stationary = strongly_stationary(tasks, width, seed)
        yield "near-stationary", stationary + 1e-4 * random.normal(size=full.shape)


def shortest(rows: np.ndarray) -> np.ndarray:
    """Return the w in the simplex with the least ‖Σ_k w_k row_k‖.

    It is, up to a factor, the y ≥ 0 with the least ‖Σ_k y_k row_k‖² + (Σ_k y_k − 1)².
    """
    rows = rows / np.linalg.norm(rows, axis=1).max()
    system = np.vstack([rows.T, np.ones(len(rows))])
    found, _ = scipy.optimize.nnls(system, np.append(np.zeros(rows.shape[1]), 1.0), maxiter=10_000)
    return found / found.sum()


def projected(rows: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Return the v ≥ u with the least vᵀHv, H the Gramian over its trace and regularised."""
    root = np.hstack([rows / np.linalg.norm(rows), np.sqrt(REGULARISATION) * np.eye(len(rows))]).T
    added, _ = scipy.optimize.nnls(root, -root @ lower, maxiter=10_000)
    return lower + added


def apart(rows: np.ndarray, weights: np.ndarray, expected: np.ndarray) -> float:
    return np.linalg.norm(rows.T @ (weights - expected)) / np.linalg.norm(rows.T @ expected)


def gap_of_mgda(rows: np.ndarray, weights: np.ndarray) -> float:
    best = np.linalg.norm(rows.T @ shortest(rows)) ** 2
    missed = np.linalg.norm(rows.T @ weights) ** 2 - best
    return missed / max(best, NOTHING * np.linalg.norm(rows) ** 2)


def gap_of_cagrad(rows: np.ndarray, weights: np.ndarray) -> float:
    """How much less than the most the slowest task gains, for updates in the ball."""
    mean = rows.mean(axis=0)
    radius = C * np.linalg.norm(mean)

    def bound(logarithm: float) -> float:
        # For a length τ of g_w the problem is the shortest mean of the rows moved by τ g₀ / r.
        moved = rows + np.exp(logarithm) / radius * mean
        combined = rows.T @ shortest(moved)
        return combined @ mean + radius * np.linalg.norm(combined)

    longest = np.log(np.linalg.norm(rows, axis=1).max())
    found = scipy.optimize.minimize_scalar(
        bound, bounds=(longest - 30, longest + 1), method="bounded", options={"xatol": 1e-9}
    )
    update = rows.T @ weights
    update = mean + (update - mean) * min(1.0, radius / max(np.linalg.norm(update - mean), 1e-300))
    missed = found.fun - (rows @ update).min()
    return missed / max(abs(found.fun), NOTHING * np.linalg.norm(rows) ** 2)


def gap_of_upgrad(rows: np.ndarray, weights: np.ndarray) -> float:
    each = [projected(rows, lower) for lower in np.eye(len(rows))]
    return apart(rows, weights, np.mean(each, axis=0))


def gap_of_dual_projection(rows: np.ndarray, weights: np.ndarray) -> float:
    return apart(rows, weights, projected(rows, np.full(len(rows), 1 / len(rows))))


def gap_of_aligned(rows: np.ndarray, weights: np.ndarray) -> float:
    left, singular, _ = scipy.linalg.svd(rows, full_matrices=False)
    kept = singular**2 > singular[0] ** 2 * len(rows) * np.finfo(np.float32).eps
    left, singular = left[:, kept], singular[kept]
    return apart(rows, weights, left @ (left.mean(axis=0) * singular.min() / singular))


def gap_of_nash(rows: np.ndarray, weights: np.ndarray) -> float:
    product, squares = rows @ (rows.T @ weights), (rows**2).sum(axis=1)
    both = [weights * (product + ridge * squares * weights) for ridge in (0.0, RIDGE)]
    return min(np.abs(gains / gains.mean() - 1).max() for gains in both)


def gap_of_equal_angles(rows: np.ndarray, weights: np.ndarray) -> float:
    """How far the projections on the update are from 1, as the least squares leave them."""
    lengths = np.linalg.norm(rows, axis=1)
    units = rows / lengths[:, np.newaxis]
    update = rows.T @ weights
    if np.linalg.norm(update) <= CANCELLED * (np.abs(weights) @ lengths):
        return np.nan
    slope, goal = units.T @ (units @ update), units.T @ np.ones(len(rows))
    return np.linalg.norm(goal - slope * (goal @ slope) / (slope @ slope)) / np.linalg.norm(goal)


GAPS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "mgda": gap_of_mgda,
    "cagrad": gap_of_cagrad,
    "upgrad": gap_of_upgrad,
    "dual_projection": gap_of_dual_projection,
    "nash": gap_of_nash,
    "fairgrad": gap_of_nash,
    "imtl_g": gap_of_equal_angles,
    "aligned": gap_of_aligned,
    "config_conflict_free": gap_of_equal_angles,
}


@cache
def ours(name: str, tasks: int) -> Weights:
    kind = balancers.get(name)
    strategy = kind(
        {f"task_{k}": 1.0 for k in range(tasks)},
        normalise=kind.scale,
        **PARAMETERS.get(name, {}),
    )
    losses, present = np.ones(tasks), np.ones(tasks, bool)
    return lambda rows, gramian: strategy.weights_of(losses, present, gramian, 0, {})


@cache
def theirs(name: str, tasks: int) -> Weights | None:
    """TorchJD's weights; those of ConFIG are read off its update."""
    try:
        import torch
        from torchjd import aggregation
    except ImportError:
        return None
    torch.set_num_threads(1)
    kinds: dict[str, Callable[[], Any]] = {
        "mgda": aggregation.MGDAWeighting,
        "cagrad": lambda: aggregation.CAGradWeighting(c=C),
        "upgrad": aggregation.UPGradWeighting,
        "dual_projection": aggregation.DualProjWeighting,
        "nash": lambda: aggregation.NashMTL(n_tasks=tasks),
        "fairgrad": lambda: aggregation.FairGradWeighting(alpha=1.0),
        "imtl_g": aggregation.IMTLGWeighting,
        "aligned": aggregation.AlignedMTLWeighting,
        "config_conflict_free": aggregation.ConFIG,
    }
    try:
        made = kinds[name]()
    except ImportError:  # an extra of TorchJD's
        return None
    if name in {"nash", "config_conflict_free"}:

        def weights(rows: np.ndarray, gramian: np.ndarray) -> np.ndarray:
            update = made(torch.from_numpy(rows)).numpy()
            return scipy.linalg.lstsq(rows.T, update)[0]

        return weights
    return lambda rows, gramian: made(torch.from_numpy(gramian)).numpy()


def measured(
    weights: Weights, name: str, tasks: int, repeats: int, clock: Callable[[], float]
) -> tuple[list[float], dict[str, float]]:
    """Return all times in milliseconds, and the largest gap of each family."""
    times, gaps = [], {}
    for family, rows in jacobians(tasks):
        gramian = rows @ rows.T
        for _ in range(repeats):
            start = clock()
            found = weights(rows, gramian)
            times.append(1e3 * (clock() - start))
        gap = GAPS[name](rows, found) if np.isfinite(found).all() and found.any() else np.nan
        gaps[family] = np.fmax(gaps.get(family, np.nan), gap)
    return times, gaps


def shown(times: list[float], gaps: dict[str, float]) -> str:
    # An objective better than the reference's is no gap.
    worst = max(gaps, key=lambda family: -np.inf if np.isnan(gaps[family]) else gaps[family])
    median, high = np.percentile(times, [50, 95])
    return f"{median:8.2f} {high:8.2f} {gaps[worst]:9.1e} {worst:16}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tasks", type=int, nargs="+", default=[2, 8, 32])
    parser.add_argument("--strategies", nargs="+", default=list(GAPS), choices=list(GAPS))
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--families", action="store_true", help="the gaps of each family")
    parser.add_argument("--cpu", action="store_true", help="time on the core alone, not of waiting")
    options = parser.parse_args()
    clock = time.thread_time if options.cpu else time.perf_counter
    columns = f"{'median':>8} {'95 %':>8} {'gap':>9} {'in':16}"
    there = theirs("mgda", 2) is not None
    print(f"{'':25}{columns}" + f" | TorchJD {columns}" * there)
    for name in options.strategies:
        for tasks in options.tasks:
            found = [measured(ours(name, tasks), name, tasks, options.repeats, clock)]
            other = theirs(name, tasks)
            if other is not None:
                found.append(measured(other, name, tasks, max(1, options.repeats // 5), clock))
            line = f"{name:21}{tasks:3} " + " |         ".join(shown(*each) for each in found)
            print(line, flush=True)
            for family in found[0][1] if options.families else ():
                print(f"    {family:17}", *(f"{gaps[family]:9.1e}" for _, gaps in found))


if __name__ == "__main__":
    main()

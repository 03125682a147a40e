"""Problems over the simplex, the vectors w ≥ 0 with Σ_i w_i = 1."""

from __future__ import annotations

import numpy as np

from mtl.balancing.solvers.scaling import positive_definite, unit_diagonal

# The least eigenvalue, where 1 is the diagonal: just above what rounding leaves of a 0.
_LEAST = 1e-14
# Above 0, and nothing beside any number that counts.
_TINY = 1e-300
# By how much of its value the objective may stay above the minimum.
_GAP = 1e-10


def project_to_simplex(v: np.ndarray) -> np.ndarray:
    """Return the point of the simplex nearest to v.

    It is max(v − τ, 0) for the one τ that makes it sum to 1, found by sorting: Held, Wolfe and
    Crowder, Mathematical Programming 1974.

    Args:
        v: Shape `(m,)`, finite.
    """
    descending = np.sort(v)[::-1]
    # Sums of differences to the largest: entries of 1e15 would drown the 1.
    excess = np.cumsum(descending - descending[0]) - 1
    counts = np.arange(1, len(v) + 1)
    last = np.flatnonzero(descending - descending[0] > excess / counts)[-1]
    return np.maximum(v - descending[0] - excess[last] / counts[last], 0.0)


def simplex_qp(
    hessian: np.ndarray, linear: np.ndarray, support: np.ndarray | None = None
) -> np.ndarray:
    """Return the w in the simplex that minimises ½ wᵀHw + fᵀw.

    A primal active-set method: on a support, the minimum with Σ_i w_i = 1 is a linear system; where
    that makes a component negative, w stops at the boundary and the component leaves; where another
    component would lower the objective, the one with the steepest descent enters. Each support has
    a lower minimum than the one before, so none comes back. It ends where the objective is within
    10⁻¹⁰ of its value, or as near as double precision tells, of the minimum. Nocedal and Wright,
    Numerical Optimization, 2006, section 16.5; with f = 0 it is Wolfe's for the point of a polytope
    nearest to 0, Mathematical Programming 1976.

    Where several w are minimal, as with equal gradients, one of them is returned.

    Args:
        hessian: H, shape `(m, m)`, symmetric, positive semidefinite but for rounding.
        linear: f, shape `(m,)`.
        support: Where the solution is expected to be above 0, shape `(m,)`, bool, such as that of
            a similar problem; by default everywhere. It changes how long the search takes.
    """
    # In the variables s_i = w_i n_i / min n the diagonal is 1, and the sum becomes aᵀs = 1.
    matrix, lengths = unit_diagonal(hessian)
    matrix = positive_definite(matrix, _LEAST)
    shortest = lengths.min()
    sums = shortest / lengths
    slope = linear / lengths / shortest
    expected = np.ones(len(sums), bool) if support is None else support
    weights = _minimum(matrix, slope, sums, expected) * sums
    return weights / weights.sum()


def _minimum(
    matrix: np.ndarray, slope: np.ndarray, sums: np.ndarray, support: np.ndarray
) -> np.ndarray:
    """Return the s ≥ 0 with aᵀs = 1 that minimises ½ sᵀCs + bᵀs, C positive definite, a > 0."""
    point = _first(matrix, slope, sums, support)
    best, lowest = point, np.inf
    # Rounding may let a support come back: then the objective does not fall.
    for _ in range(20 * len(sums)):
        gradient = matrix @ point + slope
        objective = (gradient + slope) @ point / 2
        if objective >= lowest:
            break
        best, lowest = point, objective
        reduced = gradient - (gradient @ point) * sums
        noise = 1e-13 * (point.sum() + np.abs(slope))
        outside = (point == 0) & (reduced < -np.maximum(noise, _GAP * abs(lowest) * sums))
        if not outside.any():
            break
        active = point > 0
        active[np.where(outside, reduced / sums, np.inf).argmin()] = True
        point = _descend(matrix, slope, sums, point, active)
    return best


def _first(
    matrix: np.ndarray, slope: np.ndarray, sums: np.ndarray, support: np.ndarray
) -> np.ndarray:
    """Return the minimum on a part of the support on which no component is negative."""
    active = support.copy() if support.any() else np.ones(len(sums), bool)
    while True:
        point = _on(active, matrix, slope, sums)
        positive = point > 0
        if (positive == active).all():
            return point
        active = positive


def _descend(
    matrix: np.ndarray,
    slope: np.ndarray,
    sums: np.ndarray,
    point: np.ndarray,
    active: np.ndarray,
) -> np.ndarray:
    """Go towards the minimum on the active components, leaving those out that reach 0."""
    while True:
        target = _on(active, matrix, slope, sums)
        blocking = np.flatnonzero(active & (target <= 0))
        if not len(blocking):
            return target
        lengths = point[blocking] / (point[blocking] - target[blocking] + _TINY)
        point = np.maximum(point + lengths.min() * (target - point), 0.0)
        left = blocking[lengths.argmin()]
        point[left] = 0.0
        active = active.copy()
        active[left] = False


def _on(active: np.ndarray, matrix: np.ndarray, slope: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Return the minimum with aᵀs = 1 among vectors that are 0 outside `active`."""
    # With the equation for the sum as a row of its own, a matrix that is singular but for that
    # equation is no difficulty.
    index = np.flatnonzero(active)
    count = len(index)
    part = sums[index] / sums[index].max()
    system = np.zeros((count + 1, count + 1))
    system[:count, :count] = matrix[index[:, None], index]
    system[:count, count] = system[count, :count] = part
    right = np.append(-slope[index], 1 / sums[index].max())
    point = np.zeros(len(sums))
    point[index] = np.linalg.solve(system, right)[:count]
    return point

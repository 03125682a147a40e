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


def simplex_qp(hessian: np.ndarray, linear: np.ndarray) -> np.ndarray:
    """Return the w in the simplex that minimises ½ wᵀHw + fᵀw.

    Where several w are minimal, as with equal gradients, one of them is returned.

    Args:
        hessian: H, shape `(m, m)`, symmetric, positive semidefinite but for rounding.
        linear: f, shape `(m,)`.
    """
    return SimplexQP(hessian).minimum(linear)


class SimplexQP:
    """The quadratic problems over the simplex with one H: the w that minimise ½ wᵀHw + fᵀw.

    A primal active-set method: on a support, the minimum with Σ_i w_i = 1 is a linear system; where
    that makes a component negative, w stops at the boundary and the component leaves; where other
    components would lower the objective, they enter, first all at once and without those that
    become negative, and as soon as that does not lower the objective, the one with the steepest
    descent. Each support has a lower minimum than the one before, so none comes back. It ends where
    the objective is within 10⁻¹⁰ of its value, or as near as double precision tells, of the
    minimum. Nocedal and Wright, Numerical Optimization, 2006, section 16.5; with f = 0 it is
    Wolfe's for the point of a polytope nearest to 0, Mathematical Programming 1976.

    Args:
        hessian: H, shape `(m, m)`, symmetric, positive semidefinite but for rounding.
    """

    def __init__(self, hessian: np.ndarray) -> None:
        # In the variables s_i = w_i n_i / min n the diagonal is 1, and the sum becomes aᵀs = 1.
        matrix, self._lengths = unit_diagonal(hessian)
        self._matrix = positive_definite(matrix, _LEAST)
        self._shortest = self._lengths.min()
        self._sums = self._shortest / self._lengths
        # With the equation for the sum as a row of its own, a matrix that is singular but for that
        # equation is no difficulty.
        size = len(matrix)
        self._bordered = np.zeros((size + 1, size + 1))
        self._bordered[:size, :size] = self._matrix
        self._bordered[:size, size] = self._bordered[size, :size] = self._sums

    def minimum(self, linear: np.ndarray, support: np.ndarray | None = None) -> np.ndarray:
        """Return the w for one f.

        Args:
            linear: f, shape `(m,)`.
            support: Where the solution is expected to be above 0, shape `(m,)`, bool, such as that
                of a similar problem; by default everywhere. It changes how long the search takes.
        """
        slope = linear / self._lengths / self._shortest
        expected = np.ones(len(slope), bool) if support is None else support
        weights = self._minimum(slope, expected) * self._sums
        return weights / weights.sum()

    def nearest_to_0(self, support: np.ndarray) -> np.ndarray:
        """Return the w that minimises wᵀHw with Σ_i w_i = 1 and any sign on a support, 0 elsewhere.

        Args:
            support: Shape `(m,)`, bool, somewhere true.
        """
        weights = self._on(support, np.zeros(len(support))) * self._sums
        return weights / weights.sum()

    def _minimum(self, slope: np.ndarray, support: np.ndarray) -> np.ndarray:
        """Return the s ≥ 0 with aᵀs = 1 that minimises ½ sᵀCs + bᵀs, C positive definite, a > 0."""
        sums, everyone = self._sums, np.ones(len(slope), bool)
        point = self._on_part_of(support if support.any() else everyone, slope)
        gradient, lowest = self._at(point, slope)
        together = True
        # Rounding may let a support come back: then the objective does not fall.
        for _ in range(20 * len(sums)):
            reduced = gradient - (gradient @ point) * sums
            noise = 1e-13 * (point.sum() + np.abs(slope))
            outside = (point == 0) & (reduced < -np.maximum(noise, _GAP * abs(lowest) * sums))
            entering = np.flatnonzero(outside)
            if not len(entering):
                break
            active = point > 0
            if together and len(entering) > 1:
                there = self._on_part_of(active | outside, slope)
                slopes, objective = self._at(there, slope)
                together = objective < lowest
                if together:
                    point, gradient, lowest = there, slopes, objective
                    continue
            active[entering[(reduced[entering] / sums[entering]).argmin()]] = True
            there = self._descend(slope, point, active)
            slopes, objective = self._at(there, slope)
            if objective >= lowest:
                break
            point, gradient, lowest = there, slopes, objective
        return point

    def _at(self, point: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the gradient and the objective."""
        gradient = self._matrix @ point + slope
        return gradient, (gradient + slope) @ point / 2

    def _on_part_of(self, support: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Return the minimum on a part of the support on which no component is negative."""
        active = support
        while True:
            point = self._on(active, slope)
            positive = point > 0
            if np.array_equal(positive, active):
                return point
            active = positive

    def _descend(self, slope: np.ndarray, point: np.ndarray, active: np.ndarray) -> np.ndarray:
        """Go towards the minimum on the active components, leaving those out that reach 0."""
        while True:
            target = self._on(active, slope)
            blocking = np.flatnonzero(active & (target <= 0))
            if not len(blocking):
                return target
            lengths = point[blocking] / (point[blocking] - target[blocking] + _TINY)
            point = np.maximum(point + lengths.min() * (target - point), 0.0)
            left = blocking[lengths.argmin()]
            point[left] = 0.0
            active = active.copy()
            active[left] = False

    def _on(self, active: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Return the minimum with aᵀs = 1 among vectors that are 0 outside `active`."""
        size = len(active)
        index = np.flatnonzero(active)
        largest = self._sums[index].max()
        rows = np.append(index, size)
        system = self._bordered.take(rows[:, None] * (size + 1) + rows)
        system[-1] /= largest
        system[:, -1] /= largest
        right = np.append(-slope[index], 1 / largest)
        point = np.zeros(size)
        point[index] = np.linalg.solve(system, right)[:-1]
        return point

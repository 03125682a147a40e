"""The projection onto the cone of the updates that harm no task, in its dual form."""

from __future__ import annotations

import numpy as np

from mtl.balancing.solvers.scaling import positive_definite, unit_diagonal

# The least eigenvalue, where 1 is the diagonal.
_LEAST = 1e-12
# What counts as negative, beside the size of what it is the sum of.
_NEGATIVE = 1e-13
# How many times all components change side without fewer being wrong, before one at a time does.
_PATIENCE = 1


def dual_cone(hessian: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Return the v ≥ u that minimises vᵀHv, for one u or for many at once.

    With H = JJᵀ, Jᵀv is the vector nearest to Jᵀu that has no negative inner product with a row
    of J: the conditions v ≥ u, Hv ≥ 0 and (v − u)ᵀHv = 0 say so.

    Block principal pivoting: in each component either v_i = u_i or (Hv)_i = 0; those where the
    other quantity comes out negative change side, all at once. Where that stops getting better,
    one at a time changes: the most negative, and if need be, the last, which for a positive
    definite matrix cannot go round in circles. Júdice and Pires, Computers and Operations Research
    1994; Murty, Opsearch 1974.

    Many u share H, and each round solves the systems of all of them in one call: UPGrad's are
    `dual_cone(hessian, np.diag(preference))`, whose answer is summed over the columns.

    Args:
        hessian: H, shape `(m, m)`, symmetric, positive semidefinite but for rounding. Where it is
            singular, the v that is returned is minimal for one next to it.
        lower: u, shape `(m,)`, or one u a column, shape `(m, r)`.

    Returns:
        v, in the shape of `lower`.
    """
    matrix, lengths = unit_diagonal(hessian)
    matrix = positive_definite(matrix, _LEAST)
    least = np.atleast_2d(lower.T) * lengths
    # Problems of size 1, so that they may be of any size: v is as large as u.
    sizes = np.abs(least).max(axis=1, keepdims=True)
    sizes[sizes == 0] = 1.0
    least = least / sizes
    above = _complementary(matrix, least @ matrix)
    # Where nothing is added, u itself, without rounding.
    solved = np.where(above > 0, (least + above) * sizes / lengths, np.atleast_2d(lower.T))
    return solved.T.reshape(lower.shape)


def _complementary(matrix: np.ndarray, constant: np.ndarray) -> np.ndarray:
    """Return z ≥ 0 with Mz + q ≥ 0 and zᵀ(Mz + q) = 0, for each row q of `constant`."""
    count, size = constant.shape
    answer = np.zeros_like(constant)
    systems = _Systems(matrix)
    # Of the problems that are not solved yet: which, what is free, and how the search goes.
    unsolved = np.arange(count)
    q, z = constant, answer
    free = np.zeros(constant.shape, bool)
    fewest = np.full(count, size + 1)
    patience = np.full(count, _PATIENCE)
    # The last way of choosing ends by itself; but rounding, and after how long, nobody knows.
    for _ in range(20 * size + 100):
        y = z @ matrix + q
        noise = _NEGATIVE * (np.abs(z).sum(axis=1, keepdims=True) + np.abs(q))
        wrong = np.where(free, z < 0, y < -noise)
        number = np.count_nonzero(wrong, axis=1)
        going = np.flatnonzero(number)
        if len(going) < len(number):
            answer[unsolved] = z
            if not len(going):
                break
            unsolved, q, z, y, free, wrong, number, fewest, patience = (
                each[going] for each in (unsolved, q, z, y, free, wrong, number, fewest, patience)
            )
        better = number < fewest
        fewest = np.where(better, number, fewest)
        patience = np.where(better, _PATIENCE, patience - 1)
        changing = wrong
        stuck = np.flatnonzero(patience < 0)
        if len(stuck):
            changing = wrong.copy()
            changing[stuck] = False
            most = np.where(wrong, np.minimum(z, y), 0.0)[stuck].argmin(axis=1)
            last = size - 1 - wrong[stuck, ::-1].argmax(axis=1)
            changing[stuck, np.where(patience[stuck] < -2 * size, last, most)] = True
        free = free ^ changing
        z = systems.solve(q, free)
    else:
        answer[unsolved] = z
    return np.maximum(answer, 0.0)


class _Systems:
    """The systems of a matrix's rows and columns, many at once.

    Args:
        matrix: M, shape `(m, m)`.
    """

    def __init__(self, matrix: np.ndarray) -> None:
        self.size = size = len(matrix)
        # With as many rows of the identity, by which systems are filled up to one size.
        filled = np.zeros((2 * size, 2 * size))
        filled[:size, :size] = matrix
        filled[size:, size:] = np.eye(size)
        self._flat = filled.ravel()

    def solve(self, constant: np.ndarray, free: np.ndarray) -> np.ndarray:
        """Return, for each row, the z that is 0 outside `free` and has Mz + q = 0 in it."""
        size = self.size
        numbers = np.count_nonzero(free, axis=1)
        places = np.arange(numbers.max(initial=0))
        used = places < numbers[:, None]
        z = np.zeros_like(constant)
        if not len(places):
            return z
        rows, columns = np.nonzero(free)
        order = np.broadcast_to(size + places, used.shape).copy()
        order[used] = columns
        right = np.zeros(used.shape)
        right[used] = -constant[rows, columns]
        systems = self._flat.take(order[:, :, None] * (2 * size) + order[:, None, :])
        z[rows, columns] = np.linalg.solve(systems, right[:, :, None])[:, :, 0][used]
        return z

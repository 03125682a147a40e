"""Jacobians, a task's gradient a row, of which it is known by construction what they are.

A Jacobian is strongly stationary if some w > 0 has Jᵀw = 0; weakly, if some w ≥ 0 other than 0 has.
"""

import numpy as np

A = np.array([[-4.0, 1, 1], [6, 1, 1]])
B = np.array([[1.0, 2, -1, 0], [-2, 1, 3, 1], [0.5, -1, 2, -2]])
C = np.array([[100.0, 0, 0], [0, 1, 0], [100, 1, 0]])
D = np.array([[1.0, 2], [0, 0]])
E = np.array([[1.0, 0], [-1, 0]])

SCALES = (0.0, 1e-150, 1e-10, 1e-5, 1.0, 1e5, 1e10, 1e15)


def normal(m, n, rank, seed=0):
    """Return the product of two random factors."""
    random = np.random.default_rng((1, m, n, rank, seed))
    return random.normal(size=(m, rank)) @ random.normal(size=(rank, n)) / np.sqrt(rank)


def strongly_stationary(m, n, seed=0):
    """Return rows whose sum, each times a weight above 0, is 0."""
    random = np.random.default_rng((2, m, n, seed))
    weights = random.uniform(0.5, 2.0, m)
    rows = random.normal(size=(m, n))
    return rows - np.outer(weights, weights @ rows) / (weights @ weights)


def weakly_stationary(m, n, seed=0):
    """Return strongly stationary rows, and others that all point to one side of them.

    In a direction at a right angle to the former, the latter are all above 0: so in a combination
    with no negative weight that is 0, theirs are 0.
    """
    random = np.random.default_rng((3, m, n, seed))
    stationary = max(2, m // 2)
    inside = np.zeros((m, n))
    inside[:stationary, 1:] = strongly_stationary(stationary, n - 1, seed)
    inside[stationary:, 1:] = random.normal(size=(m - stationary, n - 1))
    inside[stationary:, 0] = random.uniform(0.5, 2.0, m - stationary)
    return inside @ rotation(n, random)


def not_stationary(m, n, seed=0):
    """Return rows that conflict, but all have something of one direction."""
    random = np.random.default_rng((4, m, n, seed))
    rows = random.normal(size=(m, n))
    rows[:, 0] = random.uniform(0.2, 1.0, m)
    return rows @ rotation(n, random)


def rotation(n, random):
    return np.linalg.qr(random.normal(size=(n, n)))[0]


def with_zero_row(jacobian):
    return np.vstack([jacobian, np.zeros(jacobian.shape[1])])


def rescaled(jacobian, seed=0):
    """Give the rows lengths that differ by orders of magnitude."""
    random = np.random.default_rng((5, *jacobian.shape, seed))
    return jacobian * 10.0 ** random.uniform(-3, 3, (len(jacobian), 1))


SHAPES = ((2, 3), (3, 5), (5, 4), (8, 20))

STRONG = {f"strong {m}x{n}": strongly_stationary(m, n) for m, n in SHAPES} | {"E": E}
WEAK = {f"weak {m}x{n}": weakly_stationary(m, n) for m, n in ((3, 5), (5, 4), (8, 20))}
NOT_STATIONARY = {f"not stationary {m}x{n}": not_stationary(m, n) for m, n in SHAPES} | {
    "A": A,
    "B": B,
    "C": C,
}
INDEPENDENT = {f"normal {m}x{n}": normal(m, n, m) for m, n in ((2, 3), (3, 5), (8, 20))} | {
    "A": A,
    "B": B,
}
OTHER = {
    "normal 5x9 of rank 2": normal(5, 9, 2),
    "normal 8x3": normal(8, 3, 3),
    "rescaled 5x9": rescaled(normal(5, 9, 5)),
    "a zero row": with_zero_row(normal(3, 5, 3)),
    "D": D,
    "duplicated": normal(3, 5, 3)[[0, 1, 2, 0, 0]],
    "all the same": normal(1, 5, 1)[[0, 0, 0]],
    "opposed, of unequal length": np.array([[1.0, 2], [-2, -4]]),
    "opposed, and a third": np.array([[1.0, 2, 0], [-1, -2, 0], [0, 0, 1]]),
    "nearly opposed": np.array([[1.0, 0], [-1, 1e-4]]),
}
EVERY = {**STRONG, **WEAK, **NOT_STATIONARY, **INDEPENDENT, **OTHER}

from fractions import Fraction

import numpy as np
import pytest

from mtl.balancing.solvers.simplex import SimplexQP, project_to_simplex, simplex_qp
from tests.balancing import matrices
from tests.balancing.matrices import EVERY, normal, rescaled
from tests.balancing.solvers.timing import milliseconds

SCALES = (1e-150, 1e-10, 1e10, 1e15)


def problems():
    """Return gradients' inner products and linear parts of every kind, up to 32 tasks."""
    random = np.random.default_rng(0)
    shapes = [(2, 3), (8, 5), (8, 8), (8, 40), (32, 17), (32, 32), (32, 33), (32, 400)]
    jacobians = [normal(m, n, min(m, n), seed) for m, n in shapes for seed in range(3)]
    jacobians += [rescaled(jacobian) for jacobian in jacobians]
    jacobians += [jacobian + 3 * random.normal(size=jacobian.shape[1]) for jacobian in jacobians]
    jacobians += EVERY.values()
    for jacobian in jacobians:
        gramian = jacobian @ jacobian.T
        yield gramian, np.zeros(len(gramian))
        yield gramian, gramian.mean(axis=1) * random.uniform(0, 0.5)
        yield gramian, random.normal(size=len(gramian)) * gramian.trace() / len(gramian)


def gap(gramian, linear, w):
    """Return by how much at most the objective is above the minimum: wᵀ∇ − min_i ∇_i."""
    gradient = gramian @ w + linear
    return w @ gradient - gradient.min()


def value(gramian, linear, w):
    return w @ gramian @ w / 2 + linear @ w


def noise(gramian, linear, w):
    """Return what cannot be told from 0 in a sum of such numbers."""
    return 1e-11 * w @ (np.abs(gramian) @ w + np.abs(linear)) + 1e-20 * gramian.trace()


def exact_minimum(gramian, linear):
    """Return the minimum over the simplex in rational numbers, over all supports."""
    m = len(gramian)
    rational = [[Fraction(float(x)) for x in row] for row in gramian]
    slope = [Fraction(float(x)) for x in linear]
    best = None
    for chosen in range(1, 2**m):
        index = [i for i in range(m) if chosen >> i & 1]
        system = [[*(rational[i][j] for j in index), Fraction(-1), -slope[i]] for i in index]
        system.append([*[Fraction(1)] * len(index), Fraction(0), Fraction(1)])
        solved = gauss(system)
        if solved is None or min(solved[:-1]) < 0:
            continue
        w = dict(zip(index, solved, strict=False))
        value = sum(w[i] * w[j] * rational[i][j] for i in index for j in index) / 2
        value += sum(w[i] * slope[i] for i in index)
        best = value if best is None else min(best, value)
    return float(best)


def gauss(system):
    rows = [list(row) for row in system]
    size = len(rows)
    for k in range(size):
        pivot = next((i for i in range(k, size) if rows[i][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(size):
            if i != k and rows[i][k] != 0:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[-1] for row in rows]


def test_projection_of_known_points():
    np.testing.assert_allclose(project_to_simplex(np.array([0.2, 0.3, 0.5])), [0.2, 0.3, 0.5])
    np.testing.assert_allclose(project_to_simplex(np.array([2.0, 0.0])), [1, 0])
    np.testing.assert_allclose(project_to_simplex(np.array([1.0, 0.8, -3])), [0.6, 0.4, 0])
    np.testing.assert_allclose(project_to_simplex(np.full(4, -7.0)), np.full(4, 0.25))
    np.testing.assert_allclose(project_to_simplex(np.array([5.0])), [1])


def test_projection_is_the_nearest_point():
    random = np.random.default_rng(0)
    for scale in (1e-12, 1.0, 1e3, 1e15):
        for m in (2, 5, 32):
            v = scale * random.normal(size=m)
            w = project_to_simplex(v)
            assert w.min() >= 0
            assert w.sum() == pytest.approx(1, rel=1e-12)
            # No vertex lies on the side of w that v is on.
            assert ((v - w) @ (np.eye(m) - w).T).max() <= 1e-12 * max(scale, 1)


def test_values_of_the_reference():
    for jacobian, expected in ((matrices.A, [0.6, 0.4]), (matrices.B, [0.5173, 0.1601, 0.3227])):
        found = simplex_qp(jacobian @ jacobian.T, np.zeros(len(jacobian)))
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_two_tasks_have_the_closed_form():
    random = np.random.default_rng(0)
    for _ in range(100):
        jacobian = random.normal(size=(2, 3)) * 10.0 ** random.uniform(-2, 2, (2, 1))
        (a, b), (_, d) = jacobian @ jacobian.T
        expected = np.clip((d - b) / (a + d - 2 * b), 0, 1)
        found = simplex_qp(jacobian @ jacobian.T, np.zeros(2))
        np.testing.assert_allclose(found, [expected, 1 - expected], rtol=1e-9, atol=1e-12)


def test_solutions_are_in_the_simplex_and_optimal():
    for gramian, linear in problems():
        w = simplex_qp(gramian, linear)
        assert w.min() >= 0
        assert w.sum() == pytest.approx(1, rel=1e-12)
        most = 1e-6 * abs(value(gramian, linear, w)) + noise(gramian, linear, w)
        assert gap(gramian, linear, w) <= most


@pytest.mark.parametrize("m", [8, 32])
def test_the_shortest_mean_is_found_to_a_millionth(m):
    """Where others stop early: 32 gradients, nearly dependent ones and long beside short ones."""
    for n in (m + 1, 2 * m, 20 * m):
        for seed in range(5):
            for jacobian in (normal(m, n, m, seed), rescaled(normal(m, n, m, seed), seed)):
                gramian = jacobian @ jacobian.T
                w = simplex_qp(gramian, np.zeros(m))
                assert gap(gramian, np.zeros(m), w) <= 1e-6 * w @ gramian @ w


def test_the_minimum_is_that_of_rational_arithmetic():
    random = np.random.default_rng(1)
    for m, n in ((2, 2), (3, 3), (4, 6), (5, 5)):
        for factor in (0.0, 1.0):
            jacobian = random.integers(-5, 6, (m, n)) * 10.0 ** random.integers(-2, 3, (m, 1))
            gramian = jacobian @ jacobian.T
            linear = factor * random.normal(size=m) * gramian.trace() / m
            w = simplex_qp(gramian, linear)
            expected = exact_minimum(gramian, linear)
            allowed = {"rel": 1e-9, "abs": 1e-13 * gramian.trace()}
            assert value(gramian, linear, w) == pytest.approx(expected, **allowed)


def test_scale_changes_nothing():
    for gramian, linear in list(problems())[::3] + list(problems())[1::7]:
        w = simplex_qp(gramian, linear)
        for scale in SCALES:
            factor = scale**2
            other = simplex_qp(gramian * factor, linear * factor)
            # Where several w are minimal, only the sum of the gradients is the same.
            difference = np.sqrt(max((w - other) @ gramian @ (w - other), 0))
            lengths = np.sqrt(gramian.diagonal())
            assert difference <= 1e-6 * w @ lengths + 1e-15 * lengths.max()


def test_equal_opposed_and_missing_gradients():
    same = simplex_qp(np.ones((5, 5)), np.zeros(5))
    assert same.sum() == pytest.approx(1)
    np.testing.assert_allclose(
        simplex_qp(np.array([[1.0, -2], [-2, 4]]), np.zeros(2)), [2 / 3, 1 / 3]
    )
    np.testing.assert_allclose(simplex_qp(np.diag([1.0, 0]), np.zeros(2)), [0, 1], atol=1e-12)
    assert simplex_qp(np.zeros((3, 3)), np.zeros(3)).sum() == pytest.approx(1)
    np.testing.assert_allclose(simplex_qp(np.zeros((2, 2)), np.array([2.0, 1])), [0, 1])
    np.testing.assert_allclose(simplex_qp(np.array([[3.0]]), np.zeros(1)), [1])


def test_slightly_negative_eigenvalues_of_single_precision():
    random = np.random.default_rng(0)
    for _ in range(20):
        jacobian = random.normal(size=(32, 9)).astype(np.float32)
        gramian = (jacobian @ jacobian.T).astype(np.float64)
        w = simplex_qp(gramian, np.zeros(32))
        assert np.linalg.norm(jacobian.T @ w) <= 1e-3


def test_what_is_expected_of_the_support_changes_no_result():
    random = np.random.default_rng(0)
    for gramian, linear in problems():
        w = simplex_qp(gramian, linear)
        other = SimplexQP(gramian).minimum(linear, random.random(len(w)) < 0.5)
        most = noise(gramian, linear, w) + 1e-9 * abs(value(gramian, linear, w))
        assert abs(value(gramian, linear, other) - value(gramian, linear, w)) <= most


@pytest.mark.benchmark
@pytest.mark.parametrize(("m", "most"), [(8, 1.0), (32, 4.0)])
def test_speed(m, most):
    jacobians = [normal(m, 4 * m, rank, seed) for rank in (m // 2, m, 4 * m) for seed in range(9)]
    problems = [(jacobian @ jacobian.T, np.zeros(m)) for jacobian in jacobians]
    assert milliseconds(simplex_qp, problems) <= most

import numpy as np
import pytest

from mtl.balancing.solvers.alpha_fair import alpha_fair
from tests.balancing import matrices
from tests.balancing.matrices import EVERY, normal, rescaled
from tests.balancing.solvers.timing import milliseconds

ALPHAS = (0.3, 0.5, 1.0, 2.0, 5.0)


def problems():
    shapes = [(2, 3), (3, 5), (8, 12), (8, 40), (32, 48), (32, 400)]
    jacobians = [normal(m, n, m, seed) for m, n in shapes for seed in range(3)]
    for jacobian in [*jacobians, matrices.A, matrices.B]:
        yield jacobian @ jacobian.T


@pytest.mark.parametrize("ridge", [1e-15, 1e-8, 1e-4])
@pytest.mark.parametrize("alpha", ALPHAS)
def test_the_equations_hold(alpha, ridge):
    for gramian in problems():
        x = alpha_fair(gramian, alpha, ridge=ridge)
        assert x.min() > 0
        product = gramian @ x + ridge * gramian.diagonal() * x
        np.testing.assert_allclose(product * x ** (1 / alpha), 1, rtol=1e-7)


def test_values_of_the_reference():
    for jacobian, expected in (
        (matrices.A, [0.5915, 0.4071]),
        (matrices.B, [0.6557, 0.2975, 0.4333]),
    ):
        np.testing.assert_allclose(alpha_fair(jacobian @ jacobian.T, 1.0), expected, atol=1e-4)


def test_orthogonal_gradients_have_the_closed_form():
    diagonal = np.array([1e-6, 0.5, 1.0, 300.0])
    for alpha in ALPHAS:
        expected = diagonal ** (-alpha / (1 + alpha))
        np.testing.assert_allclose(alpha_fair(np.diag(diagonal), alpha), expected, rtol=1e-6)


def test_equal_gradients_have_the_closed_form():
    for alpha in ALPHAS:
        expected = 5 ** (-alpha / (1 + alpha))
        np.testing.assert_allclose(alpha_fair(np.ones((5, 5)), alpha), expected, rtol=1e-6)


def test_the_nash_point_has_the_greatest_product_of_gains():
    """Among all updates of its length: no small change of the weights gains more."""
    random = np.random.default_rng(0)
    for gramian in problems():
        x = alpha_fair(gramian, 1.0)

        def gains(w, gramian=gramian):
            return np.log(gramian @ w / np.sqrt(w @ gramian @ w)).sum()

        for _ in range(5):
            other = x * (1 + 1e-2 * random.uniform(-1, 1, len(x)))
            if (gramian @ other > 0).all():
                assert gains(other) <= gains(x) + 1e-9


@pytest.mark.parametrize("alpha", ALPHAS)
def test_scale_stretches_the_solution(alpha):
    for gramian in problems():
        x = alpha_fair(gramian, alpha)
        for scale in (1e-75, 1e-10, 1e15):
            other = alpha_fair(gramian * scale**2, alpha)
            expected = x * scale ** (-2 * alpha / (1 + alpha))
            np.testing.assert_allclose(other, expected, rtol=1e-6)


def test_the_nash_point_does_not_depend_on_the_lengths_of_gradients():
    random = np.random.default_rng(0)
    for gramian in problems():
        lengths = 10.0 ** random.uniform(-10, 10, len(gramian))
        other = alpha_fair(gramian * lengths[:, None] * lengths, 1.0)
        np.testing.assert_allclose(other * lengths, alpha_fair(gramian, 1.0), rtol=1e-6)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_gradients_of_every_class_have_a_finite_solution(alpha):
    more = {"32x9": normal(32, 9, 9), "of many lengths": rescaled(normal(32, 9, 9))}
    for name, jacobian in (EVERY | more).items():
        rows = jacobian[np.abs(jacobian).sum(axis=1) > 0].astype(np.float32)
        for scale in (1e-15, 1.0, 1e15):
            x = alpha_fair((rows @ rows.T).astype(np.float64) * scale**2, alpha)
            assert np.isfinite(x).all(), name
            assert (x > 0).all(), name


def test_opposed_gradients_have_the_bound_of_the_ridge():
    x = alpha_fair(np.array([[1.0, -1], [-1, 1]]), 1.0, ridge=1e-6)
    np.testing.assert_allclose(x, 1e3, rtol=1e-6)
    for m in (3, 8):
        gramian = (rows := matrices.strongly_stationary(m, 20)) @ rows.T
        y = alpha_fair(gramian, 1.0, ridge=1e-8) * np.sqrt(gramian.diagonal())
        assert np.linalg.norm(y) <= np.sqrt(m / 1e-8) * (1 + 1e-6)


@pytest.mark.benchmark
@pytest.mark.parametrize("alpha", [1.0, 2.0])
@pytest.mark.parametrize(("m", "most"), [(8, 1.0), (32, 4.0)])
def test_speed(m, most, alpha):
    jacobians = [normal(m, 4 * m, rank, seed) for rank in (m // 2, m, 4 * m) for seed in range(9)]
    problems = [(jacobian @ jacobian.T, alpha) for jacobian in jacobians]
    assert milliseconds(alpha_fair, problems) <= most

import itertools

import numpy as np
import pytest

from mtl.balancing.solvers import dual_cone as module
from mtl.balancing.solvers.dual_cone import dual_cone
from tests.balancing import matrices
from tests.balancing.matrices import EVERY, normal, rescaled
from tests.balancing.solvers.timing import milliseconds


def regularised(jacobian):
    """Return H as in UPGrad, which adds a ten-thousandth of the trace to the diagonal."""
    gramian = jacobian @ jacobian.T
    return gramian / gramian.trace() + 1e-4 * np.eye(len(gramian))


def problems():
    shapes = [(2, 3), (8, 5), (8, 8), (8, 40), (32, 17), (32, 32), (32, 400)]
    jacobians = [normal(m, n, min(m, n), seed) for m, n in shapes for seed in range(3)]
    jacobians += [rescaled(jacobian) for jacobian in jacobians]
    jacobians += EVERY.values()
    for jacobian in jacobians:
        yield regularised(jacobian)
        yield regularised(jacobian) + np.diag(np.arange(1.0, len(jacobian) + 1))


def assert_optimal(hessian, lower, v, tolerance):
    """v ≥ u, Hv ≥ 0 and (v − u)ᵀHv = 0, beside the size of the sums that they are."""
    product = hessian @ v
    sizes = np.abs(hessian) @ (np.abs(v) + np.abs(lower))
    assert (v >= lower).all()
    assert (product >= -tolerance * sizes).all(), product.min()
    assert ((v - lower) * product <= tolerance * (v - lower) * sizes).all()


def by_trying_all(hessian, lower):
    """Return the solution among all choices of where v = u."""
    m = len(lower)
    for free in itertools.product([False, True], repeat=m):
        index = np.flatnonzero(free)
        v = lower.copy()
        if len(index):
            inner = hessian[np.ix_(index, index)]
            v[index] -= np.linalg.solve(inner, (hessian @ lower)[index])
        if (v >= lower - 1e-12).all() and (hessian @ v >= -1e-12).all():
            return v
    raise AssertionError


def test_values_of_the_reference():
    for jacobian, mean, each in (
        (matrices.A, [0.6109, 0.5], [1.1109, 0.7894]),
        (matrices.B, [0.3609, 0.3333, 0.3333], [0.6943, 0.3847, 0.4483]),
    ):
        hessian, m = regularised(jacobian), len(jacobian)
        np.testing.assert_allclose(dual_cone(hessian, np.full(m, 1 / m)), mean, atol=1e-4)
        found = dual_cone(hessian, np.eye(m) / m).sum(axis=1)
        np.testing.assert_allclose(found, each, atol=1e-4)


def test_the_conditions_of_the_minimum_hold():
    for hessian in problems():
        m = len(hessian)
        random = np.random.default_rng(m)
        for lower in (np.full(m, 1 / m), random.normal(size=m), np.zeros(m)):
            assert_optimal(hessian, lower, dual_cone(hessian, lower), 1e-9)


def test_many_at_once_are_those_one_by_one():
    for hessian in problems():
        m = len(hessian)
        lowers = np.eye(m) / m
        together = dual_cone(hessian, lowers)
        assert together.shape == (m, m)
        for k in range(m):
            assert_optimal(hessian, lowers[:, k], together[:, k], 1e-9)
            np.testing.assert_allclose(together[:, k], dual_cone(hessian, lowers[:, k]), atol=1e-7)


def test_solutions_are_those_found_by_trying_all():
    random = np.random.default_rng(0)
    for _ in range(40):
        m = int(random.integers(2, 7))
        hessian = regularised(random.normal(size=(m, int(random.integers(1, 8)))))
        lower = random.normal(size=m)
        np.testing.assert_allclose(
            dual_cone(hessian, lower), by_trying_all(hessian, lower), rtol=1e-8, atol=1e-10
        )


def test_without_conflict_nothing_changes():
    hessian = np.array([[1.0, 0.5], [0.5, 2]])
    np.testing.assert_array_equal(dual_cone(hessian, np.array([0.3, 0.7])), [0.3, 0.7])


def test_two_conflicting_tasks_have_the_closed_form():
    # u = e₁: what is against the second is projected away, v₂ = −H₁₂ / H₂₂.
    hessian = np.array([[1.0, -0.5], [-0.5, 2]])
    np.testing.assert_allclose(dual_cone(hessian, np.array([1.0, 0])), [1, 0.25])
    np.testing.assert_allclose(dual_cone(hessian, np.array([0, 3.0])), [1.5, 3])


def test_scale_of_either_changes_nothing():
    for hessian in problems():
        lower = np.full(len(hessian), 1 / len(hessian))
        v = dual_cone(hessian, lower)
        for factor in (1e-300, 1e-20, 1e20, 1e30):
            np.testing.assert_allclose(dual_cone(hessian * factor, lower), v, rtol=1e-6)
            np.testing.assert_allclose(dual_cone(hessian, lower * factor), v * factor, rtol=1e-6)


def test_lengths_of_gradients_only_stretch_the_solution():
    """With H ← DHD and u ← D⁻¹u the solution is D⁻¹v, over any orders of magnitude."""
    random = np.random.default_rng(0)
    for m, n in ((3, 5), (8, 40), (32, 64)):
        hessian, lower = regularised(normal(m, n, m)), random.random(m)
        v = dual_cone(hessian, lower)
        lengths = 10.0 ** random.uniform(-10, 10, m)
        other = dual_cone(hessian * lengths[:, None] * lengths, lower / lengths)
        np.testing.assert_allclose(other * lengths, v, rtol=1e-6)


def test_singular_matrices_have_finite_solutions_that_are_nearly_minimal():
    for jacobian in EVERY.values():
        gramian = jacobian @ jacobian.T
        m = len(gramian)
        lower = np.full(m, 1 / m)
        v = dual_cone(gramian, lower)
        lengths = np.sqrt(gramian.diagonal())
        assert (v >= lower).all()
        assert (gramian @ v >= -1e-6 * lengths * (lengths @ v)).all()
        assert v @ gramian @ v <= lower @ gramian @ lower + 1e-9 * gramian.trace()


def test_opposed_gradients_cancel():
    v = dual_cone(np.array([[1.0, -1], [-1, 1]]), np.array([1.0, 0]))
    np.testing.assert_allclose(v, [1, 1], rtol=1e-9)
    v = dual_cone(np.array([[1.0, -2], [-2, 4]]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(v, [1, 0.5], rtol=1e-9)


def test_a_zero_gradient_stays_at_its_bound():
    v = dual_cone(np.diag([1.0, 0]), np.array([0.5, 0.5]))
    np.testing.assert_array_equal(v, [0.5, 0.5])


@pytest.mark.parametrize("rule", ["most negative", "last"])
def test_each_way_of_choosing_finds_the_solution(rule, monkeypatch):
    """Changing one component at a time, which otherwise only hard problems come to."""
    hessians = [regularised(normal(8, n, min(8, n), seed)) for n in (5, 20) for seed in range(3)]
    lowers = np.eye(8) / 8
    expected = [dual_cone(hessian, lowers) for hessian in hessians]
    monkeypatch.setattr(module, "_PATIENCE", -1 if rule == "most negative" else -100)
    for hessian, wanted in zip(hessians, expected, strict=True):
        np.testing.assert_allclose(dual_cone(hessian, lowers), wanted, atol=1e-9)


@pytest.mark.benchmark
@pytest.mark.parametrize(("m", "most"), [(8, 1.0), (32, 4.0)])
def test_speed_for_all_tasks_together(m, most):
    ranks = (3 * m // 4, m, 4 * m)
    jacobians = [normal(m, 4 * m, rank, seed) for rank in ranks for seed in range(9)]
    problems = [(regularised(jacobian), np.eye(m) / m) for jacobian in jacobians]
    assert milliseconds(dual_cone, problems) <= most

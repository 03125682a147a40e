"""Turned gradients: the Gramian says what the rows themselves say, over several steps."""

import numpy as np
import pytest

from mtl.balancing.base import Observed
from mtl.balancing.gradvac import GradientVaccine
from mtl.balancing.pcgrad import ProjectConflicting, others_in_random_order
from mtl.errors import MtlError
from tests.balancing.gramians import NONZERO
from tests.balancing.matrices import A, B, E, normal


def build(m, **options):
    return GradientVaccine({f"task_{i}": 1.0 for i in range(m)}, **options)


def solve(strategy, rows, seed, phi):
    tasks = np.arange(len(rows))
    random = np.random.default_rng(seed)
    observed = Observed(np.ones(len(rows)), tasks, random=random, state={"phi": phi})
    return strategy.solve(rows @ rows.T, observed)


def turned(rows, orders, phi, beta):
    """Return the update as the paper has it, on the gradients themselves; `phi` is changed."""
    total = np.zeros(rows.shape[1])
    for i, order in enumerate(orders):
        row = rows[i].copy()
        for j in order:
            size, other = np.linalg.norm(row), np.linalg.norm(rows[j])
            rho = np.clip(row @ rows[j] / (size * other), -1, 1)
            goal = phi[i, j]
            if rho < goal:
                height = np.sqrt(1 - goal**2)
                factor = size * (goal * np.sqrt(1 - rho**2) - rho * height) / (other * height)
                row = row + factor * rows[j]
            phi[i, j] = (1 - beta) * goal + beta * rho
        total += row
    return total


def test_the_first_step_is_that_of_pcgrad():
    for name, rows in NONZERO.items():
        m = len(rows)
        observed = Observed(np.ones(m), np.arange(m), random=np.random.default_rng(3))
        other = ProjectConflicting({f"task_{i}": 1.0 for i in range(m)})
        expected = other.solve(rows @ rows.T, observed)
        found = solve(build(m), rows, 3, np.zeros((m, m)))
        assert np.abs(rows.T @ (found - expected)).max() <= 1e-8 * np.abs(rows).sum(), name


def test_known_values():
    phi = np.zeros((2, 2))
    found = solve(build(2), A, 0, phi)
    np.testing.assert_allclose(found, [2.2222, 1.5789], atol=5e-5)
    np.testing.assert_allclose(A.T @ found, [0.5848, 3.8012, 3.8012], atol=5e-5)
    # Half of the cosine, -22 / √(18 · 38).
    half = -11 / np.sqrt(18 * 38)
    np.testing.assert_allclose(phi, [[0, half], [half, 0]])


def test_as_on_the_gradients_themselves_over_several_steps():
    for beta in (0.1, 0.5, 1.0):
        strategy = build(4, beta=beta)
        phi, expected_phi = np.zeros((4, 4)), np.zeros((4, 4))
        for step in range(12):
            # What they have in common changes, so that cosines are below and above the target.
            rows = normal(4, 7, 4, step) + 2 * np.sin(step)
            orders = others_in_random_order(4, np.random.default_rng(step))
            expected = turned(rows, orders, expected_phi, beta)
            np.testing.assert_allclose(rows.T @ solve(strategy, rows, step, phi), expected)
            np.testing.assert_allclose(phi, expected_phi, atol=1e-12)
        assert np.abs(phi).max() > 0.1


def test_gradients_get_the_cosine_that_is_aimed_at():
    for target in (-0.5, 0.3, 0.9):
        rows = np.array([[1.0, 0.0], [-3.0, 1.0]])
        phi = np.array([[0, target], [-1, 0]])
        first = rows.T @ (solve(build(2), rows, 0, phi) - [0, 1])
        cosine = first @ rows[1] / np.linalg.norm(first) / np.linalg.norm(rows[1])
        assert cosine == pytest.approx(target)


def test_gradients_that_are_similar_enough_stay():
    rows = np.array([[1.0, 0.2], [1.0, -0.2]])
    np.testing.assert_array_equal(solve(build(2), rows, 0, np.full((2, 2), 0.5)), [1, 1])


def test_beta_0_is_pcgrad_in_every_step():
    phi = np.zeros((3, 3))
    for step in range(3):
        found = solve(build(3, beta=0.0), B, step, phi)
        np.testing.assert_allclose(found, solve(build(3), B, step, np.zeros((3, 3))))
    np.testing.assert_array_equal(phi, 0)


def test_once_parallel_gradients_may_part():
    phi = np.full((3, 3), 1.0)
    found = solve(build(3), np.eye(3), 0, phi)
    assert np.isfinite(found).all()
    # 0.999 / √(1 − 0.999²) is 22.3, and that twice in turn.
    assert np.linalg.norm(found) < 3 * 23.0**2
    phi = np.full((2, 2), -1.0)
    np.testing.assert_array_equal(solve(build(2), E, 0, phi), [1, 1])


def test_a_gradient_that_is_gone_has_no_cosine():
    # After the first of the opposed tasks nothing of the gradient is left to compare.
    rows = np.array([[1.0, 0], [-1, 0], [0, 1]])
    for seed in range(6):
        order = others_in_random_order(3, np.random.default_rng(seed))[0]
        phi = np.full((3, 3), -0.25)
        phi[0, 1] = 0.0
        solve(build(3), rows, seed, phi)
        assert phi[0, 1] == -0.5
        assert phi[0, 2] == (-0.25 if order[0] == 1 else -0.125)


def test_only_the_present_pairs_move():
    strategy = build(3)
    state = strategy.state()
    present = np.array([True, False, True])
    strategy.weights_of(np.ones(3), present, B @ B.T, 0, state)
    cosine = B[0] @ B[2] / np.linalg.norm(B[0]) / np.linalg.norm(B[2])
    expected = np.zeros((3, 3))
    expected[0, 2] = expected[2, 0] = cosine / 2
    np.testing.assert_allclose(state["phi"], expected, rtol=1e-6)


def test_a_restored_state_goes_on_as_before():
    present, rows = np.ones(3, bool), [normal(3, 5, 3, seed) for seed in range(4)]
    first = build(3)
    state = first.state()
    for step in range(2):
        first.weights_of(np.ones(3), present, rows[step] @ rows[step].T, step, state)
    second = build(3)
    second.restore(state)
    other = second.state()
    for step in (2, 3):
        gramian = rows[step] @ rows[step].T
        np.testing.assert_array_equal(
            first.weights_of(np.ones(3), present, gramian, step, state),
            second.weights_of(np.ones(3), present, gramian, step, other),
        )


@pytest.mark.parametrize("beta", [-0.1, 1.1, np.nan])
def test_beta_out_of_range_is_refused(beta):
    with pytest.raises(MtlError, match=r"^balancing\.beta=.*\. Expected a number from 0 to 1\."):
        build(2, beta=beta)

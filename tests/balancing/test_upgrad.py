"""The mean of projected gradients: known values, its projections, its kin."""

import time

import numpy as np
import pytest

from mtl.balancing.dual_projection import DualProjection
from mtl.balancing.pcgrad import ProjectConflicting
from mtl.balancing.upgrad import UPGrad
from mtl.errors import MtlError
from tests.balancing.gramians import NONZERO, weights
from tests.balancing.matrices import A, B, C, D, E, normal, not_stationary, rescaled


def build(regularisation=1e-4):
    return lambda m: UPGrad(
        {f"task_{i}": 1.0 for i in range(m)}, regularisation=regularisation, normalise="mean"
    )


def projected(rows, vector):
    """Return the update nearest to a vector that harms no task, by projecting in turn.

    Dykstra's method, which ends where all half-spaces meet.
    """
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    corrections = np.zeros_like(units)
    for _ in range(20_000):
        before = vector
        for i, unit in enumerate(units):
            moved = vector + corrections[i]
            vector = moved - min(unit @ moved, 0.0) * unit
            corrections[i] = moved - vector
        if np.abs(vector - before).max() < 1e-13:
            break
    return vector


def test_known_values():
    np.testing.assert_allclose(weights(build(), A), [1.1109, 0.7894], atol=5e-5)
    np.testing.assert_allclose(A.T @ weights(build(), A), [0.2929, 1.9004, 1.9004], atol=5e-5)
    np.testing.assert_allclose(weights(build(), B), [0.6943, 0.3847, 0.4483], atol=5e-5)
    update = [0.1491, 1.3249, 1.3564, -0.5120]
    np.testing.assert_allclose(B.T @ weights(build(), B), update, atol=5e-5)
    np.testing.assert_allclose(weights(build(), D), [1, 0])
    np.testing.assert_allclose(E.T @ weights(build(), E), 0, atol=1e-12)


def test_two_tasks_by_hand():
    # (1, 0) becomes (4/13, 6/13), what is at a right angle to (-3, 2); that becomes (0, 2).
    rows = np.array([[1.0, 0], [-3, 2]])
    np.testing.assert_allclose(rows.T @ weights(build(0), rows), [2 / 13, 16 / 13], rtol=1e-9)


def test_it_is_the_mean_of_the_projected_gradients():
    for rows in (A, B, not_stationary(3, 5), not_stationary(5, 4), normal(4, 9, 4)):
        expected = np.mean([projected(rows, row) for row in rows], axis=0)
        np.testing.assert_allclose(rows.T @ weights(build(0), rows), expected, atol=1e-6)


def test_gradients_without_conflict_are_averaged():
    np.testing.assert_array_equal(weights(build(), C), np.full(3, 1 / 3))


def test_every_gradient_counts_for_no_less_than_its_share():
    for name, rows in NONZERO.items():
        assert (weights(build(), rows) >= (1 - 1e-12) / len(rows)).all(), name


def test_two_tasks_are_as_for_pcgrad():
    for seed in range(20):
        rows = normal(2, 4, 2, seed)
        other = weights(lambda m: ProjectConflicting({"a": 1.0, "b": 1.0}, normalise="mean"), rows)
        np.testing.assert_allclose(weights(build(0), rows), other, rtol=1e-8)


def test_a_conflict_of_one_pair_is_for_dual_projection_no_conflict():
    # Every gradient agrees with the mean, but the first two not with each other.
    rows = np.array([[1.0, 0.0], [-0.2, 1.0], [1.0, 1.0]])
    mean = DualProjection(dict.fromkeys("abc", 1.0), normalise="mean")
    np.testing.assert_allclose(weights(lambda m: mean, rows), 1 / 3)
    assert weights(build(), rows)[:2].min() > 1 / 3 + 1e-3


@pytest.mark.parametrize("regularisation", [0, 1e-4])
def test_finite_whatever_the_lengths(regularisation):
    for seed in range(5):
        rows = rescaled(normal(6, 4, 4, seed), seed)
        assert np.isfinite(weights(build(regularisation), rows)).all()


def test_many_tasks_are_weighed_in_milliseconds():
    gramian = normal(32, 40, 40) @ normal(32, 40, 40).T
    strategy = build()(32)
    spent = []
    for _ in range(20):
        before = time.perf_counter()
        strategy.weights_of(np.ones(32), np.ones(32, bool), gramian, 0, {})
        spent.append(time.perf_counter() - before)
    # Some 5 ms on a quiet machine; the bound only tells whether something is out of hand.
    assert min(spent) < 0.05


def test_defaults():
    strategy = UPGrad({"a": 1.0, "b": 1.0})
    assert strategy.regularisation == 1e-4
    assert (strategy.heads, strategy.gradients, strategy.scale) == ("own", "parameters", "mean")


def test_a_negative_regularisation_is_refused():
    message = r"^balancing\.regularisation=-1\. Expected a number of 0 or more\."
    with pytest.raises(MtlError, match=message):
        build(-1)(2)

"""The projected mean: known values, the conditions of a minimum, what regularisation does."""

import numpy as np
import pytest

from mtl.balancing.dual_projection import DualProjection
from mtl.errors import MtlError
from tests.balancing.gramians import NONZERO, weights
from tests.balancing.matrices import A, B, C, D, E, normal, not_stationary


def build(regularisation=1e-4):
    return lambda m: DualProjection(
        {f"task_{i}": 1.0 for i in range(m)}, regularisation=regularisation, normalise="mean"
    )


def test_known_values():
    np.testing.assert_allclose(weights(build(), A), [0.6109, 0.5], atol=5e-5)
    np.testing.assert_allclose(A.T @ weights(build(), A), [0.5563, 1.1109, 1.1109], atol=5e-5)
    np.testing.assert_allclose(weights(build(), B), [0.3609, 0.3333, 0.3333], atol=5e-5)
    update = [-0.1391, 0.7219, 1.3057, -0.3333]
    np.testing.assert_allclose(B.T @ weights(build(), B), update, atol=5e-5)
    np.testing.assert_allclose(weights(build(), D), [1, 0])
    np.testing.assert_allclose(weights(build(), E), [0.5, 0.5])


def test_two_tasks_by_hand():
    # The mean (-1, 1) harms (1, 0); what is left of it at a right angle is (0, 1).
    rows = np.array([[1.0, 0], [-3, 2]])
    np.testing.assert_allclose(rows.T @ weights(build(0), rows), [0, 1], atol=1e-9)
    np.testing.assert_allclose(weights(build(0), rows), [1.5, 0.5], rtol=1e-9)


def test_a_mean_that_harms_nobody_stays():
    np.testing.assert_array_equal(weights(build(), C), np.full(3, 1 / 3))


@pytest.mark.parametrize("regularisation", [0, 1e-4, 0.1])
def test_conditions_of_a_minimum(regularisation):
    many = {"normal 32x40": normal(32, 40, 40), "normal 32x8": normal(32, 8, 8)}
    for name, rows in {**NONZERO, **many}.items():
        m = len(rows)
        hessian = build(regularisation)(m).hessian(rows @ rows.T)
        found = weights(build(regularisation), rows)
        added = found - 1 / m
        slope = hessian @ found
        size = np.abs(hessian) @ np.abs(found)
        assert (added >= -1e-12).all(), name
        assert (slope >= -1e-7 * size).all(), name
        assert (np.abs(added * slope) <= 1e-7 * found * size).all(), name


def test_no_allowed_update_is_nearer_to_the_mean():
    random = np.random.default_rng(0)
    for seed in range(5):
        rows = not_stationary(4, 6, seed)
        mean = rows.mean(axis=0)
        found = rows.T @ weights(build(0), rows)
        assert (rows @ found >= -1e-9).all()
        for _ in range(200):
            other = found + random.normal(size=6) * 10.0 ** random.uniform(-3, 0)
            if (rows @ other >= 0).all():
                assert np.linalg.norm(other - mean) >= np.linalg.norm(found - mean)


def test_regularisation_is_beside_a_trace_of_one():
    for scale in (1e-20, 1.0, 1e12):
        expected = (B @ B.T) / np.trace(B @ B.T) + 0.3 * np.eye(3)
        np.testing.assert_allclose(build(0.3)(3).hessian(scale * B @ B.T), expected, rtol=1e-12)


def test_regularisation_keeps_weights_small_where_gradients_nearly_cancel():
    rows = np.array([[1.0, 0], [-3, 1e-3], [1, 1e-3]])
    largest = [weights(build(value), rows).max() for value in (0, 1e-4, 1e-2, 1.0)]
    assert largest == sorted(largest, reverse=True)


def test_defaults():
    strategy = DualProjection({"a": 1.0, "b": 1.0})
    assert strategy.regularisation == 1e-4
    assert (strategy.heads, strategy.gradients, strategy.scale) == ("own", "parameters", "mean")


@pytest.mark.parametrize("value", [-1e-9, np.inf, np.nan])
def test_a_regularisation_that_is_none_is_refused(value):
    message = rf"^balancing\.regularisation={value}\. Expected a number of 0 or more\."
    with pytest.raises(MtlError, match=message):
        build(value)(2)

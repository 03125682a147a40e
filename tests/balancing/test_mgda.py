"""The shortest mean of the gradients: known values, the conditions of a minimum, normalisation."""

import numpy as np
import pytest

from mtl.balancing.base import Observed
from mtl.balancing.mgda import MultipleGradientDescent
from mtl.errors import MtlError
from tests.balancing.gramians import NONZERO, weights
from tests.balancing.matrices import A, B, D, E, normal


def build(normalisation="none"):
    def built(m):
        names = {f"task_{i}": 1.0 for i in range(m)}
        return MultipleGradientDescent(
            names, gradient_normalisation=normalisation, normalise="mean"
        )

    return built


def test_known_values():
    np.testing.assert_allclose(weights(build(), A), [0.6, 0.4], atol=1e-8)
    np.testing.assert_allclose(A.T @ weights(build(), A), [0, 1, 1], atol=1e-8)
    np.testing.assert_allclose(weights(build(), D), [1, 0])
    np.testing.assert_allclose(E.T @ weights(build(), E), 0, atol=1e-12)


def test_where_all_gradients_take_part_they_are_equally_far_along_the_update():
    found = weights(build(), B)
    exact = np.linalg.solve(B @ B.T, np.ones(3))
    np.testing.assert_allclose(found, exact / exact.sum(), atol=1e-8)
    # Frank-Wolfe steps that stopped at 0.001.
    stopped = np.array([0.5168, 0.1608, 0.3223])
    np.testing.assert_allclose(found, stopped, atol=1e-3)
    assert np.linalg.norm(B.T @ found) < np.linalg.norm(B.T @ stopped / stopped.sum())


def test_two_tasks_as_the_formula_says():
    for seed in range(30):
        rows = normal(2, 3, 2, seed)
        (first, both), (_, second) = rows @ rows.T
        weight = np.clip((second - both) / (first + second - 2 * both), 0, 1)
        np.testing.assert_allclose(weights(build(), rows), [weight, 1 - weight], atol=1e-7)


def test_conditions_of_a_minimum():
    many = {f"normal 32x{n}": normal(32, n, n) for n in (8, 40)}
    for name, rows in {**NONZERO, **many}.items():
        found = weights(build(), rows)
        update = rows.T @ found
        assert (found >= 0).all(), name
        assert found.sum() == pytest.approx(1), name
        # No task is less far along the update than the update itself.
        longest = np.linalg.norm(rows, axis=1).max() * np.linalg.norm(update) + 1e-6
        assert (rows @ update).min() >= update @ update - 1e-6 * longest, name


@pytest.mark.parametrize("normalisation", ["norm", "loss", "loss_and_norm"])
def test_normalised_gradients_say_what_the_weights_are(normalisation):
    losses = np.array([0.5, 2.0, 4.0])
    sizes = {"norm": 1.0, "loss": losses, "loss_and_norm": losses}[normalisation]
    if normalisation != "loss":
        sizes = sizes * np.linalg.norm(B, axis=1)
    expected = weights(build(), B / np.reshape(sizes, (-1, 1)))
    np.testing.assert_allclose(weights(build(normalisation), B, losses), expected, atol=1e-7)


def test_normalised_by_hand():
    np.testing.assert_allclose(weights(build("norm"), A), [0.5, 0.5], atol=1e-8)
    # Gradients (2, 0) and (0, 4) with losses 1 and 4: as (2, 0) and (0, 1), so 1 to 4.
    rows, losses = np.diag([2.0, 4.0]), np.array([1.0, 4.0])
    np.testing.assert_allclose(weights(build("loss"), rows, losses), [0.2, 0.8])
    # As (1, 0) and (0, 1/4): 1 to 16.
    np.testing.assert_allclose(weights(build("loss_and_norm"), rows, losses), [1 / 17, 16 / 17])


def test_losses_of_no_use_for_a_division():
    for losses in ([0.0, 1.0], [0.0, 0.0], [-1.0, 1.0]):
        found = weights(build("loss"), np.eye(2), np.array(losses))
        assert np.isfinite(found).all()
        assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(weights(build("loss"), np.eye(2), np.array([-1.0, 1])), [0.5, 0.5])


def test_any_scale_is_solved():
    strategy = build()(3)
    for scale in (1e-150, 1e-20, 1e15):
        rows = B * scale
        found = strategy.solve(rows @ rows.T, Observed(np.ones(3), np.arange(3)))
        np.testing.assert_allclose(found, weights(build(), B), atol=1e-8)


def test_as_large_as_a_sum_by_default():
    strategy = MultipleGradientDescent({"a": 1.0, "b": 1.0})
    found = strategy.weights_of(np.ones(2), np.ones(2, bool), A @ A.T, 0, {})
    np.testing.assert_allclose(found, [1.2, 0.8], atol=1e-8)
    assert (strategy.gradients, strategy.heads) == ("features", "own")


def test_an_unknown_normalisation_is_refused():
    with pytest.raises(MtlError, match=r"balancing\.gradient_normalisation='l2'\. Expected none, "):
        build("l2")(2)

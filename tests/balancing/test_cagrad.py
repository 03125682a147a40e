"""The update near the mean: known values, optimality, and where its formula divides by 0."""

import numpy as np
import pytest

from mtl.balancing.base import Observed
from mtl.balancing.cagrad import ConflictAverse
from mtl.balancing.solvers.simplex import project_to_simplex
from mtl.errors import MtlError
from tests.balancing.gramians import NONZERO, weights
from tests.balancing.matrices import A, B, D, E, normal, not_stationary


def build(c=0.5, **options):
    def built(m):
        names = {f"task_{i}": 1.0 for i in range(m)}
        return ConflictAverse(names, c=c, normalise="mean", **options)

    return built


def update(rows, c):
    return rows.T @ weights(build(c), rows)


def worst(rows, w, c):
    """Return what no update within the ball can exceed for the slowest task, for any such w."""
    mean = rows.mean(axis=0)
    return mean @ rows.T @ w + c * np.linalg.norm(mean) * np.linalg.norm(rows.T @ w)


def test_known_values():
    np.testing.assert_allclose(weights(build(), A), [0.7041, 0.5], atol=5e-5)
    np.testing.assert_allclose(update(A, 0.5), [0.1835, 1.2041, 1.2041], atol=5e-5)
    np.testing.assert_allclose(weights(build(), B), [0.6626, 0.3333, 0.3630], atol=5e-5)
    np.testing.assert_allclose(update(B, 0.5), [0.1774, 1.2955, 1.0634, -0.3926], atol=5e-5)


def test_c_0_is_the_mean():
    for rows in (A, B, normal(5, 4, 4)):
        np.testing.assert_array_equal(weights(build(0.0), rows), np.full(len(rows), 1 / len(rows)))


def test_rescaling_divides():
    plain = weights(build(0.8), B)
    np.testing.assert_allclose(weights(build(0.8, rescale="quadratic"), B), plain / 1.64)
    np.testing.assert_allclose(weights(build(0.8, rescale="linear"), B), plain / 1.8)


def test_the_update_stays_in_the_ball():
    for name, rows in NONZERO.items():
        mean = rows.mean(axis=0)
        for c in (0.1, 0.5, 1.0, 3.0):
            distance = np.linalg.norm(update(rows, c) - mean)
            assert distance <= c * np.linalg.norm(mean) * (1 + 1e-6) + 1e-6, name


@pytest.mark.parametrize("c", [0.2, 0.5, 0.9, 1.5])
def test_no_update_is_better_for_the_slowest_task(c):
    """What the slowest task gets is as much as some w shows to be the most that it can get."""
    for m, n in ((2, 3), (3, 5), (8, 20), (16, 40), (32, 64)):
        for rows in (normal(m, n, n), not_stationary(m, n), not_stationary(m, n) + 0.3):
            found = update(rows, c)
            added = weights(build(c), rows) - 1 / m
            size = np.linalg.norm(rows, axis=1).max() * np.linalg.norm(rows.mean(axis=0))
            most = worst(rows, added / added.sum(), c)
            assert (rows @ found).min() >= most - 1e-7 * size


def test_no_point_of_a_fine_grid_shows_less_to_be_possible():
    first, second = np.meshgrid(np.linspace(0, 1, 401), np.linspace(0, 1, 401))
    inside = first + second <= 1
    grid = np.stack([first[inside], second[inside], (1 - first - second)[inside]])
    for seed in range(5):
        rows = normal(3, 4, 3, seed)
        mean = rows.mean(axis=0)
        long = np.linalg.norm(rows.T @ grid, axis=0)
        values = mean @ rows.T @ grid + 0.5 * np.linalg.norm(mean) * long
        reached = (rows @ update(rows, 0.5)).min()
        assert reached <= values.min() + 1e-9
        assert reached >= values.min() - 0.01 * np.linalg.norm(mean)


def test_as_long_descent_by_projected_gradients():
    rows = not_stationary(8, 20)
    gramian, mean = rows @ rows.T, np.full(8, 1 / 8)
    radius = 0.5 * np.linalg.norm(rows.mean(axis=0))
    w = mean
    for _ in range(20_000):
        slope = gramian @ mean + radius * gramian @ w / np.sqrt(w @ gramian @ w)
        w = project_to_simplex(w - 0.01 * slope)
    expected = rows.T @ (mean + radius / np.sqrt(w @ gramian @ w) * w)
    np.testing.assert_allclose(update(rows, 0.5), expected, atol=1e-5)


def test_from_c_1_on_no_task_is_harmed():
    for name, rows in NONZERO.items():
        for c in (1.0, 2.0):
            found = update(rows, c)
            lengths = np.linalg.norm(rows, axis=1)
            assert (rows @ found / lengths).min() >= -1e-4 * lengths.max(), name


def test_a_task_without_a_gradient_or_nearly_so_does_not_stop_the_others():
    np.testing.assert_array_equal(weights(build(), D), [1, 0])
    # The slowest task is the second; half of the mean's length goes its way.
    rows = np.array([[1.0, 2], [1e-9, 0]])
    expected = [0.5 + 0.25 * np.sqrt(5), 1.0]
    np.testing.assert_allclose(update(rows, 0.5), expected, atol=1e-6)


def test_opposed_gradients_leave_the_mean():
    np.testing.assert_array_equal(weights(build(), E), [0.5, 0.5])


def test_where_gradients_cancel_the_update_is_the_nearest_that_harms_no_task():
    # The first two forbid every move along the first axis.
    rows = np.array([[1.0, 0], [-2, 0], [0, 1]])
    np.testing.assert_allclose(update(rows, 2.0), [0, 1 / 3], atol=1e-5)
    # Nearly so: the two can gain a little, and the rest of the ball is used for that.
    rows[1, 1] = 1e-3
    found = update(rows, 2.0)
    assert (rows @ found).min() > 1e-4
    mean = rows.mean(axis=0)
    assert np.linalg.norm(found - mean) == pytest.approx(2 * np.linalg.norm(mean), rel=1e-5)


def test_tasks_of_any_size_side_by_side():
    for exponents in ([-150, 15, 0], [-20, 0, 0], [15, 15, -150], [-150, -150, -150]):
        rows = B * 10.0 ** np.array(exponents)[:, None]
        found = build()(3).solve(rows @ rows.T, Observed(np.ones(3), np.arange(3)))
        assert np.isfinite(found).all(), exponents


def test_the_scale_of_gradients_does_not_matter():
    for scale in (1e-150, 1e-10, 1e15):
        rows = B * scale
        found = build()(3).solve(rows @ rows.T, Observed(np.ones(3), np.arange(3)))
        np.testing.assert_allclose(found, weights(build(), B), rtol=1e-6)


def test_defaults():
    strategy = ConflictAverse({"a": 1.0, "b": 1.0})
    assert (strategy.gradients, strategy.heads) == ("parameters", "own")
    found = strategy.weights_of(np.ones(2), np.ones(2, bool), A @ A.T, 0, {})
    np.testing.assert_allclose(found, [1.4082, 1.0], atol=1e-4)


@pytest.mark.parametrize("c", [-0.1, np.inf, np.nan])
def test_c_out_of_range_is_refused(c):
    with pytest.raises(MtlError, match=r"^balancing\.c=.*\. Expected a number of 0 or more\."):
        build(c)(2)


def test_an_unknown_rescaling_is_refused():
    with pytest.raises(MtlError, match=r"balancing\.rescale='squared'\. Expected none, quadratic"):
        build(rescale="squared")(2)

"""Equal projections: known values, and what happens where there are none."""

import numpy as np

from mtl.balancing.base import Observed
from mtl.balancing.imtl_g import ImpartialGradients
from tests.balancing.gramians import weights
from tests.balancing.matrices import (
    EVERY,
    INDEPENDENT,
    STRONG,
    A,
    B,
    D,
    E,
    normal,
    strongly_stationary,
)


def build(m):
    return ImpartialGradients({f"task_{i}": 1.0 for i in range(m)}, normalise="mean")


def projections(rows, w):
    return rows @ (rows.T @ w) / np.linalg.norm(rows, axis=1)


def longest(rows):
    return np.linalg.norm(rows, axis=1).max()


def test_known_values():
    np.testing.assert_allclose(weights(build, A), [0.5923, 0.4077], atol=5e-5)
    np.testing.assert_allclose(A.T @ weights(build, A), [0.0767, 1, 1], atol=5e-5)
    found = weights(build, B)
    np.testing.assert_allclose(found, [0.4927, 0.1909, 0.3164], atol=6e-5)
    np.testing.assert_allclose(B.T @ found, [0.2692, 0.8598, 0.7128, -0.4420], atol=5e-5)
    np.testing.assert_array_equal(weights(build, D), [1, 0])


def test_two_tasks_as_the_formula_says():
    for seed in range(20):
        rows = normal(2, 4, 2, seed)
        first, second = np.linalg.norm(rows, axis=1)
        expected = np.array([second, first]) / (first + second)
        np.testing.assert_allclose(weights(build, rows), expected, rtol=1e-6)


def test_as_the_papers_closed_form():
    for name, rows in INDEPENDENT.items():
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        differences, units = rows[0] - rows[1:], unit[0] - unit[1:]
        others = rows[0] @ units.T @ np.linalg.inv(differences @ units.T)
        expected = np.array([1 - others.sum(), *others])
        if projections(rows, expected).min() > 0:
            np.testing.assert_allclose(weights(build, rows), expected, rtol=1e-6, err_msg=name)


def test_projections_are_equal_and_above_0_for_independent_gradients():
    for seed in range(40):
        random = np.random.default_rng(seed)
        rows = random.normal(size=(5, 9)) * 10.0 ** random.uniform(-2, 2, (5, 1))
        found = projections(rows, weights(build, rows))
        assert found.min() > 0
        np.testing.assert_allclose(found, found.mean(), rtol=1e-5)


def test_an_update_is_never_longer_than_the_longest_gradient():
    near = {f"near {e}": strongly_stationary(4, 6) + e * normal(4, 6, 4) for e in (1e-9, 1e-5, 0.1)}
    low = {f"rank {r}": normal(8, 12, r, 1) for r in range(1, 8)}
    for name, rows in {**EVERY, **near, **low}.items():
        update = rows.T @ weights(build, rows)
        assert np.linalg.norm(update) <= longest(rows) * (1 + 1e-6), name


def test_opposed_gradients_of_any_length_stop():
    np.testing.assert_allclose(weights(build, E), [0.5, 0.5])
    np.testing.assert_allclose(weights(build, np.array([[1.0], [-2]])), [2 / 3, 1 / 3])


def test_rows_that_sum_to_0_stop():
    for seed in range(5):
        rows = normal(4, 6, 4, seed)
        rows -= rows.mean(axis=0)
        np.testing.assert_allclose(weights(build, rows), 0.25, atol=1e-6)
    rows = strongly_stationary(4, 30)
    single = (rows @ rows.T).astype(np.float32).astype(float)
    found = build(4).solve(single, Observed(np.ones(4), np.arange(4)))
    assert np.linalg.norm(rows.T @ found) <= 1e-5 * longest(rows)
    for name, rows in STRONG.items():
        assert np.linalg.norm(rows.T @ weights(build, rows)) <= 1e-6 * longest(rows), name


def test_where_weights_that_sum_to_1_would_raise_every_loss():
    """Of these the equations have one solution, and its projections are below 0."""
    rows = np.array([[1.0, 0, 0], [0, 1, 0], [0.0072, 0.0072, 0.001]])
    lengths = np.linalg.norm(rows, axis=1)
    solution = np.linalg.solve(rows @ rows.T, lengths)
    solution /= solution.sum()
    assert projections(rows, solution).max() < 0
    found = weights(build, rows)
    np.testing.assert_allclose(projections(rows, found), projections(rows, found)[0], rtol=1e-6)
    assert projections(rows, found).min() > 0
    np.testing.assert_allclose(np.linalg.norm(rows.T @ found), longest(rows))


def test_dependent_gradients_that_agree_do_not_stop():
    rows = np.array([[1.0, 0], [0, 1], [1, 1]])
    found = projections(rows, weights(build, rows))
    # The vector (1, 1, 1) next to those that are projections of something.
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    nearest = unit @ np.linalg.lstsq(unit, np.ones(3))[0]
    np.testing.assert_allclose(found / found[0], nearest / nearest[0], rtol=1e-6)
    assert found.min() > 0.1


def test_equal_gradients_share():
    np.testing.assert_allclose(weights(build, np.ones((3, 2))), 1 / 3)


def test_the_scale_of_gradients_does_not_matter():
    for scale in (1e-150, 1e-10, 1e15):
        rows = B * scale
        found = build(3).solve(rows @ rows.T, Observed(np.ones(3), np.arange(3)))
        np.testing.assert_allclose(found, weights(build, B), rtol=1e-6)
    rows = B * np.array([[1e-150], [1.0], [1e15]])
    assert np.isfinite(build(3).solve(rows @ rows.T, Observed(np.ones(3), np.arange(3)))).all()


def test_defaults():
    strategy = ImpartialGradients({"a": 1.0, "b": 1.0})
    assert (strategy.gradients, strategy.heads) == ("features", "own")
    found = strategy.weights_of(np.ones(2), np.ones(2, bool), A @ A.T, 0, {})
    np.testing.assert_allclose(found, [1.1847, 0.8153], atol=5e-5)

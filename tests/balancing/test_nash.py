"""The bargaining solution: known values, its equations, its length, what opposed gradients do."""

import numpy as np
import pytest

from mtl.balancing.nash import Nash
from mtl.errors import MtlError
from tests.balancing.gramians import NONZERO, weights
from tests.balancing.matrices import INDEPENDENT, A, B, C, D, E, normal, rescaled


def build(maximum_norm=None, **options):
    return lambda m: Nash(
        {f"task_{i}": 1.0 for i in range(m)}, maximum_norm=maximum_norm, **options
    )


def test_known_values():
    np.testing.assert_allclose(weights(build(), A), [0.5915, 0.4071], atol=5e-5)
    np.testing.assert_allclose(A.T @ weights(build(), A), [0.0766, 0.9985, 0.9985], atol=5e-5)
    np.testing.assert_allclose(weights(build(), B), [0.6557, 0.2975, 0.4333], atol=5e-5)
    update = [0.2774, 1.1755, 1.1033, -0.5691]
    np.testing.assert_allclose(B.T @ weights(build(), B), update, atol=5e-5)
    np.testing.assert_allclose(weights(build(), D), [1, 0])


def test_by_hand():
    # At right angles each task is alone: n² w = 1 / w.
    np.testing.assert_allclose(weights(build(), np.diag([4.0, 0.5])), [0.25, 2.0], rtol=1e-7)
    # Twice the same: w₁ = w₂, and 2 w = 1 / w.
    same = np.array([[1.0, 0], [1, 0]])
    np.testing.assert_allclose(weights(build(), same), np.sqrt([0.5, 0.5]), rtol=1e-7)


def test_each_task_gains_as_much_as_its_weight_is_small():
    matrices = {**INDEPENDENT, "C": C, "rescaled": rescaled(normal(5, 9, 5))}
    for name, rows in matrices.items():
        found = weights(build(), rows)
        assert (found > 0).all(), name
        # With what bounds weights where gradients are opposed.
        gains = rows @ (rows.T @ found) + 1e-8 * (rows**2).sum(axis=1) * found
        np.testing.assert_allclose(gains * found, 1, rtol=1e-6, err_msg=name)


def test_no_other_update_of_its_length_has_a_larger_product_of_gains():
    best = B.T @ weights(build(), B)
    best /= np.linalg.norm(best)
    random = np.random.default_rng(0)
    for _ in range(300):
        other = best + random.normal(size=4) * 10.0 ** random.uniform(-3, 0)
        gains = B @ other / np.linalg.norm(other)
        assert (gains <= 0).any() or gains.prod() < (B @ best).prod()


def test_updates_have_one_length_whatever_the_gradients():
    for name, rows in INDEPENDENT.items():
        for scale in (1e-6, 1.0, 1e6):
            free = scale * rows.T @ weights(build(), scale * rows)
            assert np.linalg.norm(free) == pytest.approx(np.sqrt(len(rows)), rel=1e-4), name
            short = scale * rows.T @ weights(build(0.5), scale * rows)
            assert np.linalg.norm(short) == pytest.approx(0.5, rel=1e-6), name
            # Made shorter, not turned.
            np.testing.assert_allclose(short / 0.5, free / np.linalg.norm(free), atol=1e-6)


def test_a_longer_maximum_than_the_update_changes_nothing():
    np.testing.assert_array_equal(weights(build(2.0), B), weights(build(), B))
    clipped = weights(build(1.0), B)
    np.testing.assert_allclose(clipped, weights(build(), B) / np.sqrt(3), rtol=1e-6)
    np.testing.assert_allclose(weights(build(1.0, normalise="mean"), B), clipped / 3, rtol=1e-12)


def test_how_long_a_gradient_is_does_not_matter():
    factors = np.array([1e-3, 1.0, 1e4])
    found = weights(build(), factors[:, None] * B)
    np.testing.assert_allclose(found * factors, weights(build(), B), rtol=1e-5)


def test_opposed_gradients_have_large_weights_and_no_update():
    found = weights(build(), E)
    np.testing.assert_allclose(E.T @ found, 0, atol=1e-6)
    assert (found <= 1.01e4 * np.sqrt(2)).all()
    for name, rows in NONZERO.items():
        bound = 1.01e4 * np.sqrt(len(rows)) / np.linalg.norm(rows, axis=1)
        assert (weights(build(), rows) <= bound).all(), name


def test_defaults():
    strategy = Nash({"a": 1.0, "b": 1.0})
    assert strategy.maximum_norm == 1
    assert (strategy.heads, strategy.gradients, strategy.scale) == ("weighted", "parameters", "sum")


@pytest.mark.parametrize("value", [0, -1.0, np.inf, np.nan])
def test_a_maximum_that_is_none_is_refused(value):
    with pytest.raises(MtlError, match=rf"^balancing\.maximum_norm={value}\. Expected a number"):
        build(value)(2)

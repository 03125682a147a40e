"""α-fair weights: known values, their equation, the ends of the range of α."""

import numpy as np
import pytest

from mtl.balancing.fairgrad import FairGrad
from mtl.balancing.nash import Nash
from mtl.balancing.solvers.simplex import simplex_qp
from mtl.errors import MtlError
from tests.balancing.gramians import NONZERO, weights
from tests.balancing.matrices import INDEPENDENT, SCALES, A, B, D, E


def build(alpha=1.0):
    return lambda m: FairGrad({f"task_{i}": 1.0 for i in range(m)}, alpha=alpha)


def test_known_values():
    np.testing.assert_allclose(weights(build(), A), [0.5915, 0.4071], atol=5e-5)
    np.testing.assert_allclose(weights(build(), B), [0.6557, 0.2975, 0.4333], atol=5e-5)
    # The task without a gradient is left out; a solver that is handed it gives it 665.
    np.testing.assert_allclose(weights(build(), D), [1, 0])


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 5.0])
def test_gradients_at_right_angles_by_hand(alpha):
    # n² w = w^(-1/α), so w = n^(-2α/(1+α)).
    lengths = np.array([0.5, 1.0, 3.0])
    expected = lengths ** (-2 * alpha / (1 + alpha))
    np.testing.assert_allclose(weights(build(alpha), np.diag(lengths)), expected, rtol=1e-6)


@pytest.mark.parametrize("alpha", [0.2, 0.5, 1.0, 2.0, 5.0])
def test_the_equation_holds(alpha):
    for name, rows in INDEPENDENT.items():
        found = weights(build(alpha), rows)
        assert (found > 0).all(), name
        gains = rows @ (rows.T @ found)
        # With what bounds weights where gradients are opposed.
        gains += 1e-8 * (rows**2).sum(axis=1) * found
        np.testing.assert_allclose(gains, found ** (-1 / alpha), rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("alpha", [0.5, 2.0])
def test_no_other_update_of_its_length_is_fairer(alpha):
    best = B.T @ weights(build(alpha), B)
    best /= np.linalg.norm(best)

    def fairness(update):
        return (np.maximum(B @ update, 0) ** (1 - alpha) / (1 - alpha)).sum()

    random = np.random.default_rng(0)
    for _ in range(300):
        other = best + random.normal(size=4) * 10.0 ** random.uniform(-3, 0)
        other /= np.linalg.norm(other)
        assert (B @ other <= 0).any() or fairness(other) < fairness(best)


def test_an_alpha_of_one_is_nash_without_its_clipping():
    free = Nash(dict.fromkeys("abc", 1.0), maximum_norm=None)
    np.testing.assert_array_equal(weights(build(), B), weights(lambda m: free, B))


def test_from_the_sum_to_the_direction_of_mgda():
    # Where every task gains by the sum.
    rows = np.array([[2.0, 0, 1], [0, 1, 1], [0.5, 0.5, 0]])
    np.testing.assert_allclose(weights(build(1e-3), rows), 1, rtol=5e-3)
    # What the task that gains least gains by an update of length 1.
    least = []
    for alpha in (0.1, 0.5, 1.0, 2.0, 5.0, 50.0):
        update = rows.T @ weights(build(alpha), rows)
        least.append((rows @ update).min() / np.linalg.norm(update))
    assert least == sorted(least)
    # The shortest mean of the gradients: nothing has more.
    most = np.linalg.norm(rows.T @ simplex_qp(rows @ rows.T, np.zeros(3)))
    assert 0.99 * most < least[-1] < most


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_longer_gradients_have_smaller_weights(alpha):
    for scale in (1e-4, 1e3):
        expected = weights(build(alpha), B) * scale ** (-2 * alpha / (1 + alpha))
        np.testing.assert_allclose(weights(build(alpha), scale * B), expected, rtol=1e-6)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 2.0, 5.0, 20.0])
def test_finite_for_every_alpha(alpha):
    for name, rows in NONZERO.items():
        for scale in SCALES[1:]:
            found = weights(build(alpha), scale * rows)
            assert np.isfinite(found).all(), (name, scale)
            assert (found[np.linalg.norm(rows, axis=1) > 0] > 0).all(), (name, scale)


def test_opposed_gradients_have_no_update():
    for alpha in (0.5, 1.0, 2.0):
        found = weights(build(alpha), E)
        assert found[0] == pytest.approx(found[1], rel=1e-9)


def test_defaults():
    strategy = FairGrad({"a": 1.0, "b": 1.0})
    assert strategy.alpha == 1
    assert (strategy.heads, strategy.gradients, strategy.scale) == ("weighted", "parameters", "sum")


@pytest.mark.parametrize("value", [0, -0.5, np.inf, np.nan])
def test_an_alpha_that_is_none_is_refused(value):
    with pytest.raises(MtlError, match=rf"^balancing\.alpha={value}\. Expected a number above 0; "):
        build(value)(2)

"""Strategies that project or align gradients against published values and their own conditions.

A = [[-4, 1, 1], [6, 1, 1]] and B are the matrices of other libraries' tests; the values are those
of exact solutions, to four digits.
"""

import numpy as np
import pytest

from mtl.registry import balancers
from tests.balancing.gramians import weights
from tests.balancing.matrices import A, B, E


def build(name, **parameters):
    def built(m):
        tasks = {f"task_{i}": 1.0 for i in range(m)}
        kind = balancers.get(name)
        return kind(tasks, normalise=kind.scale, **parameters)

    return built


@pytest.mark.parametrize(
    ("name", "parameters", "of_a", "of_b"),
    [
        ("aligned", {}, [0.5591, 0.4083], [0.3866, 0.1920, 0.2796]),
        ("aligned", {"scale_by": "mean"}, [1.5109, 1.1033], [0.6509, 0.3233, 0.4707]),
        ("nash", {"maximum_norm": None}, [0.5915, 0.4071], [0.6557, 0.2975, 0.4333]),
        ("fairgrad", {}, [0.5915, 0.4071], [0.6557, 0.2975, 0.4333]),
        ("dual_projection", {}, [0.6109, 0.5], [0.3609, 0.3333, 0.3333]),
        ("upgrad", {}, [1.1109, 0.7894], [0.6943, 0.3847, 0.4483]),
    ],
)
def test_weights_are_the_published_ones(name, parameters, of_a, of_b):
    np.testing.assert_allclose(weights(build(name, **parameters), A), of_a, atol=2e-4)
    np.testing.assert_allclose(weights(build(name, **parameters), B), of_b, atol=2e-4)


def test_the_conflict_free_direction_is_equally_far_along_every_gradient():
    for rows, published in ((A, [0.1588, 2.0706, 2.0706]), (B, [0.8667, 2.7681, 2.2947, -1.4231])):
        update = rows.T @ weights(build("config_conflict_free"), rows)
        np.testing.assert_allclose(update, published, atol=2e-4)
        cosines = rows @ update / np.linalg.norm(rows, axis=1) / np.linalg.norm(update)
        np.testing.assert_allclose(cosines, cosines[0], rtol=1e-6)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_fair_weights_solve_their_equation(alpha):
    for rows in (A, B):
        found = weights(build("fairgrad", alpha=alpha), rows)
        assert (found > 0).all()
        np.testing.assert_allclose(rows @ rows.T @ found, found ** (-1 / alpha), rtol=1e-5)


def test_the_nash_update_is_no_longer_than_asked():
    for maximum in (0.5, 1.0):
        found = weights(build("nash", maximum_norm=maximum), B)
        assert np.linalg.norm(B.T @ found) == pytest.approx(maximum, rel=1e-6)
        # Made shorter, not turned.
        free = weights(build("nash", maximum_norm=None), B)
        np.testing.assert_allclose(found / found.sum(), free / free.sum(), rtol=1e-6)


def test_projections_meet_the_conditions_of_a_minimum():
    """v ≥ u, H v ≥ 0 and (v - u)ᵀ H v = 0 for each preference u."""
    for rows in (A, B, E):
        m = len(rows)
        hessian = rows @ rows.T / np.trace(rows @ rows.T) + 1e-4 * np.eye(m)
        found = weights(build("dual_projection"), rows)
        even = np.full(m, 1 / m)
        assert (found >= even - 1e-9).all()
        assert (hessian @ found >= -1e-9).all()
        assert (found - even) @ hessian @ found == pytest.approx(0, abs=1e-9)


def test_smoothed_weights_are_a_moving_average():
    strategy = build("cr_mogm", around={"name": "mgda"}, smoothing=0.8)(2)
    inner = build("mgda")(2)
    state, present = strategy.state(), np.ones(2, bool)
    other = np.array([[1.0, 0], [0, 2]])
    first = strategy.weights_of(np.ones(2), present, A @ A.T, 0, state)
    np.testing.assert_allclose(first, 2 * weights(build("mgda"), A), rtol=1e-6)
    second = strategy.weights_of(np.ones(2), present, other @ other.T, 1, state)
    expected = 0.8 * first + 0.2 * 2 * weights(build("mgda"), other)
    np.testing.assert_allclose(second, expected, rtol=1e-6)
    assert inner.gradients == strategy.gradients == "features"


def test_smoothing_is_of_strategies_that_read_the_gramian():
    with pytest.raises(Exception, match="Gramian"):
        build("cr_mogm", around={"name": "dwa"})(2)

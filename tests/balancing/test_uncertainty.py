"""Weights learned as inverse variances."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.uncertainty import Uncertainty
from mtl.errors import MtlError
from tests.balancing.losses import REFERENCE, assert_sound, ones, total_of, weigh, weights_of


def with_variance(weights, **options):
    """Return a strategy whose log-variances are those of the names a, b, c, d."""
    known = {"a": 0.3, "b": -1.0, "c": 0.7, "d": 2.0}
    strategy = Uncertainty(weights, **options)
    strategy.log_variance.assign([known[name] for name in weights])
    return strategy


def test_soundness():
    assert_sound(with_variance)


def test_weights_at_the_start():
    np.testing.assert_allclose(weights_of(Uncertainty(ones(3)), REFERENCE), [0.5, 0.5, 0.5])
    both = Uncertainty(ones(3), form="classification")
    np.testing.assert_allclose(weights_of(both, REFERENCE), [1, 1, 1])


def test_total_weights_and_gradients_by_hand():
    strategy = with_variance(ones(3), form={"b": "classification"})
    losses, s = np.array(REFERENCE), np.array([0.3, -1.0, 0.7])
    factors = np.array([0.5, 1.0, 0.5])

    weights, (gradient,) = weigh(strategy, losses)

    assert total_of(strategy, losses) == pytest.approx(
        (factors * np.exp(-s) * losses + s / 2).sum()
    )
    np.testing.assert_allclose(weights, factors * np.exp(-s), rtol=1e-6)
    np.testing.assert_allclose(gradient, 0.5 - factors * np.exp(-s) * losses, rtol=1e-5)


def test_the_optimizer_moves_the_variances_to_the_losses():
    strategy = Uncertainty(ones(3))
    assert strategy.trainable == [strategy.log_variance]
    graph = tf.function(strategy.weigh)
    for _ in range(200):
        _, (gradient,) = weigh(strategy, REFERENCE, by=graph)
        strategy.log_variance.assign_sub(0.1 * gradient)
    # The minimum of l / (2 v) + log(v) / 2 is at v = l.
    np.testing.assert_allclose(np.exp(strategy.log_variance), REFERENCE, rtol=1e-3)


@pytest.mark.parametrize("far", [-500.0, 500.0])
def test_far_variances_are_bounded_and_find_back(far):
    strategy = Uncertainty(ones(2))
    strategy.log_variance.assign([far, far])
    weights, (gradient,) = weigh(strategy, [1.0, 0.0])
    assert np.isfinite(weights).all()
    assert np.sign(gradient[0]) == np.sign(far)


@pytest.mark.parametrize("form", ["regresion", {"a": "ordinal"}, {"z": "regression"}, None, 3])
def test_forms_that_are_none(form):
    with pytest.raises(MtlError, match=r"^balancing\.form="):
        Uncertainty(ones(2), form=form)

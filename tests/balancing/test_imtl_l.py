"""Weights learned so that weighted losses become equal."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.imtl_l import ImtlL
from tests.balancing.losses import REFERENCE, assert_sound, ones, total_of, weigh


def with_scales(weights, **options):
    known = {"a": 0.3, "b": -1.0, "c": 0.7, "d": 2.0}
    strategy = ImtlL(weights, **options)
    strategy.log_scale.assign([known[name] for name in weights])
    return strategy


def test_soundness():
    assert_sound(with_scales)


def test_total_weights_and_gradients_by_hand():
    losses, s = np.array(REFERENCE), np.array([0.3, -1.0, 0.7])
    weights, (gradient,) = weigh(with_scales(ones(3)), losses)

    assert total_of(with_scales(ones(3)), losses) == pytest.approx((np.exp(s) * losses - s).sum())
    np.testing.assert_allclose(weights, np.exp(s), rtol=1e-6)
    np.testing.assert_allclose(gradient, np.exp(s) * losses - 1, rtol=1e-5, atol=1e-6)


def test_the_optimizer_makes_weighted_losses_equal():
    strategy = ImtlL(ones(3))
    np.testing.assert_array_equal(weigh(strategy, REFERENCE)[0], [1, 1, 1])
    graph = tf.function(strategy.weigh)
    for _ in range(200):
        _, (gradient,) = weigh(strategy, REFERENCE, by=graph)
        strategy.log_scale.assign_sub(0.1 * gradient)
    np.testing.assert_allclose(np.exp(strategy.log_scale) * REFERENCE, 1, rtol=1e-3)


@pytest.mark.parametrize("far", [-500.0, 500.0])
def test_far_scales_are_bounded_and_find_back(far):
    strategy = ImtlL(ones(1))
    strategy.log_scale.assign([far])
    weights, (gradient,) = weigh(strategy, [1.0])
    assert np.isfinite(weights).all()
    assert np.sign(gradient[0]) == np.sign(far)

"""More weight for losses that fall slowly."""

import numpy as np
import pytest

from mtl.balancing.dwa import DynamicWeightAverage
from mtl.errors import MtlError
from tests.balancing.losses import REFERENCE, assert_sound, ones, weights_of

NAN = float("nan")


def after(*epochs, count=3, **options):
    strategy = DynamicWeightAverage(ones(count), **options)
    for losses in epochs:
        strategy.epoch_ends(np.array(losses))
    return strategy


def expected(ratios, temperature=2.0):
    powers = np.exp(np.array(ratios) / temperature)
    return len(ratios) * powers / powers.sum()


def make(weights, **options):
    ratios = {"a": 0.5, "b": 1.5, "c": 0.9, "d": 1.0}
    strategy = DynamicWeightAverage(weights, **options)
    strategy.epoch_ends(np.ones(len(weights)))
    strategy.epoch_ends(np.array([ratios[name] for name in weights]))
    return strategy


def test_soundness():
    assert_sound(make)


def test_the_first_two_epochs_have_equal_weights():
    np.testing.assert_allclose(weights_of(after(), REFERENCE), [1, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(weights_of(after([2, 1, 1]), REFERENCE), [1, 1, 1], rtol=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 2.0, 10.0])
def test_weights_follow_the_ratio_of_the_last_two_epochs(temperature):
    strategy = after([9, 9, 9], [4, 2, 1], [1, 1.8, 1.5], temperature=temperature)
    weights = weights_of(strategy, REFERENCE)
    np.testing.assert_allclose(weights, expected([0.25, 0.9, 1.5], temperature), rtol=1e-5)
    assert weights.sum() == pytest.approx(3)


def test_a_task_not_seen_keeps_its_losses():
    strategy = after([4, 2, 1], [1, 1.8, 1.5], [2, NAN, 0.3])
    np.testing.assert_allclose(weights_of(strategy, REFERENCE), expected([2, 0.9, 0.2]), rtol=1e-5)
    unseen = after([NAN, 2, 1], [1, 1.8, 1.5])
    np.testing.assert_allclose(weights_of(unseen, REFERENCE), expected([1, 0.9, 1.5]), rtol=1e-5)


def test_losses_that_reach_zero():
    reached = after([1, 1, 1], [0, 1, 1])
    np.testing.assert_allclose(weights_of(reached, REFERENCE), expected([0, 1, 1]), rtol=1e-5)
    left = after([0, 1e-30, 1], [0.5, 1, 1])
    np.testing.assert_allclose(weights_of(left, REFERENCE), expected([1, 10, 1]), rtol=1e-5)


def test_a_restored_state_goes_on_alike():
    strategy = after([4, 2, 1], [1, 1.8, 1.5])
    restored = after()
    restored.restore(strategy.state())
    for each in (strategy, restored):
        each.epoch_ends(np.array([2, 1, 1]))
    np.testing.assert_array_equal(weights_of(restored, REFERENCE), weights_of(strategy, REFERENCE))


@pytest.mark.parametrize("temperature", [0, -1.0, NAN])
def test_temperatures_out_of_range(temperature):
    with pytest.raises(MtlError, match=r"^balancing\.temperature=.*Expected a number above 0"):
        DynamicWeightAverage(ones(2), temperature=temperature)

"""A smooth form of the largest loss."""

import numpy as np
import pytest

from mtl.balancing.stch import SmoothTchebycheff
from mtl.errors import MtlError
from tests.balancing.losses import NAMES, REFERENCE, assert_sound, ones, total_of, weights_of

NAN = float("nan")


def mean(**options):
    return SmoothTchebycheff(ones(3), normalise="mean", **options)


def prefer(weights, **options):
    numbers = dict(zip(NAMES, (1.0, 2.0, 3.0, 0.5), strict=True))
    preferences = {name: numbers[name] for name in weights}
    return SmoothTchebycheff(
        weights, mu=0.3, preferences=preferences, ideal={"a": 0.4, "b": -0.3}, **options
    )


def warm(*epochs, weights=None, warm_up_epochs=2, **options):
    strategy = SmoothTchebycheff(
        weights or ones(3), warm_up_epochs=warm_up_epochs, mu=0.5, **options
    )
    for losses in epochs:
        strategy.epoch_ends(np.array(losses))
    return strategy


def later(weights, **options):
    nadir = dict(zip(NAMES, (4.0, 1.0, 3.0, 0.5), strict=True))
    losses = [nadir[name] for name in weights]
    return warm(losses, losses, weights=weights, **options)


@pytest.mark.parametrize("make", [SmoothTchebycheff, prefer, later])
def test_soundness(make):
    assert_sound(make)


def test_soundness_of_the_warm_up():
    assert_sound(lambda weights, **options: warm(weights=weights, **options))


@pytest.mark.parametrize(
    ("mu", "reference"), [(1.0, [0.1560, 0.0946, 0.0828]), (0.1, [0.3305, 0.0022, 0.0006])]
)
def test_reference_values(mu, reference):
    """They are of the paper's form, without the factor K."""
    np.testing.assert_allclose(weights_of(mean(mu=mu), REFERENCE) / 3, reference, atol=5e-5)
    expected = mu * np.log(np.exp(np.array(REFERENCE) / 3 / mu).sum())
    assert total_of(mean(mu=mu), REFERENCE) / 3 == pytest.approx(expected, rel=1e-5)


def test_preferences_and_ideal_by_hand():
    strategy = SmoothTchebycheff(
        ones(3), mu=0.3, preferences={"c": 3, "a": 1, "b": 1}, ideal={"b": 0.2}, normalise="mean"
    )
    preferences = np.array([0.2, 0.2, 0.6])
    powers = np.exp(preferences * (np.array(REFERENCE) - [0, 0.2, 0]) / 0.3)

    weights = weights_of(strategy, REFERENCE)
    np.testing.assert_allclose(weights, 3 * preferences * powers / powers.sum(), rtol=1e-5)
    assert total_of(strategy, REFERENCE) == pytest.approx(0.9 * np.log(powers.sum()), rel=1e-5)


def test_a_small_mu_leaves_the_largest_loss_alone():
    np.testing.assert_allclose(weights_of(mean(mu=1e-9), REFERENCE), [1, 0, 0])
    assert total_of(mean(mu=1e-9), REFERENCE) == pytest.approx(2)


def test_the_warm_up_is_the_mean_of_the_logarithms():
    for strategy in (warm(normalise="mean"), warm([3, 3, 3], normalise="mean")):
        np.testing.assert_allclose(
            weights_of(strategy, REFERENCE), 1 / (3 * np.array(REFERENCE)), rtol=1e-5
        )
        expected = np.log(REFERENCE).mean()
        assert total_of(strategy, REFERENCE) == pytest.approx(expected, rel=1e-5)


def test_after_the_warm_up_losses_count_in_units_of_the_nadir():
    # The nadir is of the last epoch of the warm-up: neither of the first, nor of those after it.
    strategy = warm([9, 9, 9], [4, 1, 0.4], [7, 7, 7], normalise="mean")
    units = np.array(REFERENCE) / [4, 1, 0.4]
    powers = units ** (1 / 0.5)

    weights = weights_of(strategy, REFERENCE)
    np.testing.assert_allclose(weights, powers / powers.sum() / REFERENCE, rtol=1e-5)
    assert total_of(strategy, REFERENCE) == pytest.approx(0.5 * np.log(powers.sum()), rel=1e-5)


def test_a_nadir_of_a_task_seen_later():
    strategy = warm([9, 9, 9], [4, NAN, 0.4], normalise="mean")
    powers = np.array([2 / 4, 1, 0.1 / 0.4]) ** 2
    weights = weights_of(strategy, REFERENCE)
    np.testing.assert_allclose(weights, powers / powers.sum() / REFERENCE, rtol=1e-5)
    strategy.epoch_ends(np.array([3.0, 1.0, 3.0]))
    np.testing.assert_allclose(strategy.nadir, [4, 1, 0.4], rtol=1e-6)


def test_a_restored_state_knows_its_epoch_and_nadir():
    strategy, restored = warm([9, 9, 9], [4, 1, 0.4]), warm()
    restored.restore(strategy.state())
    np.testing.assert_array_equal(weights_of(restored, REFERENCE), weights_of(strategy, REFERENCE))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mu": 0}, r"^balancing\.mu=0\. Expected a number above 0"),
        ({"warm_up_epochs": 0}, r"^balancing\.warm_up_epochs=0\. Expected 1 epoch"),
        ({"warm_up_epochs": 1, "ideal": {"a": 1}}, r"^balancing\.warm_up_epochs=1\. Expected null"),
        ({"preferences": {"a": 1}}, "add b, c"),
    ],
)
def test_parameters_out_of_range(options, message):
    with pytest.raises(MtlError, match=message):
        SmoothTchebycheff(ones(3), **options)

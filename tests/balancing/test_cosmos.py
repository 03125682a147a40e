"""A weighted sum that keeps the losses close to the direction of the weights."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.cosmos import Cosmos
from mtl.errors import MtlError
from tests.balancing.losses import (
    NAMES,
    REFERENCE,
    assert_absent_tasks_take_no_part,
    assert_finite,
    assert_means_are_sums_divided,
    assert_sound,
    at,
    ones,
    total_of,
    weights_of,
)


def prefer(weights, **options):
    numbers = dict(zip(NAMES, (1.0, 2.0, 3.0, 0.5), strict=True))
    preferences = {name: numbers[name] for name in weights}
    return Cosmos(weights, preferences=preferences, penalty=0.7, **options)


def drawn(strategy, count):
    present = tf.constant([True] * len(strategy.names))
    draw = tf.function(lambda: strategy.drawn(present))
    return np.array([draw() for step in range(count) if at(strategy, step)])


def test_soundness_with_preferences():
    assert_sound(prefer)


def test_soundness_of_draws():
    assert_finite(Cosmos)
    assert_absent_tasks_take_no_part(Cosmos)
    assert_means_are_sums_divided(Cosmos)
    compiled = tf.function(Cosmos(ones(3)).drawn, jit_compile=True)
    assert float(tf.reduce_sum(compiled(tf.constant([True] * 3)))) == pytest.approx(1)


def test_total_and_weights_by_hand():
    strategy = Cosmos(ones(3), preferences={"a": 1, "b": 2, "c": 5}, penalty=0.7, normalise="mean")
    losses, wanted = np.array(REFERENCE), np.array([1, 2, 5]) / 8
    lengths = np.linalg.norm(losses) * np.linalg.norm(wanted)
    cosine = losses @ wanted / lengths
    slope = wanted / lengths - cosine * losses / (losses @ losses)

    assert total_of(strategy, losses) == pytest.approx(losses @ wanted - 0.7 * cosine, rel=1e-5)
    np.testing.assert_allclose(weights_of(strategy, losses), wanted - 0.7 * slope, rtol=1e-4)


def test_no_penalty_is_the_weighted_sum():
    strategy = Cosmos(ones(3), preferences={"a": 1, "b": 2, "c": 5}, penalty=0, normalise="mean")
    np.testing.assert_allclose(weights_of(strategy, REFERENCE), [0.125, 0.25, 0.625], rtol=1e-6)


def test_losses_in_the_direction_have_the_preferences_as_weights():
    strategy = Cosmos(ones(3), preferences={"a": 1, "b": 2, "c": 5}, penalty=3, normalise="mean")
    weights = weights_of(strategy, [0.3, 0.6, 1.5])
    np.testing.assert_allclose(weights, [0.125, 0.25, 0.625], rtol=1e-5)


@pytest.mark.parametrize("concentration", [0.01, 0.5, 1.0, 1.2, 20.0])
def test_the_draws_are_those_of_dirichlet(concentration):
    strategy = Cosmos(ones(3), concentration=concentration)
    numbers = drawn(strategy, 1_000)
    deviation = np.sqrt((1 / 3) * (2 / 3) / (3 * concentration + 1))

    assert np.isfinite(numbers).all()
    np.testing.assert_allclose(numbers.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(numbers.mean(axis=0), 1 / 3, atol=4 * deviation / np.sqrt(1_000))
    np.testing.assert_allclose(numbers.std(axis=0), deviation, rtol=0.1)
    # The third moment too, which tells the distribution from others of its mean and deviation.
    total = 3 * concentration
    third = np.prod([(concentration + i) / (total + i) for i in range(3)])
    np.testing.assert_allclose((numbers**3).mean(), third, rtol=0.1)


def test_draws_depend_on_seed_and_step_alone():
    first, second = Cosmos(ones(3)), Cosmos(ones(3))
    first.start(seed=5, steps_per_epoch=1)
    second.start(seed=5, steps_per_epoch=1)
    several = drawn(first, 4)
    np.testing.assert_array_equal(
        weights_of(at(second, 3), REFERENCE), weights_of(first, REFERENCE)
    )
    assert len(np.unique(several, axis=0)) == 4
    second.start(seed=6, steps_per_epoch=1)
    assert not np.allclose(drawn(second, 4), several)


@pytest.mark.parametrize(
    ("options", "name"), [({"penalty": -1}, "penalty"), ({"concentration": 0}, "concentration")]
)
def test_parameters_out_of_range(options, name):
    with pytest.raises(MtlError, match=rf"^balancing\.{name}="):
        Cosmos(ones(2), **options)

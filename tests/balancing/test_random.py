"""Weights drawn anew at each step."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.random import RandomWeights
from mtl.errors import MtlError
from tests.balancing.losses import (
    REFERENCE,
    assert_absent_tasks_take_no_part,
    assert_finite,
    assert_means_are_sums_divided,
    at,
    ones,
    weigh,
    weights_of,
)

DISTRIBUTIONS = ("normal", "uniform", "dirichlet")


def many(distribution, count=400):
    strategy = RandomWeights(ones(3), distribution=distribution, normalise="mean")
    graph = tf.function(strategy.weigh)
    steps = (weigh(at(strategy, step), REFERENCE, by=graph) for step in range(count))
    return np.array([weights for weights, _ in steps])


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_soundness(distribution):
    def make(weights, **options):
        return RandomWeights(weights, distribution=distribution, **options)

    assert_finite(make)
    assert_absent_tasks_take_no_part(make)
    assert_means_are_sums_divided(make)


@pytest.mark.parametrize(
    ("distribution", "deviation"),
    # Of one weight: of a softmax of three normal or uniform numbers, found by drawing 4·10^6 of
    # them, and √((1/3)(2/3) / 4) of an even spread over the simplex.
    [("normal", 0.2222), ("uniform", 0.0772), ("dirichlet", 0.2357)],
)
def test_distributions(distribution, deviation):
    weights = many(distribution)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(weights.mean(axis=0), 1 / 3, atol=4 * deviation / 20)
    np.testing.assert_allclose(weights.std(axis=0), deviation, rtol=0.1)


def test_draws_depend_on_seed_and_step_alone():
    first, second = RandomWeights(ones(3)), RandomWeights(ones(3))
    for strategy in (first, second):
        strategy.start(seed=3, steps_per_epoch=1)
    drawn = [weights_of(at(first, step), REFERENCE) for step in (0, 1, 2)]
    np.testing.assert_array_equal(weights_of(at(second, 2), REFERENCE), drawn[2])
    assert not np.allclose(drawn[0], drawn[1])
    second.start(seed=4, steps_per_epoch=1)
    assert not np.allclose(weights_of(second, REFERENCE), drawn[2])


def test_those_present_share_what_an_absent_task_leaves():
    present = [True, True, False, True]
    everybody = weights_of(RandomWeights(ones(4), normalise="mean"), [1.0] * 4)
    some = weights_of(RandomWeights(ones(4), normalise="mean"), [1.0, 1.0, 0.0, 1.0], present)
    np.testing.assert_allclose(some[present], everybody[present] / everybody[present].sum(), 1e-5)


def test_distributions_that_are_none():
    with pytest.raises(MtlError, match=r"^balancing\.distribution='gamma'\. Expected normal"):
        RandomWeights(ones(2), distribution="gamma")

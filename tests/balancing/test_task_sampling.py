"""One task a step, drawn by chance."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.task_sampling import TaskSampling
from mtl.errors import MtlError
from tests.balancing.losses import at, ones

EVERYONE = tf.constant([True] * 3)
SIZES = {"a": 100, "b": 400, "c": 2500}


def sampling(distribution, sizes=SIZES, **options):
    strategy = TaskSampling(ones(3), distribution=distribution, **options)
    strategy.take_sizes(sizes)
    return strategy


def share(alpha):
    powers = np.array(list(SIZES.values())) ** alpha
    return powers / powers.sum()


def frequencies(strategy, count=2_000, present=EVERYONE):
    turn = tf.function(strategy.turn)
    drawn = [int(turn(present)) for step in range(count) if at(strategy, step)]
    return np.bincount(drawn, minlength=3) / count


def test_uniform():
    np.testing.assert_allclose(sampling("uniform").probabilities(), [1 / 3] * 3, rtol=1e-5)


@pytest.mark.parametrize("alpha", [0, 0.5, 1])
def test_proportional_to_a_power(alpha):
    strategy = sampling("proportional", alpha=alpha)
    np.testing.assert_allclose(strategy.probabilities(), share(alpha), rtol=1e-5)


def test_without_sizes_tasks_are_equally_likely():
    np.testing.assert_allclose(TaskSampling(ones(4)).probabilities(), [0.25] * 4, rtol=1e-6)


@pytest.mark.parametrize(
    ("epoch", "alpha"), [(0, 1.0), (1, 0.8), (2, 0.6), (3, 0.4), (4, 0.2), (5, 0.2), (100, 0.2)]
)
def test_annealed_over_the_epochs(epoch, alpha):
    strategy = sampling("annealed", over_epochs=5)
    strategy.start(seed=0, steps_per_epoch=7)
    for step in (7 * epoch, 7 * epoch + 6):
        probabilities = at(strategy, step).probabilities()
        np.testing.assert_allclose(probabilities, share(alpha), rtol=1e-5)


def test_annealed_over_one_epoch_stays():
    strategy = sampling("annealed", over_epochs=1)
    np.testing.assert_allclose(at(strategy, 9).probabilities(), share(1), rtol=1e-5)


def test_draws_have_their_probabilities():
    drawn = frequencies(sampling("proportional", alpha=0.5))
    deviations = np.sqrt(share(0.5) * (1 - share(0.5)) / 2_000)
    assert (np.abs(drawn - share(0.5)) < 4 * deviations).all()


@pytest.mark.parametrize("distribution", ["uniform", "proportional"])
def test_a_task_without_labels_is_never_drawn(distribution):
    for missing in "abc":
        strategy = sampling(distribution, {**dict.fromkeys("abc", 5), missing: 0})
        drawn = frequencies(strategy, 300)
        assert drawn["abc".index(missing)] == 0
        assert np.count_nonzero(drawn) == 2


def test_one_is_drawn_among_those_that_are_present():
    strategy = sampling("proportional", alpha=0.5)
    drawn = frequencies(strategy, present=tf.constant([True, False, True]))
    expected = np.where([True, False, True], share(0.5), 0)
    expected /= expected.sum()
    assert drawn[1] == 0
    assert (np.abs(drawn - expected) <= 4 * np.sqrt(expected * (1 - expected) / 2_000)).all()


def test_a_batch_without_labels_is_drawn_for_as_if_all_were_present():
    strategy = sampling("proportional", {"a": 1, "b": 1, "c": 0})
    drawn = frequencies(strategy, 300, present=tf.constant([False] * 3))
    assert (drawn > 0).tolist() == [True, True, False]


def test_draws_depend_on_seed_and_step_alone():
    first, second = sampling("uniform"), sampling("uniform")
    first.start(seed=1, steps_per_epoch=1)
    second.start(seed=1, steps_per_epoch=1)
    drawn = [int(at(first, step).turn(EVERYONE)) for step in range(40)]
    assert [int(at(second, step).turn(EVERYONE)) for step in reversed(range(40))] == drawn[::-1]
    second.start(seed=2, steps_per_epoch=1)
    assert [int(at(second, step).turn(EVERYONE)) for step in range(40)] != drawn


def test_xla_compiles_it():
    strategy = sampling("annealed", over_epochs=5)
    turn = tf.function(strategy.turn, jit_compile=True)(EVERYONE)
    assert turn.shape == ()
    assert int(turn) in {0, 1, 2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"distribution": "even"}, r"^balancing\.distribution='even'\. Expected uniform"),
        ({"alpha": -1}, r"^balancing\.alpha=-1\. Expected a number of 0 or more"),
        ({"final_alpha": -1}, r"^balancing\.final_alpha=-1\."),
        ({"over_epochs": 0}, r"^balancing\.over_epochs=0\. Expected 1 epoch"),
        ({"distribution": "annealed"}, r"^balancing\.over_epochs=None\. Expected a number"),
    ],
)
def test_parameters_out_of_range(options, message):
    with pytest.raises(MtlError, match=message):
        TaskSampling(ones(3), **options)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"a": 1, "b": 1}, "lack c"),
        ({"a": 0, "b": 0, "c": 0}, "a labelled row for one task"),
        ({"a": 1, "b": 1, "c": -1}, "Expected 0 or more"),
    ],
)
def test_sizes_that_are_none(sizes, message):
    with pytest.raises(MtlError, match=message):
        TaskSampling(ones(3)).take_sizes(sizes)

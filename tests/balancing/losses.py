"""What holds for every strategy that reads the losses alone."""

import itertools

import numpy as np
import tensorflow as tf

NAMES = ("a", "b", "c", "d")
REFERENCE = (2.0, 0.5, 0.1)
"""The losses for which the reference values are known."""


def ones(count):
    return dict.fromkeys(NAMES[:count], 1.0)


def at(strategy, step):
    """Let `strategy` have made so many updates."""
    strategy.step.assign(step)
    return strategy


def weights_of(strategy, losses, present=None):
    """Return the weights, in double precision."""
    return weigh(strategy, losses, present)[0]


def weigh(strategy, losses, present=None, *, by=None):
    """Return the weights and the gradients of what the optimizer moves; `by` is a graph."""
    losses = tf.constant(losses, tf.float32)
    present = tf.constant(np.ones(len(losses), bool) if present is None else present)
    weights, gradients = (by or strategy.weigh)(losses, present)
    return np.array(weights, np.float64), [np.array(each) for each in gradients]


def total_of(strategy, losses, present=None):
    losses = tf.constant(losses, tf.float32)
    present = tf.constant(np.ones(len(losses), bool) if present is None else present)
    return float(strategy.scaled_total(losses, present))


def assert_finite(make):
    """No loss from 0 to 1e30, alone or beside others, makes anything but numbers."""
    sizes = (0.0, 1e-30, 1e-10, 1.0, 1e10, 1e30)
    strategy = make(ones(3))
    graph = tf.function(strategy.weigh)
    for losses in itertools.product(sizes, repeat=3):
        weights, gradients = weigh(strategy, losses, by=graph)
        assert np.isfinite(weights).all(), (losses, weights)
        assert all(np.isfinite(each).all() for each in gradients), (losses, gradients)


def assert_absent_tasks_take_no_part(make):
    """Whatever stands in an absent task's place, its weight is 0 and nothing changes."""
    present = [True, True, False, True]
    weights, gradients = weigh(make(ones(4)), [2.0, 0.5, 0.0, 0.1], present)
    assert weights[2] == 0
    for other in (1.0, 1e30, np.nan):
        again, moved = weigh(make(ones(4)), [2.0, 0.5, other, 0.1], present)
        np.testing.assert_array_equal(again, weights)
        for one, another in zip(moved, gradients, strict=True):
            np.testing.assert_array_equal(one, another)
    for each in gradients:
        assert each[2] == 0
    nobody, moved = weigh(make(ones(4)), [0.0] * 4, [False] * 4)
    np.testing.assert_array_equal(nobody, np.zeros(4))
    assert all(np.isfinite(each).all() for each in moved)


def assert_an_absent_task_changes_nothing(make):
    """Weights and total are those of the tasks that are present, by themselves."""
    losses, present = [2.0, 0.5, 0.0, 0.1], [True, True, False, True]
    others = {name: 1.0 for name in NAMES if name != "c"}
    alone, among = make(others), make(ones(4))
    np.testing.assert_allclose(
        weights_of(among, losses, present)[present], weights_of(alone, REFERENCE), rtol=1e-5
    )
    np.testing.assert_allclose(
        total_of(among, losses, present), total_of(alone, REFERENCE), rtol=1e-5, atol=1e-6
    )


def assert_order_does_not_matter(make):
    """Tasks in another order have the same weights."""
    order = [2, 0, 1]
    names, losses = [NAMES[i] for i in order], [REFERENCE[i] for i in order]
    weights = weights_of(make(ones(3)), REFERENCE)
    turned = weights_of(make(dict.fromkeys(names, 1.0)), losses)
    np.testing.assert_allclose(turned, weights[order], rtol=1e-5, atol=1e-7)


def assert_graphs_agree(make):
    """A graph, and one that XLA compiles, gives what eager execution gives."""
    present = [True, True, False, True]
    expected = weights_of(make(ones(4)), [2.0, 0.5, 0.0, 0.1], present)
    for xla in (False, True):
        strategy = make(ones(4))
        compiled = tf.function(strategy.weigh, jit_compile=xla)
        weights, _ = compiled(tf.constant([2.0, 0.5, 0.0, 0.1]), tf.constant(present))
        np.testing.assert_allclose(weights, expected, rtol=1e-5, atol=1e-6)


def assert_means_are_sums_divided(make):
    """With m tasks present, `normalise=mean` is 1/m of `sum`."""
    losses, present = [2.0, 0.5, 0.0, 0.1], [True, True, False, True]
    sums = weights_of(make(ones(4), normalise="sum"), losses, present)
    means = weights_of(make(ones(4), normalise="mean"), losses, present)
    np.testing.assert_allclose(means, sums / 3, rtol=1e-5)


def assert_sound(make):
    """All of the above that hold whatever a strategy computes from the losses.

    Args:
        make: Makes the strategy from the tasks' weights and options of `Balancer`.
    """
    assert_finite(make)
    assert_absent_tasks_take_no_part(make)
    assert_an_absent_task_changes_nothing(make)
    assert_order_does_not_matter(make)
    assert_graphs_agree(make)
    assert_means_are_sums_divided(make)

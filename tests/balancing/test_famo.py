"""Weights that make all losses fall at the same rate."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.famo import Famo
from mtl.errors import MtlError
from tests.balancing.losses import REFERENCE, assert_sound, ones, total_of, weights_of

AFTER = (1.9, 0.4, 0.1)


def with_logits(weights, **options):
    known = {"a": 0.3, "b": -1.0, "c": 0.7, "d": 2.0}
    strategy = Famo(weights, **options)
    strategy.logits.assign([known[name] for name in weights])
    return strategy


def update(strategy, before, after, present=None):
    present = tf.constant([True] * len(before) if present is None else present)
    strategy.after_update(tf.constant(before, tf.float32), tf.constant(after, tf.float32), present)
    return strategy.logits.numpy()


def adam(logits, deltas, *, rate=0.025, decay=1e-5):
    """Return the logits after one step for each of `deltas`, in double precision."""
    first, second = np.zeros(len(logits)), np.zeros(len(logits))
    for count, delta in enumerate(deltas, start=1):
        shares = np.exp(logits) / np.exp(logits).sum()
        jacobian = np.diag(shares) - np.outer(shares, shares)
        gradient = jacobian.T @ delta + decay * logits
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        size = np.sqrt(second / (1 - 0.999**count)) + 1e-8
        logits = logits - rate * first / (1 - 0.9**count) / size
    return logits


def test_soundness():
    assert_sound(with_logits)


def test_reference_values():
    strategy = Famo(ones(3), normalise="mean")
    np.testing.assert_allclose(weights_of(strategy, REFERENCE), [0.04, 0.16, 0.8], atol=5e-5)
    logits = update(strategy, REFERENCE, AFTER)
    np.testing.assert_allclose(logits, [0.025, -0.025, 0.025], atol=5e-5)


def test_total_and_weights_by_hand():
    strategy = with_logits(ones(3), ideal={"a": 0.5}, normalise="mean")
    shares = np.exp([0.3, -1.0, 0.7]) / np.exp([0.3, -1.0, 0.7]).sum()
    distances = np.array(REFERENCE) - [0.5, 0, 0]
    factor = 1 / (shares / distances).sum()

    weights = weights_of(strategy, REFERENCE)
    np.testing.assert_allclose(weights, factor * shares / distances, rtol=1e-5)
    assert weights.sum() == pytest.approx(1, rel=1e-5)
    expected = factor * (shares * np.log(distances)).sum()
    assert total_of(strategy, REFERENCE) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("decay", [1e-5, 0.1])
def test_logits_move_as_by_adam(decay):
    strategy = with_logits(ones(3), decay=decay)
    pairs = [(REFERENCE, AFTER), (AFTER, (1.5, 0.45, 0.02)), ((1.5, 0.45, 0.02), (1.4, 0.1, 0.03))]
    for before, after in pairs:
        logits = update(strategy, before, after)
    deltas = [np.log(before) - np.log(after) for before, after in pairs]
    np.testing.assert_allclose(logits, adam(np.array([0.3, -1.0, 0.7]), deltas, decay=decay), 1e-4)


def test_the_task_that_falls_slowly_gains_weight():
    strategy = Famo(ones(2), normalise="mean")
    for _ in range(100):
        update(strategy, [1.0, 1.0], [0.99, 0.9])
    weights = weights_of(strategy, [1.0, 1.0])
    assert weights[0] > 0.9


def test_absent_tasks_stand_still_and_change_nothing():
    alone, among = with_logits(dict.fromkeys("acd", 1.0)), with_logits(ones(4))
    before, after = [2.0, 1.0, 0.1], [1.9, 0.7, 0.1]
    present = [True, False, True, True]
    for other in (1.0, 0.0, np.nan):
        moved = update(alone, before, after)
        also = update(among, [2.0, other, 1.0, 0.1], [1.9, 2 * other, 0.7, 0.1], present)
        np.testing.assert_allclose(also[present], moved, rtol=1e-6)
    for name in ("momentum", "velocity", "moves"):
        assert among.variables[name].numpy()[1] == 0
    assert also[1] == -1
    # Its first step, whenever it comes, is corrected as a first step is: as long as the rate.
    last = update(among, [1.0] * 4, [1.0, 0.5, 1.0, 1.0])
    assert abs(last[1] - also[1]) == pytest.approx(0.025, rel=1e-3)


def test_losses_of_zero_huge_losses_and_overflow_leave_numbers():
    strategy = Famo(ones(3))
    for before, after in [([0, 1, 1e30], [1e30, 0, 1]), ([0, 0, 0], [0, 0, 0])]:
        assert np.isfinite(update(strategy, before, after)).all()
    assert np.isfinite(weights_of(strategy, REFERENCE)).all()
    state = strategy.state()
    update(strategy, [1, np.nan, np.inf], [1, 1, np.inf])
    for name in ("logits", "momentum", "velocity", "moves"):
        np.testing.assert_array_equal(strategy.state()[name][1:], state[name][1:])
        assert np.isfinite(strategy.state()[name]).all()


def test_a_loss_below_its_bound_has_weight_zero():
    strategy = Famo(ones(2), ideal={"a": 1.0})
    weights = weights_of(strategy, [0.5, 1.0])
    assert weights[0] == 0
    assert np.isfinite(weights).all()


def test_a_restored_state_goes_on_alike_and_graphs_agree():
    strategy, restored = Famo(ones(3)), Famo(ones(3))
    update(strategy, REFERENCE, AFTER)
    restored.restore(strategy.state())
    expected = update(strategy, AFTER, REFERENCE)
    np.testing.assert_array_equal(update(restored, AFTER, REFERENCE), expected)

    compiled = Famo(ones(3))
    step = tf.function(compiled.after_update, jit_compile=True)
    for before, after in ((REFERENCE, AFTER), (AFTER, REFERENCE)):
        step(tf.constant(before), tf.constant(after), tf.constant([True] * 3))
    np.testing.assert_allclose(compiled.logits, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "name"), [({"learning_rate": 0}, "learning_rate"), ({"decay": -1}, "decay")]
)
def test_parameters_out_of_range(options, name):
    with pytest.raises(MtlError, match=rf"^balancing\.{name}="):
        Famo(ones(2), **options)


def test_it_asks_for_a_second_look():
    assert Famo.second_look

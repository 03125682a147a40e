"""Weight for the tasks with the largest excess risks."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.excess import ExcessMTL
from mtl.errors import MtlError
from tests.balancing.row_steps import COMMON, batches, flat, made, one, ones, step


def equations(steps, presence, *, eta):
    """Yield updates and weights by the formulas on whole rows, in double precision."""
    tasks = len(presence[0])
    squares, w, first = 0.0, np.ones(tasks), np.full(tasks, np.nan)
    for (rows, _), present in zip(steps, presence, strict=True):
        g = flat(rows) * present[:, None]
        squares = squares + g**2
        risks = (g**2 / np.sqrt(squares + 1e-7)).sum(axis=1)
        first = np.where(np.isnan(first) & present, risks, first)
        together = w[present].sum()
        w[present] *= np.exp(eta * risks / first)[present]
        w[present] *= together / w[present].sum()
        used = np.where(present, w, 0)
        used *= present.sum() / used.sum()
        yield used @ g, used


@pytest.mark.parametrize("check", COMMON)
def test_common(check):
    check(ExcessMTL)


def test_the_equations():
    strategy = made(ExcessMTL, eta=1.0)
    steps = batches(8)
    for i, (rows, _) in enumerate(steps):
        for row in rows:
            row[0] *= 1 + i  # whose excess risk grows
    presence = [np.array([True, i not in (0, 3), i != 5]) for i in range(8)]
    expected = equations(steps, presence, eta=1.0)
    for batch, present, (update, used) in zip(steps, presence, expected, strict=True):
        updates, weights = step(strategy, batch, present)
        np.testing.assert_allclose(weights, used, rtol=2e-5)
        np.testing.assert_allclose(weights.sum(), present.sum(), rtol=1e-6)
        np.testing.assert_allclose(one(updates), update, rtol=1e-4, atol=1e-4)
    assert weights[0] > 2


def test_steps_by_hand():
    strategy = ExcessMTL(ones(2), eta=np.log(2.0))
    strategy.build([(2,)])
    # e = |3| + |4| = 7 and 1 + 1: the baselines.
    updates, weights = step(strategy, ([np.array([[3.0, 4.0], [1.0, 1.0]])], np.ones(2)))
    np.testing.assert_allclose(weights, [1, 1], rtol=1e-6)
    np.testing.assert_allclose(updates[0], [4, 5], rtol=1e-6)
    # Now e = 16/√25 + 9/√25 = 5 of 7, and 9/√10 + 1/√2 = 3.5532 of 2.
    updates, weights = step(strategy, ([np.array([[4.0, 3.0], [3.0, 1.0]])], np.ones(2)))
    w = np.array([2 ** (5 / 7), 2 ** (3.553157 / 2)])
    np.testing.assert_allclose(weights, 2 * w / w.sum(), rtol=1e-5)
    np.testing.assert_allclose(updates[0], weights @ [[4, 3], [3, 1]], rtol=1e-6)


def test_nothing_is_forgotten():
    strategy = made(ExcessMTL)
    steps = batches(5)
    for batch in steps:
        step(strategy, batch)
    kept = [strategy.state()[f"squares_{i}"] for i in range(3)]
    total = sum(flat(rows) ** 2 for rows, _ in steps)
    np.testing.assert_allclose(flat(kept), total, rtol=1e-5)


def test_a_weight_that_fell_to_nothing_comes_back():
    strategy = made(ExcessMTL, tasks=2, eta=50.0)
    rows, losses = batches(1, 2)[0]
    by = tf.function(strategy.combine)

    def steps(count, *factors):
        scaled = [row * np.reshape(factors, (-1, *[1] * (row.ndim - 1))) for row in rows]
        return [step(strategy, (scaled, losses), by=by)[1] for _ in range(count)][-1]

    steps(1, 1.0, 1.0)
    assert steps(30, 1.0, 1e-3)[1] == 0  # in single precision
    assert steps(100, 1e-3, 10.0)[1] > 1.9


def test_heads_are_weighted_by_default():
    assert ExcessMTL(ones(2)).heads == "weighted"
    weights = tf.constant([0.5, 1.5])
    found = ExcessMTL(ones(2)).head_weights(weights, tf.constant([True, True]))
    np.testing.assert_array_equal(found, weights)
    assert ExcessMTL(ones(2), heads="own").heads == "own"


def test_mistakes():
    for name, value in (("eta", 0.0), ("eta", -1.0)):
        with pytest.raises(MtlError, match=rf"^balancing\.{name}={value}. Expected"):
            ExcessMTL(ones(2), **{name: value})
    with pytest.raises(MtlError, match=r"^balancing\.gradients='features'. Expected parameters"):
        ExcessMTL(ones(2), gradients="features")

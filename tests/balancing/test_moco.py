"""Averaged gradients and the weights of their shortest sum."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.moco import MoCo
from mtl.errors import MtlError
from tests.balancing.bisection import projected
from tests.balancing.row_steps import COMMON, batches, flat, made, one, ones, step


def equations(steps, presence, *, beta, gamma, rho, decays=(0.5, 0.5), normalise=False):
    """Yield updates and λ by the formulas on whole rows, in double precision."""
    tasks = len(presence[0])
    average, shares, times = 0.0, np.full(tasks, 1 / tasks), np.zeros(tasks)
    for t, ((rows, losses), present) in enumerate(zip(steps, presence, strict=True), start=1):
        g = flat(rows)
        average = average + np.zeros_like(g)
        if normalise:
            g = g / (np.linalg.norm(g, axis=1) + 1e-8)[:, None] * losses[:, None]
        times += present
        for k in np.flatnonzero(present):
            average[k] -= beta / times[k] ** decays[0] * (average[k] - g[k])
        y = average[present]
        share = shares[present] / shares[present].sum()
        slope = y @ y.T @ share + rho * share
        share = projected(share - gamma / t ** decays[1] * slope)
        shares[present] = share * shares[present].sum()
        yield y.T @ share, share


@pytest.mark.parametrize("check", COMMON)
def test_common(check):
    check(lambda weights: MoCo(weights, gamma=0.01))


@pytest.mark.parametrize("check", COMMON)
def test_common_with_normalised_rows(check):
    check(lambda weights: MoCo(weights, gamma=0.01, normalise_rows=True))


@pytest.mark.parametrize(("normalise", "gamma"), [(False, 0.02), (True, 0.2)])
def test_the_equations(normalise, gamma):
    strategy = made(MoCo, gamma=gamma, rho=0.3, beta=0.7, normalise_rows=normalise)
    steps = batches(8)
    presence = [np.array([True, i not in (2, 3), i != 5]) for i in range(8)]
    expected = equations(steps, presence, beta=0.7, gamma=gamma, rho=0.3, normalise=normalise)
    moved = False
    for batch, present, (update, share) in zip(steps, presence, expected, strict=True):
        updates, weights = step(strategy, batch, present)
        np.testing.assert_allclose(one(updates), update, rtol=1e-4, atol=1e-5)
        factors = 1.0
        if normalise:
            factors = (batch[1] / np.linalg.norm(flat(batch[0]), axis=1))[present]
        np.testing.assert_allclose(weights[present], share * factors, rtol=1e-4, atol=1e-6)
        moved = moved or abs(share[0] - 1 / len(share)) > 0.05
    assert moved


def test_other_decays():
    strategy = made(MoCo, gamma=0.02, beta=0.7, beta_decay=0.0, gamma_decay=1.0)
    steps = batches(4)
    presence = [np.ones(3, bool)] * 4
    expected = equations(steps, presence, beta=0.7, gamma=0.02, rho=0.0, decays=(0.0, 1.0))
    for batch, (update, _) in zip(steps, expected, strict=True):
        np.testing.assert_allclose(one(step(strategy, batch)[0]), update, rtol=1e-4, atol=1e-5)


def test_first_steps_by_hand():
    strategy = MoCo(ones(2), gamma=0.1)
    strategy.build([(2,)])
    batch = [np.array([[2.0, 0.0], [0.0, 4.0]])], np.ones(2)
    # Y = [[1, 0], [0, 2]], Y Yᵀ λ = [0.5, 2], λ − 0.1 · that = [0.45, 0.3], and 1/8 more each.
    updates, weights = step(strategy, batch)
    np.testing.assert_allclose(weights, [0.575, 0.425], rtol=1e-6)
    np.testing.assert_allclose(updates[0], [0.575, 0.85], rtol=1e-6)
    # β_2 = 0.5/√2: Y moves by 0.353553 of [1, 0] and [0, 2].
    updates, weights = step(strategy, batch)
    y = np.array([1.353553, 2.707107])
    moved = np.array([0.575, 0.425]) * (1 - 0.1 / np.sqrt(2) * y**2)
    moved += (1 - moved.sum()) / 2
    np.testing.assert_allclose(weights, moved, rtol=1e-5)
    np.testing.assert_allclose(updates[0], y * moved, rtol=1e-5)


def test_steady_gradients_end_at_the_shortest_sum():
    # Orthogonal, of squared lengths 1 and 4: the shortest sum has weights 4 to 1.
    strategy = MoCo(ones(2), gamma=0.1, gamma_decay=0.0)
    strategy.build([(2,)])
    batch = [np.array([[1.0, 0.0], [0.0, 2.0]])], np.ones(2)
    by = tf.function(strategy.combine)
    for _ in range(400):
        updates, weights = step(strategy, batch, by=by)
    np.testing.assert_allclose(weights, [0.8, 0.2], atol=1e-3)
    np.testing.assert_allclose(updates[0], [0.8, 0.4], atol=1e-3)


def test_the_others_share_what_the_absent_leaves():
    strategy = made(MoCo, gamma=0.02)
    for batch in batches(3):
        step(strategy, batch)
    _, weights = step(strategy, batches(4)[3], [True, False, True])
    assert weights[1] == 0
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-6)


def test_a_negative_loss_does_not_turn_a_gradient_round():
    rows, losses = batches(1)[0]
    found = step(made(MoCo, normalise_rows=True), (rows, -losses))
    expected = step(made(MoCo, normalise_rows=True), (rows, losses))
    np.testing.assert_allclose(one(found[0]), one(expected[0]))


def test_mistakes():
    for parameters in (
        {"beta": 0.0},
        {"beta": 1.5},
        {"beta_decay": -1.0},
        {"gamma": -0.1},
        {"gamma_decay": float("nan")},
        {"rho": -1.0},
    ):
        name, value = next(iter(parameters.items()))
        with pytest.raises(MtlError, match=rf"^balancing\.{name}={value}. Expected"):
            MoCo(ones(2), **parameters)
    with pytest.raises(MtlError, match=r"^balancing\.gradients='features'. Expected parameters"):
        MoCo(ones(2), gradients="features")

"""Logarithms of losses, gradients of equal length."""

import numpy as np
import pytest

from mtl.balancing.db_mtl import DBMTL
from mtl.errors import MtlError
from tests.balancing.row_steps import COMMON, batches, flat, made, one, ones, step


def equations(steps, presence, *, beta, decay=0.0):
    """Yield updates and weights by the formulas on whole rows, in double precision."""
    tasks = len(presence[0])
    average, rest, times = 0.0, np.ones(tasks), np.zeros(tasks)
    for (rows, losses), present in zip(steps, presence, strict=True):
        g = flat(rows) / (losses[:, None] + 1e-8)
        average = average + np.zeros_like(g)
        times += present
        for k in np.flatnonzero(present):
            now = beta / times[k] ** decay
            average[k] = now * average[k] + (1 - now) * g[k]
            rest[k] *= now
        y = average[present] / (1 - rest[present])[:, None]
        norms = np.linalg.norm(y, axis=1)
        lengthened = norms.max() / (norms + 1e-8)
        yield y.T @ lengthened, lengthened / (losses[present] + 1e-8)


@pytest.mark.parametrize("check", COMMON)
def test_common(check):
    check(DBMTL)


@pytest.mark.parametrize(("beta", "decay"), [(0.9, 0.0), (0.6, 0.5), (0.0, 0.0)])
def test_the_equations(beta, decay):
    strategy = made(DBMTL, beta=beta, beta_decay=decay)
    steps = batches(8)
    presence = [np.array([True, i not in (0, 3), i != 5]) for i in range(8)]
    expected = equations(steps, presence, beta=beta, decay=decay)
    for batch, present, (update, share) in zip(steps, presence, expected, strict=True):
        updates, weights = step(strategy, batch, present)
        np.testing.assert_allclose(one(updates), update, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(weights[present], share, rtol=1e-5)


def test_the_first_step_by_hand_has_its_full_size():
    strategy = DBMTL(ones(2))
    strategy.build([(2,)])
    # ∇log ℓ = [3, 4] / 2 of length 2.5 and [0, 1] / 0.5 of length 2: both become 2.5 long.
    updates, weights = step(strategy, ([np.array([[3.0, 4.0], [0.0, 1.0]])], np.array([2.0, 0.5])))
    np.testing.assert_allclose(updates[0], [1.5, 2 + 2.5], rtol=1e-6)
    np.testing.assert_allclose(weights, [1 / 2, 1.25 / 0.5], rtol=1e-6)


def test_the_reported_weights_are_those_of_the_first_update():
    rows, losses = batches(1)[0]
    updates, weights = step(made(DBMTL), (rows, losses))
    np.testing.assert_allclose(one(updates), weights @ flat(rows), rtol=1e-4, atol=1e-5)


def test_the_weight_of_a_loss_does_not_count():
    rows, losses = batches(1)[0]
    factors = np.array([1.0, 100.0, 0.01])
    scaled = [row * factors.reshape(-1, *[1] * (row.ndim - 1)) for row in rows]
    expected, _ = step(made(DBMTL), (rows, losses))
    found, _ = step(made(DBMTL), (scaled, losses * factors))
    np.testing.assert_allclose(one(found), one(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("loss", [0.0, -1e-8, -0.5, -1e10])
def test_a_loss_without_a_logarithm_gives_numbers(loss):
    rows, losses = batches(1)[0]
    losses[1] = loss
    strategy = made(DBMTL)
    for _ in range(3):
        updates, weights = step(strategy, (rows, losses))
        assert np.isfinite(one(updates)).all()
        assert (np.isfinite(weights) & (weights > 0)).all()
    # All gradients are as long as the longest, in their own directions.
    g = flat(rows)
    directions = g / np.linalg.norm(g, axis=1, keepdims=True)
    longest = (np.linalg.norm(g, axis=1) / (np.abs(losses) + 1e-8)).max()
    expected = longest * directions.sum(axis=0)
    if loss > -1e5:  # one that is shorter than the small number stays short
        np.testing.assert_allclose(one(updates), expected, rtol=1e-3, atol=1e-3 * longest)


def test_mistakes():
    for name, value in (("beta", 1.0), ("beta", -0.1), ("beta_decay", -1.0)):
        with pytest.raises(MtlError, match=rf"^balancing\.{name}={value}. Expected"):
            DBMTL(ones(2), **{name: value})
    with pytest.raises(MtlError, match=r"^balancing\.gradients='features'. Expected parameters"):
        DBMTL(ones(2), gradients="features")

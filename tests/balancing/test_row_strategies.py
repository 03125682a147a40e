"""Strategies that read rows or halves of batches against the equations in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.base import Observed
from mtl.balancing.solvers.simplex import project_to_simplex
from mtl.errors import MtlError
from mtl.registry import balancers

TASKS = {"a": 1.0, "b": 1.0, "c": 1.0}
SHAPES = [(4, 3), (5,)]
STEPS = 4


def rows_of(step):
    random = np.random.default_rng(step)
    return [random.normal(size=(3, *shape)).astype("f") for shape in SHAPES]


def losses_of(step):
    return np.random.default_rng(step + 99).uniform(0.5, 2, 3).astype("f")


def flat(rows):
    return np.concatenate([each.reshape(3, -1) for each in rows], axis=1).astype("d")


def build(name, **parameters):
    made = balancers.get(name)(TASKS, **parameters)
    if getattr(made, "keeps_rows", False):
        made.build(SHAPES)
    return made


def run(strategy, step, present=(True, True, True)):
    """Return the update as one vector, and the weights; absent rows are zeros."""
    mask = np.array(present)
    rows = [
        tf.constant(each * mask.reshape(-1, *[1] * (each.ndim - 1)).astype("f"))
        for each in rows_of(step)
    ]
    losses = tf.constant(losses_of(step) * mask.astype("f"))
    updates, weights = strategy.combine(rows, None, losses, tf.constant(mask))
    strategy.step.assign_add(1)
    return np.concatenate([np.ravel(each) for each in updates]), weights.numpy()


def test_excess_risks_by_hand():
    strategy = build("excess", eta=0.3)
    squares, weights, first = 0.0, np.ones(3), None
    for step in range(STEPS):
        rows = flat(rows_of(step))
        squares = squares + rows**2
        risks = (rows**2 / np.sqrt(squares + 1e-7)).sum(axis=1)
        first = risks if first is None else first
        weights = weights * np.exp(0.3 * risks / first)
        weights = 3 * weights / weights.sum()
        update, found = run(strategy, step)
        np.testing.assert_allclose(found, weights, rtol=1e-4)
        np.testing.assert_allclose(update, weights @ rows, rtol=1e-3, atol=1e-4)


def test_dual_balancing_by_hand():
    strategy = build("db_mtl", beta=0.9)
    average = 0.0
    for step in range(STEPS):
        rows, losses = flat(rows_of(step)), losses_of(step)
        logs = rows / losses[:, None]
        average = 0.9 * average + 0.1 * logs
        corrected = average / (1 - 0.9 ** (step + 1))
        norms = np.linalg.norm(corrected, axis=1)
        update, _ = run(strategy, step)
        np.testing.assert_allclose(update, norms.max() / norms @ corrected, rtol=1e-3, atol=1e-4)


def test_corrected_directions_by_hand():
    strategy = build("moco", beta=0.5, gamma=0.1, rho=0.2)
    average, shares = np.zeros_like(flat(rows_of(0))), np.full(3, 1 / 3)
    for step in range(STEPS):
        t = step + 1
        average = average - 0.5 / t**0.5 * (average - flat(rows_of(step)))
        slope = average @ average.T @ shares + 0.2 * shares
        shares = project_to_simplex(shares - 0.1 / t**0.5 * slope)
        update, found = run(strategy, step)
        np.testing.assert_allclose(found, shares, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(update, shares @ average, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["moco", "db_mtl", "excess"])
def test_an_absent_task_leaves_its_memory_as_it_was(name):
    strategy = build(name)
    run(strategy, 0)
    before = strategy.state()
    update, weights = run(strategy, 1, present=(True, False, True))
    assert weights[1] == 0
    assert np.isfinite(update).all()
    for key, value in strategy.state().items():
        if value.ndim and key.startswith(("average", "squares")):
            np.testing.assert_array_equal(value[1], before[key][1])
            assert (value[0] != before[key][0]).any()


@pytest.mark.parametrize("name", ["moco", "db_mtl", "excess", "graddrop"])
def test_a_restored_state_gives_the_same_step(name):
    parameters = {"gradients": "parameters"}
    first, second = build(name, **parameters), build(name, **parameters)
    run(first, 0)
    second.restore(first.state())
    for one, other in zip(run(first, 1), run(second, 1), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["moco", "db_mtl", "excess", "modo", "sdmgrad"])
def test_memory_of_parameters_needs_parameters(name):
    with pytest.raises(MtlError, match=r"balancing.gradients='features'\. Expected parameters"):
        balancers.get(name)(TASKS, gradients="features")


def test_one_sign_is_left_at_each_place_and_drawn_by_the_pull():
    strategy = build("graddrop", gradients="parameters")
    rows = [tf.constant([[3.0] * 4000, [-1.0] * 4000, [0.0] * 4000])]
    (update,), _ = strategy.combine(rows, None, tf.ones(3), tf.constant([True, True, True]))
    assert set(np.unique(update)) == {-1.0, 3.0}
    # P = (1 + (3 - 1) / (3 + 1)) / 2 = 3/4, of 4000 draws.
    assert np.mean(update.numpy() > 0) == pytest.approx(0.75, abs=0.03)


def test_signs_at_features_are_of_the_sum_over_the_batch():
    strategy = build("graddrop")
    features = [tf.constant([[1.0], [-1.0]])]
    # sign(z) g summed: task a 2 + 1 = 3, task b -1 - 1 = -2: all of a or all of b is left.
    rows = [tf.constant([[[2.0], [-1.0]], [[-1.0], [1.0]], [[0.0], [0.0]]])]
    (update,), _ = strategy.combine(rows, features, tf.ones(3), tf.constant([True, True, True]))
    assert np.ravel(update).tolist() in ([2.0, -1.0], [-1.0, 1.0])


def test_a_leak_of_1_drops_nothing():
    strategy = build("graddrop", gradients="parameters", leak=1.0)
    rows = rows_of(0)
    updates, _ = strategy.combine(
        [tf.constant(r) for r in rows], None, tf.ones(3), tf.constant([True] * 3)
    )
    for update, row in zip(updates, rows, strict=True):
        np.testing.assert_allclose(update, row.sum(axis=0), rtol=1e-5)


def observed(strategy):
    state = strategy.state()
    return Observed(np.ones(3), np.arange(3), state=state), state


def test_double_sampling_by_hand():
    strategy = build("modo", gamma=0.1, rho=0.2)
    across = np.array([[2.0, 1, 0], [0.5, 1, 0], [0, 0, 3]])
    seen, state = observed(strategy)
    shares = np.full(3, 1 / 3)
    for _ in range(3):
        shares = project_to_simplex(shares - 0.1 * (across @ shares + 0.2 * shares))
        np.testing.assert_allclose(strategy.solve(across, seen), shares, rtol=1e-6)
    np.testing.assert_allclose(state["shares"], shares, rtol=1e-6)


def test_direction_oriented_steps_by_hand():
    strategy = build("sdmgrad")
    across = np.array([[2.0, 1, 0], [0.5, 1, 0], [0, 0, 3]])
    seen, _ = observed(strategy)
    scaled = across / (np.sqrt(np.diag(across)).mean() ** 2 + 1e-8)
    shares, velocity = np.full(3, 1 / 3), np.zeros(3)
    for _ in range(20):
        velocity = 0.5 * velocity + scaled @ (shares + 0.1)
        shares = project_to_simplex(shares - 10 * velocity)
    np.testing.assert_allclose(strategy.solve(across, seen), (shares + 0.1) / 1.3, rtol=1e-5)

"""What holds for every strategy that reads the rows, and how it is asked for a step."""

import numpy as np
import tensorflow as tf

NAMES = ("a", "b", "c", "d")
SHAPES = ((3,), (2, 4), (2, 1, 3))


def ones(count):
    return dict.fromkeys(NAMES[:count], 1.0)


def made(make, tasks=3, **parameters):
    """Return a strategy that is ready for gradients of `SHAPES`."""
    strategy = make(ones(tasks), **parameters)
    strategy.build(SHAPES)
    return strategy


def batches(count, tasks=3, seed=0):
    """Return so many random batches: each task's gradients by every tensor, and the losses."""
    random = np.random.default_rng(seed)
    sizes = np.array([0.3, 1.0, 4.0, 1.5])[:tasks]
    return [
        (
            [
                random.normal(size=(tasks, *shape)) * sizes.reshape(-1, *[1] * len(shape))
                for shape in SHAPES
            ],
            random.uniform(0.2, 3, tasks),
        )
        for _ in range(count)
    ]


def step(strategy, batch, present=None, *, features=None, by=None):
    """Make a step as the training does; return the updates and the weights."""
    rows, losses = batch
    present = np.ones(len(losses), bool) if present is None else np.array(present)
    given = [np.where(present.reshape(-1, *[1] * (row.ndim - 1)), row, 0) for row in rows]
    updates, weights = (by or strategy.combine)(
        [tf.constant(row, tf.float32) for row in given],
        None if features is None else [tf.constant(each, tf.float32) for each in features],
        tf.constant(np.where(present, losses, 0), tf.float32),
        tf.constant(present),
    )
    strategy.step.assign_add(1)
    return [np.array(each, np.float64) for each in updates], np.array(weights, np.float64)


def flat(rows):
    """Return rows of several tensors as one vector a task, shape `(K, P)`."""
    return np.concatenate([np.reshape(row, (len(row), -1)) for row in rows], axis=1)


def one(updates):
    """Return updates of several tensors as one vector."""
    return np.concatenate([np.ravel(each) for each in updates])


def assert_graph_is_eager(make):
    """A graph gives the same numbers, and is traced once."""
    eager, graph = made(make), made(make)
    by = tf.function(graph.combine)
    for batch in batches(4):
        for present in ([True] * 3, [True, False, True]):
            expected, w = step(eager, batch, present)
            found, v = step(graph, batch, present, by=by)
            np.testing.assert_allclose(one(found), one(expected), rtol=2e-6, atol=1e-6)
            np.testing.assert_allclose(v, w, rtol=2e-6)
    assert by.experimental_get_tracing_count() == 1


def assert_goes_on(make):
    """A strategy with another's state makes the same steps, bit for bit."""
    strategy, other = made(make), made(make)
    first = batches(6)
    for batch in first[:3]:
        step(strategy, batch)
    other.restore(strategy.state())
    for batch in first[3:]:
        expected, w = step(strategy, batch)
        found, v = step(other, batch)
        np.testing.assert_array_equal(one(found), one(expected))
        np.testing.assert_array_equal(v, w)


def assert_absent_is_not_there(make):
    """With a task that never has labels, the others are as if it did not exist."""
    four, three = made(make, 4), made(make, 3)
    for rows, losses in batches(5, 4):
        found, weights = step(four, (rows, losses), [True, True, False, True])
        left = [np.delete(row, 2, axis=0) for row in rows], np.delete(losses, 2)
        expected, fewer = step(three, left)
        np.testing.assert_allclose(one(found), one(expected), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(np.delete(weights, 2), fewer, rtol=1e-5)
        assert weights[2] == 0


def assert_absent_state_waits(make, tasks=3):
    """What is remembered of a task does not move without labels, or without a gradient."""
    strategy = made(make, tasks)
    for batch in batches(2, tasks):
        step(strategy, batch)
    for rows, losses in batches(2, tasks, seed=1):
        before = strategy.state()
        for row in rows:
            row[1] = 0
        for present in ([True, False, True], [True, True, True]):
            _, weights = step(strategy, (rows, losses), present)
            assert weights[1] == 0
        after = strategy.state()
        for name in set(before) - {"step", "of"}:
            np.testing.assert_array_equal(after[name][1], before[name][1], err_msg=name)
            assert (after[name][0] != before[name][0]).any() or name == "first_risks", name


def assert_what_is_not_finite_is_seen_and_forgotten(make):
    """An overflow gives an update that is no number, and leaves the state as it was."""
    strategy = made(make)
    good, bad, tall = batches(3)
    step(strategy, good)
    before = strategy.state()
    bad[0][1][2, 0, 1] = np.inf
    updates, _ = step(strategy, bad)
    assert not np.isfinite(one(updates)).any()
    tall[1][0] = np.nan
    updates, _ = step(strategy, tall)
    assert not np.isfinite(one(updates)).any()
    after = strategy.state()
    for name in set(before) - {"step", "of"}:
        np.testing.assert_array_equal(after[name], before[name], err_msg=name)
    assert np.isfinite(one(step(strategy, good)[0])).all()


def assert_nobody_there(make):
    """A batch without any label moves nothing."""
    strategy = made(make)
    batch, other = batches(2)
    updates, weights = step(strategy, batch, [False] * 3)
    np.testing.assert_array_equal(weights, 0)
    np.testing.assert_array_equal(one(updates), 0)
    assert np.isfinite(one(step(strategy, other)[0])).all()


def assert_finite(make):
    """Gradients and losses of any size give numbers, also after those of another size."""
    strategy = made(make)
    for scale in (1.0, 1e-30, 1e15, 1e-15, 1e5, 0.0, 1e-10):
        for loss in (0.0, 1e-30, 1.0, 1e10):
            rows, losses = batches(1)[0]
            batch = [scale * row for row in rows], loss * losses
            updates, weights = step(strategy, batch)
            assert np.isfinite(one(updates)).all(), (scale, loss)
            assert np.isfinite(weights).all(), (scale, loss)


COMMON = (
    assert_graph_is_eager,
    assert_goes_on,
    assert_absent_is_not_there,
    assert_absent_state_waits,
    assert_what_is_not_finite_is_seen_and_forgotten,
    assert_nobody_there,
    assert_finite,
)

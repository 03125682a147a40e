"""One sign at each place."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.graddrop import GradDrop
from mtl.errors import MtlError
from tests.balancing.row_steps import (
    assert_absent_is_not_there,
    assert_goes_on,
    assert_graph_is_eager,
    assert_nobody_there,
    batches,
    flat,
    made,
    one,
    ones,
    step,
)


def dropping(weights, **parameters):
    return GradDrop(weights, gradients="parameters", **parameters)


def at(strategy, step):
    strategy.step.assign(step)
    return strategy


@pytest.mark.parametrize(
    "check",
    [assert_graph_is_eager, assert_goes_on, assert_absent_is_not_there, assert_nobody_there],
)
def test_common(check):
    check(dropping)


def test_in_a_graph_with_features_whose_batch_may_have_any_size():
    eager, graph = made(GradDrop), made(GradDrop)
    traced = tf.TensorSpec((3, None, 4)), tf.TensorSpec((None, 4))
    by = tf.function(
        lambda row, z: graph.combine([row], [z], tf.ones(3), tf.constant([True] * 3)),
        input_signature=traced,
    )
    random = np.random.default_rng(0)
    for batch in (5, 2):
        row, z = random.normal(size=(3, batch, 4)), random.normal(size=(batch, 4))
        expected, w = step(eager, ([row], np.ones(3)), features=[z])
        (found,), v = by(tf.constant(row, tf.float32), tf.constant(z, tf.float32))
        graph.step.assign_add(1)
        np.testing.assert_allclose(found, expected[0], rtol=1e-6)
        np.testing.assert_allclose(v, w, rtol=1e-6)


def test_agreeing_gradients_are_kept_whole():
    rows = [np.abs(row) for row in batches(1)[0][0]]
    for sign in (1, -1):
        signed = [sign * row for row in rows]
        updates, weights = step(made(dropping), (signed, np.ones(3)))
        np.testing.assert_allclose(one(updates), flat(signed).sum(axis=0), rtol=1e-6)
        np.testing.assert_allclose(weights, 1)


@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e12])
def test_each_place_moves_by_all_gradients_of_one_sign(scale):
    rows, losses = batches(1, 4)[0]
    strategy = made(dropping, 4)
    g = scale * flat(rows)
    up, down = np.maximum(g, 0).sum(axis=0), np.minimum(g, 0).sum(axis=0)
    seen = set()
    for _ in range(5):
        updates, weights = step(strategy, ([scale * row for row in rows], losses))
        found = one(updates)
        upwards = found > 0
        np.testing.assert_allclose(found, np.where(upwards, up, down), rtol=1e-5)
        kept = np.where(upwards, g > 0, g < 0)
        np.testing.assert_allclose(weights, (kept * g**2).sum(axis=1) / (g**2).sum(axis=1), 1e-5)
        seen.add(tuple(upwards))
    assert len(seen) == 5


def test_how_often_a_sign_is_kept():
    # P = ½ (1 + (3 − 1) / 4) = 0.75, at 40000 places, drawn anew at every step and tensor.
    pull = np.full((2, 100, 200), [[[3.0]], [[-1.0]]])
    strategy = at(GradDrop(ones(2), gradients="parameters"), 7)
    strategy.start(seed=3, steps_per_epoch=1)
    (first, second), weights = step(strategy, ([pull, pull], np.ones(2)))
    (third, _), _ = step(strategy, ([pull, pull], np.ones(2)))
    for found in (first, second, third):
        assert set(np.unique(found)) == {-1.0, 3.0}
        assert abs((found == 3).mean() - 0.75) < 4 * np.sqrt(0.75 * 0.25 / found.size)
    for one_draw, other in ((first, second), (first, third)):
        both = (one_draw == 3) & (other == 3)
        assert abs(both.mean() - 0.75**2) < 0.015
    np.testing.assert_allclose(weights, [0.75, 0.25], atol=0.01)


def test_the_seed_decides():
    draws = []
    for seed in (1, 1, 2):
        strategy = made(dropping)
        strategy.start(seed=seed, steps_per_epoch=1)
        draws.append(one(step(strategy, batches(1)[0])[0]))
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()


def test_features_are_masked_for_the_whole_batch_by_the_sum_of_signed_gradients():
    random = np.random.default_rng(5)
    z, row = random.normal(size=(6, 3, 4)), random.normal(size=(3, 6, 3, 4))
    signed = (np.sign(z) * row).sum(axis=1)
    strategy = GradDrop(ones(3))
    counts = np.zeros((3, 4))
    by = tf.function(strategy.combine)
    for _ in range(400):
        (found,), weights = step(strategy, ([row], np.ones(3)), features=[z], by=by)
        up = np.einsum("kij,kbij->bij", signed > 0, row)
        down = np.einsum("kij,kbij->bij", signed < 0, row)
        upwards = np.isclose(found, up, rtol=1e-4, atol=1e-5).all(axis=0)
        downwards = np.isclose(found, down, rtol=1e-4, atol=1e-5).all(axis=0)
        assert (upwards != downwards).all()
        kept = np.where(upwards, signed > 0, signed < 0)
        share = np.einsum("kij,kbij->k", kept, row**2) / np.einsum("kbij->k", row**2)
        np.testing.assert_allclose(weights, share, rtol=1e-4)
        counts += upwards
    probability = (1 + signed.sum(axis=0) / np.abs(signed).sum(axis=0)) / 2
    deviation = np.sqrt(probability * (1 - probability) / 400)
    assert (np.abs(counts / 400 - probability) <= 4 * deviation + 1e-9).all()


def test_features_of_an_example_by_hand():
    # q = [1 · 2 − 1 · 3, 1 · (−1) − 1 · 4] = [−1, −5]: of one sign, though the gradients are not.
    row = np.array([[[2.0], [3.0]], [[-1.0], [4.0]]])
    z = np.array([[0.5], [-7.0]])
    (found,), weights = step(GradDrop(ones(2)), ([row], np.ones(2)), features=[z])
    np.testing.assert_array_equal(found, [[1.0], [7.0]])
    np.testing.assert_array_equal(weights, [1, 1])
    # In the other form each example stands for itself: the first has 2 against −1.
    strategy = GradDrop(ones(2), gradients="parameters")
    (found,), _ = step(strategy, ([row], np.ones(2)))
    assert found[0, 0] in (2.0, -1.0)
    assert found[1, 0] == 7.0


def test_one_feature_an_example():
    row, z = np.array([[1.0, 2.0], [-3.0, 1.0]]), np.ones(2)
    (found,), _ = step(GradDrop(ones(2)), ([row], np.ones(2)), features=[z])
    assert found.tolist() in ([1.0, 2.0], [-3.0, 1.0])


def test_a_task_alone_keeps_its_gradient_also_where_features_are_0():
    random = np.random.default_rng(1)
    row, z = random.normal(size=(2, 5, 3)), random.normal(size=(5, 3))
    z[:, 1] = 0
    batch = [row], np.ones(2)
    (found,), weights = step(GradDrop(ones(2)), batch, [True, False], features=[z])
    np.testing.assert_allclose(found, row[0], rtol=1e-6)
    np.testing.assert_allclose(weights, [1, 0])


def test_leaks():
    rows, losses = batches(1, 2)[0]
    g = flat(rows)
    updates, weights = step(made(dropping, 2, leak=1.0), (rows, losses))
    np.testing.assert_allclose(one(updates), g.sum(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights, 1, rtol=1e-6)
    plain = one(step(made(dropping, 2), (rows, losses))[0])
    updates, weights = step(made(dropping, 2, leak=0.5), (rows, losses))
    np.testing.assert_allclose(one(updates), (g.sum(axis=0) + plain) / 2, rtol=1e-5, atol=1e-6)
    kept = np.where(np.sign(g) == np.sign(plain), 1.0, 0.5)
    np.testing.assert_allclose(weights, (kept * g**2).sum(axis=1) / (g**2).sum(axis=1), rtol=1e-5)
    # Of task b everything passes, of task a what the rule keeps.
    updates, weights = step(made(dropping, 2, leak={"b": 1.0}), (rows, losses))
    same = np.sign(g[0]) == np.sign(plain)
    np.testing.assert_allclose(one(updates), g[1] + same * g[0], rtol=1e-5, atol=1e-6)
    assert weights[1] == pytest.approx(1)
    assert 0 < weights[0] < 1


def test_what_is_not_finite_is_seen():
    rows, losses = batches(1)[0]
    rows[1][2, 0, 1] = np.nan
    updates, weights = step(made(dropping), (rows, losses))
    assert np.isnan(updates[1][0, 1])
    assert np.isnan(weights[2])


def test_mistakes():
    with pytest.raises(MtlError, match=r"^balancing\.leak=1.5. Expected 0 to 1"):
        GradDrop(ones(2), leak=1.5)
    with pytest.raises(MtlError, match=r"^balancing\.leak\.b=-1. Expected 0 to 1"):
        GradDrop(ones(2), leak={"b": -1})
    with pytest.raises(MtlError, match=r"^balancing\.leak=.*'other'.*Known: a, b"):
        GradDrop(ones(2), leak={"other": 0.5})

"""Steps of the weights along a product of two samples' gradients."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.modo import MoDo
from mtl.errors import MtlError

ONE, TWO, THREE = (dict.fromkeys("abc"[:count], 1.0) for count in (1, 2, 3))


def weights(strategy, products, present=None):
    """Return the weights that sum to 1, and move the state as a training step does."""
    count = len(products)
    present = np.ones(count, bool) if present is None else np.array(present)
    found = strategy.weigh(tf.ones(count), tf.constant(present), tf.constant(products, tf.float32))
    return np.array(found, np.float64)


def mean(names, **parameters):
    return MoDo(names, normalise="mean", **parameters)


def test_steps_by_hand():
    strategy = mean(TWO)
    # A λ + ρ λ = [2.5, 0.5] + [0.05, 0.05]; λ − 0.1 · that = [0.245, 0.445], and 0.155 more each.
    products = [[1.0, 4.0], [-1.0, 2.0]]
    np.testing.assert_allclose(weights(strategy, products), [0.4, 0.6], rtol=1e-6)
    # A λ + ρ λ = [2.8 + 0.04, 0.8 + 0.06]: [0.116, 0.514], and 0.185 more each.
    np.testing.assert_allclose(weights(strategy, products), [0.301, 0.699], rtol=1e-5)


def test_the_product_is_taken_from_the_right_side():
    # Were A transposed, λ would move the other way.
    found = weights(mean(TWO, rho=0.0), [[0.2, 1.0], [0.0, 0.2]])
    np.testing.assert_allclose(found, [0.475, 0.525], rtol=1e-6)


def test_many_small_steps_end_at_the_shortest_sum():
    strategy = mean(TWO, gamma=0.05, rho=0.0)
    random = np.random.default_rng(0)
    rows = np.array([[1.0, 0.0], [0.0, 2.0]])
    found = []
    for _ in range(1500):
        first, second = rows + random.normal(size=(2, 2, 2)) * 0.3
        found.append(weights(strategy, first @ second.T))
    # The noise is not in the diagonal: on average 4 to 1, and not the 4.18 to 1.18 of one sample.
    np.testing.assert_allclose(np.mean(found[500:], axis=0), [0.8, 0.2], atol=0.01)


def test_rho_draws_to_even_weights():
    products = np.diag([1.0, 4.0])
    far, near = mean(TWO, rho=0.0), mean(TWO, rho=5.0)
    for _ in range(300):
        w, v = weights(far, products), weights(near, products)
    np.testing.assert_allclose(w, [0.8, 0.2], atol=1e-4)
    np.testing.assert_allclose(v, [0.6, 0.4], atol=1e-4)  # 9 to 6


def test_an_absent_task_changes_nothing_and_its_share_waits():
    three, two = mean(THREE), mean(TWO)
    random = np.random.default_rng(2)
    for _ in range(6):
        products = random.normal(size=(3, 3))
        found = weights(three, products, [True, False, True])
        expected = weights(two, np.delete(np.delete(products, 1, 0), 1, 1))
        np.testing.assert_allclose(found[[0, 2]], expected, rtol=1e-5)
        assert found[1] == 0
        assert three.state()["shares"][1] == np.float32(1 / 3)
    np.testing.assert_allclose(three.state()["shares"].sum(), 1, rtol=1e-5)


def test_a_task_whose_labels_are_all_in_one_half_keeps_its_share():
    """Its row or column of products is 0, which says nothing of how long its gradient is."""
    for products in ([[1.0, 0.5], [0.0, 0.0]], [[1.0, 0.0], [0.5, 0.0]]):
        strategy = mean(TWO)
        for _ in range(20):
            np.testing.assert_array_equal(weights(strategy, products), [0.5, 0.5])
    three, two = mean(THREE), mean(TWO)
    products = np.diag([1.0, 4.0, 0.0])
    for _ in range(5):
        weights(three, products)
        weights(two, products[:2, :2])
    expected = [*(two.state()["shares"] * 2 / 3), 1 / 3]
    np.testing.assert_allclose(three.state()["shares"], expected, rtol=1e-5)


def test_a_share_of_all_waits_while_nothing_is_known_of_its_task():
    strategy = mean(THREE)
    strategy.restore({**strategy.state(), "shares": np.array([0, 0, 1], np.float32)})
    found = weights(strategy, np.diag([1.0, 2.0, 0.0]))
    np.testing.assert_array_equal(found, [0, 0, 1])
    np.testing.assert_array_equal(strategy.state()["shares"], [0, 0, 1])


def test_tasks_that_had_no_share_between_them_begin_evenly():
    strategy = mean(THREE)
    weights(strategy, np.diag([1e-9, 1e4, 1e4]))
    np.testing.assert_array_equal(strategy.state()["shares"], [1, 0, 0])
    found = weights(strategy, 1e-9 * np.eye(3), [False, True, True])
    np.testing.assert_allclose(found, [0, 0.5, 0.5])
    shares = strategy.state()["shares"]
    np.testing.assert_allclose(shares, [1, 1 / 3, 1 / 3], rtol=1e-6)
    found = weights(strategy, 1e-9 * np.eye(3))
    assert found[0] < 1
    np.testing.assert_allclose(found.sum(), 1, rtol=1e-6)


def test_one_task_keeps_its_gradient_and_lambda():
    strategy = mean(TWO)
    np.testing.assert_array_equal(weights(strategy, [[3.0, 1], [1, 1]], [True, False]), [1, 0])
    np.testing.assert_array_equal(strategy.state()["shares"], [0.5, 0.5])


def test_the_sum_is_as_large_as_that_of_the_losses():
    np.testing.assert_allclose(weights(MoDo(THREE), np.zeros((3, 3))), [1, 1, 1], rtol=1e-6)


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-10, 1e5, 1e15, 1e30])
def test_numbers_for_products_of_any_size_and_sign(scale):
    random = np.random.default_rng(3)
    strategy = mean(THREE)
    for _ in range(5):
        found = weights(strategy, scale * random.normal(size=(3, 3)))
        assert (found >= 0).all()
        np.testing.assert_allclose(found.sum(), 1, rtol=1e-6)


def test_an_overflow_is_seen_and_forgotten():
    strategy = mean(TWO)
    weights(strategy, np.diag([1.0, 2.0]))
    before = strategy.state()
    assert np.isnan(weights(strategy, [[np.inf, 0], [0, 1]])).all()
    np.testing.assert_array_equal(strategy.state()["shares"], before["shares"])


def test_a_graph_gives_the_same_and_a_restored_state_goes_on():
    random = np.random.default_rng(4)
    products = random.normal(size=(6, 3, 3)).astype(np.float32)
    eager, graph, restored = mean(THREE), mean(THREE), mean(THREE)
    weigh = tf.function(graph.weigh)
    for position, each in enumerate(products):
        if position == 3:
            restored.restore(eager.state())
        expected = weights(eager, each)
        found = weigh(tf.ones(3), tf.constant([True] * 3), tf.constant(each))
        np.testing.assert_array_equal(found, expected)
        if position >= 3:
            np.testing.assert_array_equal(weights(restored, each), expected)
    assert weigh.experimental_get_tracing_count() == 1


def test_mistakes():
    for name, value in (("gamma", 0.0), ("gamma", -1.0), ("rho", -0.1)):
        with pytest.raises(MtlError, match=rf"^balancing\.{name}={value}. Expected"):
            MoDo(TWO, **{name: value})
    with pytest.raises(MtlError, match=r"^balancing\.gradients='features'. Expected parameters"):
        MoDo(TWO, gradients="features")

"""The shortest combination with the mean added."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.base import Observed
from mtl.balancing.sdmgrad import SDMGrad
from mtl.balancing.solvers.simplex import simplex_qp
from mtl.errors import MtlError
from tests.balancing.bisection import projected

NAMES = dict.fromkeys("abc", 1.0)
TWO = dict.fromkeys("ab", 1.0)


def made(names=NAMES, **parameters):
    return SDMGrad(names, normalise="mean", **parameters)


def weights(strategy, products, present=None):
    """Return the weights that sum to 1, and move the state as a training step does."""
    count = len(products)
    present = np.ones(count, bool) if present is None else np.array(present)
    found = strategy.weigh(tf.ones(count), tf.constant(present), tf.constant(products, tf.float32))
    return np.array(found, np.float64)


def equations(products, w, *, pull=0.3, steps=20, rate=1.0, momentum=0.5):
    """Return w after its steps, and the weights."""
    m = len(w)
    a = products / (np.sqrt(np.maximum(np.diag(products), 0)).mean() ** 2 + 1e-8)
    before = 0.0
    for position in range(steps):
        slope = a @ w + pull * a.mean(axis=1)
        before = slope if position == 0 else momentum * before + slope
        w = projected(w - rate * before)
    return w, (w + pull / m) / (1 + pull)


@pytest.mark.parametrize(
    "parameters", [{}, {"pull": 0.0}, {"steps": 3, "rate": 0.2}, {"momentum": 0.0, "rate": 0.5}]
)
def test_the_equations(parameters):
    names = {"pull": "towards_mean", "rate": "learning_rate"}
    strategy = made(**{names.get(name, name): value for name, value in parameters.items()})
    random = np.random.default_rng(0)
    w = np.full(3, 1 / 3)
    for _ in range(6):
        rows = random.normal(size=(3, 5)) * 10
        products = (rows @ (rows + random.normal(size=(3, 5))).T).astype(np.float32)
        w, expected = equations(products.astype(np.float64), w, **parameters)
        np.testing.assert_allclose(weights(strategy, products), expected, atol=2e-4)


def test_a_step_by_hand():
    strategy = made(TWO, steps=1, learning_rate=0.1, towards_mean=1.0)
    # (√1 + √9)² / 4 = 4, A = diag(0.25, 2.25), A (w + e/2) = [0.25, 2.25], w − 0.1 · that =
    # [0.475, 0.275], and 0.125 more each: [0.6, 0.4]; with 0.5 more each, half of that.
    found = weights(strategy, np.diag([1.0, 9.0]))
    np.testing.assert_allclose(found, [0.55, 0.45], rtol=1e-6)
    np.testing.assert_allclose(strategy.state()["shares"], [0.6, 0.4], rtol=1e-6)
    # The second time A (w + e/2) = 0.25 · 1.1, 2.25 · 0.9.
    weights(strategy, np.diag([1.0, 9.0]))
    expected = np.array([0.6 - 0.0275, 0.4 - 0.2025]) + 0.115
    np.testing.assert_allclose(strategy.state()["shares"], expected, rtol=1e-6)


def test_steady_gradients_end_at_the_minimum():
    rows = np.array([[1.0, 0.2, 0.0], [-0.3, 1.0, 0.5], [0.1, -0.4, 2.0]])
    strategy = made(learning_rate=0.1, steps=50)
    for _ in range(50):
        found = weights(strategy, rows @ rows.T)
    w, mean = strategy.state()["shares"], rows.mean(axis=0)

    def objective(each):
        return np.linalg.norm(each @ rows + 0.3 * mean)

    others = np.random.default_rng(0).dirichlet(np.ones(3), 3000)
    assert objective(w) <= min(map(objective, others)) + 1e-6
    np.testing.assert_allclose(found @ rows, (w @ rows + 0.3 * mean) / 1.3, rtol=1e-5)


def test_the_usual_steps_come_to_the_minimum():
    """Of gradients without noise, after five batches, against a quadratic program."""
    random = np.random.default_rng(0)
    for _ in range(20):
        count = int(random.integers(2, 9))
        rows = random.normal(size=(count, 20))
        gramian = rows @ rows.T
        strategy = made(dict.fromkeys("abcdefgh"[:count], 1.0))
        for _ in range(5):
            weights(strategy, gramian)

        def objective(w, gramian=gramian, count=count):
            return (w + 0.3 / count) @ gramian @ (w + 0.3 / count)

        best = simplex_qp(gramian, 0.3 / count * gramian.sum(axis=1))
        assert objective(strategy.state()["shares"]) < 1.01 * objective(best)


def test_a_task_whose_labels_are_all_in_one_half_keeps_its_share():
    """Its row of products is 0, which says nothing of how long its gradient is."""
    three, two = made(), made(TWO)
    products = np.array([[2.0, 0.4, 0.0], [0.3, 1.0, 0.0], [0.7, 0.2, 0.0]])
    for _ in range(5):
        found, expected = weights(three, products), weights(two, products[:2, :2])
        assert three.state()["shares"][2] == np.float32(1 / 3)
        shares = two.state()["shares"]
        np.testing.assert_allclose(three.state()["shares"][:2], shares * 2 / 3, rtol=1e-5)
        assert found[2] == pytest.approx((1 / 3 + 0.1) / 1.3)
        np.testing.assert_allclose(found.sum(), expected.sum(), rtol=1e-6)


def test_a_strong_pull_is_the_mean_and_none_is_the_shortest():
    products = np.diag([1.0, 4.0])
    np.testing.assert_allclose(weights(made(TWO, towards_mean=1e6), products), 0.5, atol=1e-5)
    strategy = made(TWO, towards_mean=0.0, learning_rate=0.1)
    for _ in range(20):
        found = weights(strategy, products)
    np.testing.assert_allclose(found, [0.8, 0.2], atol=1e-4)


def test_the_size_of_gradients_does_not_count():
    products = np.array([[2.0, -1.0, 0.3], [-0.5, 1.0, 0.2], [0.1, 0.4, 3.0]])
    expected = weights(made(learning_rate=0.3), products)
    for scale in (1e-3, 1e6, 1e30):
        found = weights(made(learning_rate=0.3), scale * products)
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_an_absent_task_changes_nothing_and_its_share_waits():
    three, two = made(learning_rate=0.2), made(TWO, learning_rate=0.2)
    random = np.random.default_rng(2)
    for _ in range(6):
        rows = random.normal(size=(3, 4))
        products = rows @ rows.T
        found = weights(three, products, [True, False, True])
        expected = weights(two, np.delete(np.delete(products, 1, 0), 1, 1))
        np.testing.assert_allclose(found[[0, 2]], expected, rtol=1e-4)
        assert found[1] == 0
        assert three.state()["shares"][1] == np.float32(1 / 3)


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-10, 1e5, 1e15, 1e30])
def test_numbers_for_products_of_any_size_and_sign(scale):
    random = np.random.default_rng(3)
    strategy = made()
    for _ in range(5):
        for products in (random.normal(size=(3, 3)), -np.ones((3, 3)), np.ones((3, 3))):
            found = weights(strategy, scale * products)
            assert (found >= 0.3 / 3 / 1.3 - 1e-6).all()
            np.testing.assert_allclose(found.sum(), 1, rtol=1e-5)


@pytest.mark.parametrize("exponent", [-150, 15])
def test_numbers_in_double_precision(exponent):
    strategy = made()
    products = 10.0**exponent * np.random.default_rng(0).normal(size=(3, 3))
    observed = Observed(np.ones(3), np.arange(3), state=strategy.state())
    found = strategy.solve(products, observed)
    np.testing.assert_allclose(found.sum(), 1)


def test_a_graph_gives_the_same_and_a_restored_state_goes_on():
    products = np.random.default_rng(4).normal(size=(6, 3, 3)).astype(np.float32)
    eager, graph, restored = made(), made(), made()
    weigh = tf.function(graph.weigh)
    for position, each in enumerate(products):
        if position == 3:
            restored.restore(eager.state())
        expected = weights(eager, each)
        found = weigh(tf.ones(3), tf.constant([True] * 3), tf.constant(each))
        np.testing.assert_array_equal(found, expected)
        if position >= 3:
            np.testing.assert_array_equal(weights(restored, each), expected)


def test_mistakes():
    for name, value in (
        ("towards_mean", -1.0),
        ("steps", 0),
        ("learning_rate", 0.0),
        ("momentum", 1.0),
    ):
        with pytest.raises(MtlError, match=rf"^balancing\.{name}={value}. Expected"):
            made(**{name: value})
    with pytest.raises(MtlError, match=r"^balancing\.gradients='features'. Expected parameters"):
        made(gradients="features")

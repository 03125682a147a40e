"""Scores and gradients against the sums written out, and where exponentials overflow."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from mtl.layers.comparisons import find_comparison
from mtl.layers.elementwise_weights import ElementwiseWeights
from mtl.layers.exemplars import Exemplars

FUNCTIONS = [
    "exponential_difference",
    "gaussian",
    "product",
    "absolute_difference",
    "exp((x - exemplar) / c) * tanh(x)",
]
# Batch, exemplars, features: of 40 exemplars a block has 30, of 7 it has 6, of 5 all.
SHAPES = [(3, 40, 8), (4, 7, 40), (2, 5, 3)]


def example(batch, exemplars, features, seed=0):
    random = np.random.default_rng(seed)

    def numbers(*shape):
        return tf.constant(random.normal(size=shape), tf.float32)

    x, rows, upstream = (
        numbers(batch, features),
        numbers(exemplars, features),
        numbers(batch, exemplars),
    )
    return x, rows, upstream, random.uniform(0.5, 2.0, features)


def scores_and_gradients(compute, x, rows, upstream, kernel):
    with tf.GradientTape() as tape:
        tape.watch([x, rows])
        scores = compute(x, rows)
        total = tf.reduce_sum(scores * upstream)
    return scores, *tape.gradient(total, [x, rows, kernel])


def broadcast(layer):
    """Return the function that writes out the tensor of (batch, exemplars, features)."""
    compare = find_comparison(layer.function)

    def compute(x, rows):
        compared = compare(x[:, tf.newaxis], rows, layer.c.value)
        return tf.reduce_sum(layer.kernel.value * compared, axis=-1)

    return compute


@pytest.mark.parametrize(
    ("function", "shape"),
    [*((function, SHAPES[0]) for function in FUNCTIONS), *(("gaussian", s) for s in SHAPES[1:])],
)
def test_scores_and_gradients_are_those_of_the_broadcast(function, shape) -> None:
    x, rows, upstream, c = example(*shape)
    layer = ElementwiseWeights(function, c)
    layer(x, rows)
    kernel = layer.kernel.value
    signature = [tf.TensorSpec((None, shape[2])), tf.TensorSpec(rows.shape)]
    traced = tf.function(layer, input_signature=signature)
    expected = scores_and_gradients(broadcast(layer), x, rows, upstream, kernel)
    for compute in (layer, traced):
        found = scores_and_gradients(compute, x, rows, upstream, kernel)
        for own, other in zip(found, expected, strict=True):
            scale = np.abs(other).max()
            np.testing.assert_allclose(own / scale, other / scale, atol=2e-6)


def test_xla_computes_the_same() -> None:
    x, rows, upstream, c = example(3, 17, 5)
    layer = ElementwiseWeights("exponential_difference", c)
    layer(x, rows)

    def compute(x, rows):
        return scores_and_gradients(layer, x, rows, upstream, layer.kernel.value)

    compiled = tf.function(compute, jit_compile=True)(x, rows)
    for own, other in zip(compiled, compute(x, rows), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-5)


def test_an_expression_is_traced_without_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    layer = ElementwiseWeights("exp((x - exemplar) / c)")

    @tf.function
    def gradients(x: tf.Tensor, exemplars: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([x, exemplars])
            total = tf.reduce_sum(layer(x, exemplars))
        return tape.gradient(total, [x, exemplars, layer.kernel.value])

    with caplog.at_level("WARNING", "tensorflow"):
        gradients(tf.ones((2, 3)), tf.ones((4, 3)))
    assert "AutoGraph" not in caplog.text


def test_the_documents_scores_by_hand() -> None:
    layer = ElementwiseWeights("exponential_difference", c=2.0)
    x, rows = tf.constant([[1.0, 2.0]]), tf.constant([[1.0, 0.0], [3.0, 2.0], [-1.0, 4.0]])
    layer(x, rows)
    layer.kernel.assign([[1.0, 2.0], [-1.0, 0.5], [0.0, 3.0]])
    expected = [1 + 2 * np.e, -np.exp(-1) + 0.5, 3 * np.exp(-1)]
    np.testing.assert_allclose(layer(x, rows), [expected], rtol=1e-6)


@pytest.mark.parametrize(
    ("x", "rows"),
    [
        (90.0, 85.0),  # each factor of exp(90) · exp(-85) overflows or vanishes: the product is e⁵
        (1000.0, 995.0),
        (-1000.0, -1010.0),
        (150.0, 80.0),  # above half the largest exponent
        (0.0, 1000.0),  # vanishes
    ],
)
def test_exponentials_are_exact_where_only_factors_overflow(x, rows) -> None:
    """Beside the exemplar in question one at 0, so that no shift suits both."""
    given, exemplars = tf.constant([[x], [0.0]]), tf.constant([[rows], [0.0]])
    layer = ElementwiseWeights("exponential_difference", initializer="ones")
    found = layer(given, exemplars)
    expected = np.exp(np.minimum([[x - rows, x], [-rows, 0.0]], 80.0))
    np.testing.assert_allclose(found, expected, rtol=3e-5, atol=1e-30)


@pytest.mark.parametrize("far", [50.0, 81.0, 1e4, 1e30])
def test_scores_and_gradients_stay_finite(far) -> None:
    x = tf.constant([[far, 1.0], [-far, 2.0]])
    rows = tf.constant([[0.0, 1.0], [-far, 1.0], [far, 0.0]])
    layer = ElementwiseWeights("exponential_difference", c=[1.0, 0.5])
    layer(x, rows)
    upstream = tf.ones((2, 3))
    found = scores_and_gradients(layer, x, rows, upstream, layer.kernel.value)
    expected = scores_and_gradients(broadcast(layer), x, rows, upstream, layer.kernel.value)
    for own, other in zip(found, expected, strict=True):
        assert np.isfinite(own).all()
        np.testing.assert_allclose(own, other, rtol=1e-5, atol=1e-6)


def test_one_far_example_does_not_change_the_others() -> None:
    x, rows, *_ = example(6, 9, 4)
    layer = ElementwiseWeights("exponential_difference")
    near = layer(x, rows)
    far = layer(tf.concat([x, tf.fill((1, 4), 500.0)], axis=0), rows)
    np.testing.assert_allclose(far[:6], near, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("function", ["gaussian", "exponential_difference"])
def test_no_tensor_of_batch_times_exemplars_times_features_is_made(function) -> None:
    x, rows, upstream, c = example(8, 64, 32)
    layer = ElementwiseWeights(function, c)
    layer(x, rows)

    @tf.function
    def compute(x, rows):
        return scores_and_gradients(layer, x, rows, upstream, layer.kernel.value)

    graph = compute.get_concrete_function(x, rows).graph
    graphs = [graph, *(each.graph for each in graph._functions.values() if hasattr(each, "graph"))]
    sizes = [
        tensor.shape.num_elements() or 0
        for each in graphs
        for operation in each.get_operations()
        for tensor in operation.outputs
        if tensor.shape.rank is not None
    ]
    assert len(sizes) > 10
    assert max(sizes) < 8 * 64 * 32


def test_only_the_kernel_is_trained_and_all_is_saved(tmp_path) -> None:
    given = keras.Input((3,), name="x")
    exemplars = Exemplars(2, name="exemplars")
    layer = ElementwiseWeights("exp((x - exemplar) / c)", regularizer="l2", name="weights")
    model = keras.Model(given, layer(given, exemplars(given)))
    assert model.output.shape == (None, 2)
    exemplars.assign(np.arange(6).reshape(2, 3))
    layer.assign_c([1.0, 2.0, 3.0])
    assert [weight.path for weight in model.trainable_weights] == ["weights/kernel"]
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    model.save(tmp_path / "scores.keras")
    loaded = keras.models.load_model(tmp_path / "scores.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(x), model(x))
    np.testing.assert_array_equal(loaded.get_layer("weights").c, [1, 2, 3])
    assert loaded.get_layer("weights").get_config() == layer.get_config()


@pytest.mark.parametrize("function", ["exponential_difference", "gaussian", "product"])
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_precision(function, policy) -> None:
    x, rows, _, c = example(4, 6, 3)
    layer = ElementwiseWeights(function, c, initializer="ones", dtype=policy)
    exact = np.asarray(broadcast(ElementwiseWeightsLike(function, c))(x, rows))
    found = layer(x, rows)
    assert found.dtype == layer.compute_dtype
    assert layer(keras.Input((3,)), rows).dtype == layer.compute_dtype
    rounding = {"float16": 1e-3, "bfloat16": 8e-3, "float64": 1e-6}[layer.compute_dtype]
    np.testing.assert_allclose(np.asarray(found, "float64"), exact, rtol=rounding, atol=rounding)


class ElementwiseWeightsLike:
    """A kernel of ones in float32."""

    def __init__(self, function, c):
        self.function = function
        self.kernel, self.c = tf.Variable(1.0), tf.Variable(c, dtype=tf.float32)
        self.kernel.value, self.c.value = self.kernel.read_value(), self.c.read_value()


def test_narrow_types_hold_what_they_cannot_express() -> None:
    x, rows = ops.array([[20.0]]), ops.array([[0.0]])
    layer = ElementwiseWeights(initializer="ones", dtype="mixed_float16")
    assert float(layer(x, rows)[0, 0]) == np.finfo("float16").max


@pytest.mark.parametrize(
    ("arguments", "shapes", "message"),
    [
        ({"c": 0.0}, None, "above 0"),
        ({"c": [1.0, -1.0]}, None, "above 0"),
        ({"c": [1.0, 2.0]}, ((2, 3), (4, 3)), "each of the 3 features. Received: 2 numbers"),
        ({}, ((2, 3), (4, 5)), r"Received: \(2, 3\) and \(4, 5\)"),
        ({}, ((2, 3, 3), (4, 3)), "Expected examples of shape"),
        ({"function": "gausian"}, None, "Did you mean 'gaussian'"),
    ],
)
def test_refuses_what_does_not_fit(arguments, shapes, message) -> None:
    given = [ops.ones(shape) for shape in shapes or ((2, 3), (4, 3))]
    with pytest.raises(ValueError, match=message):
        ElementwiseWeights(**arguments)(*given)

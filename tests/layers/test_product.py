"""Products of features, each times a weight."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.layers.product import WeightedProduct

X = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 4.0]], "float32")


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "float64"])
def test_the_product_by_hand(policy) -> None:
    layer = WeightedProduct([1.0, 2.0, 0.5], dtype=policy)
    found = layer(X)
    np.testing.assert_allclose(found, [[1 * 4 * 1.5], [0]])
    symbolic = layer(keras.Input((3,)))
    assert symbolic.shape == (None, 1)
    assert symbolic.dtype == found.dtype.name == layer.compute_dtype


def test_the_gradient_by_hand_also_where_a_factor_is_zero() -> None:
    layer = WeightedProduct([1.0, 2.0, 0.5])
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    of_x, of_w = tape.gradient(y, [x, layer.w.value])
    np.testing.assert_allclose(of_x, [[6, 3, 2], [-4, 0, 0]])
    # Each w's partial derivative is the product of the x times the other two w.
    np.testing.assert_allclose(of_w, [6 * 1.0, 6 * 0.5, 6 * 2.0])


def test_given_weights_are_the_start_of_training_unless_fixed() -> None:
    for fixed in (True, False):
        layer = WeightedProduct([1.0, 2.0, 0.5], fixed=fixed)
        layer.build((None, 3))
        np.testing.assert_array_equal(layer.w, [1, 2, 0.5])
        assert len(layer.trainable_weights) == (0 if fixed else 1)
        layer.trainable = True
        assert len(layer.trainable_weights) == (0 if fixed else 1)
        assert len(layer.weights) == 1


def test_drawn_weights_follow_the_seed_and_differ() -> None:
    layers = []
    for seed in (0, 0, 1):
        keras.utils.set_random_seed(seed)
        layers.append(WeightedProduct())
        layers[-1].build((None, 3))
    drawn = [keras.ops.convert_to_numpy(layer.w) for layer in layers]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.allclose(drawn[0], drawn[2])
    assert len(set(drawn[0])) == 3


def test_fixed_weights_are_saved(tmp_path) -> None:
    given = keras.Input((3,), name="x")
    model = keras.Model(given, WeightedProduct([1.0, 2.0, 0.5], fixed=True, name="y")(given))
    model.get_layer("y").w.assign([1.0, 1.0, 1.0])
    model.save(tmp_path / "product.keras")
    loaded = keras.models.load_model(tmp_path / "product.keras", safe_mode=True)
    np.testing.assert_allclose(loaded(X), [[6], [0]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"w": [1.0, 2.0]}, "Expected w to have 3 values.*Received: 2 values"),
        ({"fixed": True}, "Expected values for fixed weights"),
        ({"w": [1.0, float("inf"), 2.0]}, "finite"),
        ({"w": [[1.0, 2.0, 3.0]]}, "list of finite numbers"),
    ],
)
def test_refuses_weights_that_do_not_fit(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        WeightedProduct(**arguments)(X)

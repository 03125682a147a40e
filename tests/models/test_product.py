"""The product model: counts of the document, the function by NumPy, and what it refuses."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import mtl
from mtl.errors import ConfigError
from mtl.models.product import product

GIVEN = [1.0, 0.5, 2.0]


@pytest.mark.parametrize(
    ("arguments", "trainable"),
    [({"w": GIVEN, "fixed": True}, 5_930), ({"w": GIVEN}, 5_933), ({}, 5_933)],
)
def test_parameters_are_the_documents(arguments, trainable) -> None:
    model = product(**arguments)
    assert model.count_params() == 5_933
    assert sum(weight.value.shape.num_elements() for weight in model.trainable_weights) == trainable
    counts = {layer.name: layer.count_params() for layer in model.layers if layer.weights}
    assert counts == {"dense_1": 76 * 75, "dense_2": 76 * 3, "product": 3, "y": 2}
    assert {model.get_layer(f"dense_{n}").activation.__name__ for n in (1, 2)} == {"tanh"}
    if "w" in arguments:
        np.testing.assert_array_equal(model.get_layer("product").w, GIVEN)


@pytest.mark.parametrize("head", [True, False])
def test_computes_what_numpy_does(head) -> None:
    model = product(size=4, units=5, w=GIVEN, head=head)
    weights = model.get_weights()
    x = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    hidden = np.tanh(np.tanh(x @ weights[0] + weights[1]) @ weights[2] + weights[3])
    expected = (hidden * GIVEN).prod(axis=1, keepdims=True)
    if head:
        expected = expected * weights[5] + weights[6]
    assert model.output["y"].shape == (None, 1)
    np.testing.assert_allclose(model({"x": x})["y"], expected, rtol=1e-4, atol=1e-7)


def test_without_the_head_the_product_is_the_output() -> None:
    model = product(head=False)
    assert model.count_params() == 5_931
    assert [layer.name for layer in model.layers] == ["x", "dense_1", "dense_2", "y"]


def test_training_leaves_fixed_weights_and_moves_given_ones(tmp_path) -> None:
    random = np.random.default_rng(0)
    x, y = {"x": random.normal(size=(32, 4))}, {"y": random.normal(size=(32, 1))}
    for fixed in (True, False):
        model = product(size=4, units=5, w=GIVEN, fixed=fixed)
        model.compile("sgd", "mse")
        model.fit(x, y, verbose=0)
        w = keras.ops.convert_to_numpy(model.get_layer("product").w)
        assert np.array_equal(w, GIVEN) is fixed
        model.save(tmp_path / "product.keras")
        loaded = keras.models.load_model(tmp_path / "product.keras", safe_mode=True)
        np.testing.assert_array_equal(loaded.get_layer("product").w, w)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"w": [1.0, 2.0]}, r"model.w: found 2 numbers, \[1.0, 2.0\]. Expected 3"),
        ({"fixed": True}, "model.w: found null. Expected 3 numbers, as model.fixed is true"),
    ],
)
def test_refuses_weights_that_do_not_fit(arguments, message) -> None:
    with pytest.raises(ConfigError, match=message):
        product(**arguments)


@pytest.mark.slow
def test_learns_a_product(tmp_path) -> None:
    run = mtl.train(mtl.compose("product", [f"runs={tmp_path}"]))
    assert run.results["metrics"]["test"]["y"]["r2"] >= 0.93

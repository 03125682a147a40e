"""The first model of the guide, layer for layer."""

from __future__ import annotations

import numpy as np
import pytest

import mtl
from mtl.config.compose import plain
from mtl.models.mlp import mlp


def test_layers_and_parameters_are_the_guides() -> None:
    model = mlp()
    counts = {layer.name: layer.count_params() for layer in model.layers if layer.weights}
    assert counts == {"dense_1": 785 * 64, "dense_2": 65 * 64, "label": 65 * 10}
    assert {name: tensor.shape for name, tensor in model.input.items()} == {"image": (None, 784)}
    assert {name: tensor.shape for name, tensor in model.output.items()} == {"label": (None, 10)}
    assert model.get_layer("label").activation.__name__ == "softmax"
    assert {model.get_layer(f"dense_{n}").activation.__name__ for n in (1, 2)} == {"relu"}


def test_computes_what_numpy_does() -> None:
    model = mlp(size=5, units=4, hidden=1, classes=3)
    first, first_bias, second, second_bias = model.get_weights()
    x = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
    scores = np.maximum(x @ first + first_bias, 0) @ second + second_bias
    powers = np.exp(scores)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model({"image": x})["label"], expected, rtol=1e-5)


def test_the_experiment_trains_as_the_guide_does() -> None:
    config = plain(mtl.compose("mlp"))
    assert config["optimizer"]["name"] == "rmsprop"
    assert config["model"] == {"name": "mlp", "size": 64, "units": 64, "hidden": 2, "classes": 10}
    assert config["tasks"]["label"]["kind"] == "categorical"


@pytest.mark.slow
def test_digits(tmp_path) -> None:
    run = mtl.train(mtl.compose("mlp", [f"runs={tmp_path}"]))
    assert run.results["metrics"]["test"]["label"]["accuracy"] >= 0.96

"""The headline model, layer for layer as the guide draws it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import mtl
from mtl.config.compose import plain
from mtl.models.headline import headline


def test_layers_and_parameters_are_the_guides() -> None:
    model = headline()
    counts = {layer.name: layer.count_params() for layer in model.layers if layer.weights}
    assert counts == {
        "embedding": 10_000 * 512,
        "lstm": 4 * 32 * (512 + 32 + 1),
        "aux_output": 32 + 1,
        "dense_1": (32 + 5) * 64 + 64,
        "dense_2": 64 * 64 + 64,
        "dense_3": 64 * 64 + 64,
        "main_output": 64 + 1,
    }
    assert model.count_params() == 5_200_610
    assert {name: tensor.shape for name, tensor in model.input.items()} == {
        "main_input": (None, 100),
        "aux_input": (None, 5),
    }
    assert {name: tensor.shape for name, tensor in model.output.items()} == {
        "main_output": (None, 1),
        "aux_output": (None, 1),
    }
    assert model.get_layer("main_output").activation.__name__ == "sigmoid"
    assert model.get_layer("aux_output").activation.__name__ == "sigmoid"
    assert {model.get_layer(f"dense_{n}").activation.__name__ for n in (1, 2, 3)} == {"relu"}


def test_the_experiment_trains_it_as_the_guide_does() -> None:
    config = plain(mtl.compose("headline"))
    assert {name: task["weight"] for name, task in config["tasks"].items()} == {
        "main_output": 1.0,
        "aux_output": 0.2,
    }
    assert config["optimizer"]["name"] == "rmsprop"
    assert config["optimizer"]["learning_rate"] == keras.optimizers.RMSprop().learning_rate
    assert config["training"]["batch_size"] == 32


@pytest.mark.parametrize("name", ["main_input", "aux_input"])
def test_the_auxiliary_head_sees_the_title_alone(name: str) -> None:
    keras.utils.set_random_seed(0)
    model = headline(vocabulary_size=20, length=6, embedding_size=4, lstm_units=3)
    random = np.random.default_rng(0)
    first = {
        "main_input": random.integers(1, 20, (4, 6)).astype("int32"),
        "aux_input": random.normal(size=(4, 5)).astype("float32"),
    }
    second = first | {name: first[name][::-1].copy()}
    before, after = model(first), model(second)
    assert not np.allclose(before["main_output"], after["main_output"])
    assert np.allclose(before["aux_output"], after["aux_output"]) is (name == "aux_input")


def test_both_lstms_are_one_function() -> None:
    keras.utils.set_random_seed(0)
    size = {"vocabulary_size": 20, "length": 6, "embedding_size": 4, "lstm_units": 3}
    ours, stock = headline(**size), headline(**size, lstm="keras")
    stock.set_weights(ours.get_weights())
    given = {"main_input": np.arange(12).reshape(2, 6), "aux_input": np.ones((2, 5), "float32")}
    for output, value in ours(given).items():
        np.testing.assert_allclose(value, stock(given)[output], atol=1e-6)

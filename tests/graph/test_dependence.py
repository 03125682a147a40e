"""Which outputs depend on a computation, and which train a weight."""

from __future__ import annotations

import keras
import pytest
from keras import layers, ops

from mtl.graph.dependence import Dependence
from mtl.graph.unfolding import unfold


def read(model: keras.Model) -> Dependence:
    return Dependence(unfold(model))


def training(model: keras.Model) -> dict[str, tuple[str, ...]]:
    """Return the outputs that train each layer's first weight."""
    dependence = read(model)
    return {
        layer.name: dependence.training(layer.weights[0]) for layer in model.layers if layer.weights
    }


def test_a_head_on_the_way_to_another_serves_both() -> None:
    given = keras.Input((3,), name="given")
    first = layers.Dense(2, name="first")(given)
    second = layers.Dense(2, name="second")(first)
    found = training(keras.Model(given, {"b": second, "a": first}))
    assert found == {"first": ("a", "b"), "second": ("b",)}


def test_no_gradient_goes_back_through_a_stop() -> None:
    given = keras.Input((3,), name="given")
    trunk = layers.Dense(2, name="trunk")(given)
    outputs = {
        "free": layers.Dense(1, name="free")(trunk),
        "stopped": layers.Dense(1, name="stopped")(ops.stop_gradient(trunk)),
    }
    model = keras.Model(given, outputs)
    assert training(model) == {"trunk": ("free",), "free": ("free",), "stopped": ("stopped",)}
    dependence = read(model)
    assert dependence.of_weights(model.get_layer("trunk").weights) == ("free", "stopped")


def test_no_gradient_goes_back_through_whole_numbers() -> None:
    given = keras.Input((3,), name="given")
    choice = ops.argmax(layers.Dense(4, name="chooses")(given), axis=-1)
    model = keras.Model(given, {"y": layers.Embedding(4, 2, name="table")(choice)})
    assert training(model) == {"chooses": (), "table": ("y",)}


@pytest.mark.parametrize("names", [("x", "y"), ("y", "x")])
def test_one_tensor_under_two_names_serves_both(names: tuple[str, str]) -> None:
    given = keras.Input((3,), name="given")
    made = layers.Dense(1, name="dense")(given)
    assert training(keras.Model(given, dict.fromkeys(names, made))) == {"dense": ("x", "y")}


def test_branches_of_a_nested_model_are_told_apart() -> None:
    inside = keras.Input((3,), name="inside")
    parts = {"p": layers.Dense(1, name="p")(inside), "q": layers.Dense(1, name="q")(inside)}
    pair = keras.Model(inside, parts, name="pair")
    given = keras.Input((3,), name="given")
    made = pair(given)
    model = keras.Model(given, {"one": made["p"], "two": made["q"]})
    dependence = read(model)
    assert dependence.of_weights(pair.get_layer("p").weights) == ("one",)
    assert dependence.training(pair.get_layer("q").kernel) == ("two",)
    assert dependence.of_operation(pair.get_layer("q")) == ("two",)

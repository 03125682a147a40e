"""A functional model's layers and edges, as TensorBoard is to draw them."""

import json

import keras
import pytest
from keras import layers, ops
from tensorboard.plugins.graph.keras_util import keras_model_to_graph_def

from mtl.reporting.keras_graph import layer_graph, tensorboard_json


def edges(model: keras.Model) -> dict[str, list[str]]:
    """Return what TensorBoard makes of a model: the sources of each node."""
    nodes = layer_graph(model)
    assert nodes is not None
    assert len({node.name for node in nodes}) == len(nodes)
    drawn = keras_model_to_graph_def(json.loads(json.dumps(tensorboard_json(nodes))))
    found = {node.name: list(node.input) for node in drawn.node}
    assert found == {node.name: node.sources for node in nodes}
    return found


def test_outputs_that_are_a_dict() -> None:
    first = keras.Input((4,), name="first")
    second = keras.Input((4,), name="second")
    shared = layers.Dense(3, name="shared")
    joined = layers.Concatenate(name="joined")([shared(first), shared(second)])
    model = keras.Model(
        {"first": first, "second": second},
        {"zeta": layers.Dense(1, name="head")(joined), "joined": joined, "shared": joined},
    )
    assert edges(model) == {
        "first": [],
        "second": [],
        "shared": ["first", "second"],
        "joined": ["shared", "shared"],
        "head": ["joined"],
        # An output that is called as another layer is keeps apart from it.
        "output/shared": ["joined"],
        "zeta": ["head"],
    }


def test_numbers_and_tensors_by_keyword() -> None:
    query = keras.Input((4, 8), name="query")
    value = keras.Input((6, 8), name="value")
    attended = layers.MultiHeadAttention(2, 4, name="attention")(query=query, value=value)
    scaled = ops.multiply(attended, 2.0)
    model = keras.Model([query, value], scaled)
    found = edges(model)
    assert sorted(found["attention"]) == ["query", "value"]
    # Keras numbers the names of operations over the whole process: multiply, multiply_1, ….
    assert found[model.operations[-1].name] == ["attention"]


def test_models_inside_models() -> None:
    inside = keras.Input((4,), name="digit")
    tower = keras.Model(inside, layers.Dense(2, name="dense")(inside), name="tower")
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    joined = layers.Concatenate(name="joined")([tower(left), tower(right)])
    chain = keras.Sequential([layers.Dense(3, name="a"), layers.Dense(1, name="b")], name="chain")
    model = keras.Model([left, right], chain(joined))
    found = edges(model)
    assert found["tower/digit"] == ["left", "right"]
    assert found["tower/dense"] == ["tower/digit"]
    assert found["joined"] == ["tower/dense", "tower/dense"]
    assert found["chain/b"] == ["chain/a"]
    assert found["joined"]
    start = next(name for name, sources in found.items() if sources == ["joined"])
    assert start.startswith("chain/")


def test_models_inside_models_with_several_outputs() -> None:
    one, two = keras.Input((4,), name="one"), keras.Input((4,), name="two")
    outputs = [layers.Dense(2, name="up")(two), layers.Dense(2, name="down")(one)]
    pair = keras.Model([one, two], outputs, name="pair")
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    up, down = pair([left, right])
    model = keras.Model([left, right], [layers.ReLU(name="p")(up), layers.ReLU(name="q")(down)])
    found = edges(model)
    assert found["pair/one"] == ["left"]
    assert found["pair/two"] == ["right"]
    assert found["p"] == ["pair/up"]
    assert found["q"] == ["pair/down"]


def test_sequential_model_of_mixed_precision() -> None:
    model = keras.Sequential(
        [keras.Input((4,), name="x"), layers.Dense(2, name="d", dtype="mixed_float16")]
    )
    nodes = layer_graph(model)
    assert nodes is not None
    assert [(node.name, node.kind, node.dtype) for node in nodes] == [
        ("x", "InputLayer", "float32"),
        ("d", "Dense", "float16"),
    ]


@pytest.mark.parametrize("built", [True, False])
def test_model_that_is_no_graph(built: bool) -> None:
    class Plain(keras.Model):
        def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
            return inputs

    model = Plain()
    if built:
        model(ops.ones((1, 2)))
    assert layer_graph(model) is None

"""The facts of a graph, against counts by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import keras
import pytest
from keras import layers, ops

from mtl.config.compose import compose, plain
from mtl.errors import MtlError
from mtl.reporting.inspection.facts import Inspection
from mtl.training.inspection.graph import inspect_experiment, inspect_graph, inspect_run
from mtl.training.run import load
from mtl.training.runner import train

CONFIG = {"name": "own", "model": {"name": "builder"}}


def task(*, trained: bool = True) -> SimpleNamespace:
    return SimpleNamespace(
        kind="binary",
        fitted=SimpleNamespace(description="y above 3"),
        loss_name="binary_crossentropy",
        weight=0.5,
        auxiliary_of=None,
        trained=trained,
    )


def inspected(model: keras.Model, **trained: bool) -> Inspection:
    tasks = {name: task(trained=each) for name, each in trained.items()}
    return inspect_graph(model, tasks, {}, CONFIG)


def test_layers_of_the_headline_experiment() -> None:
    overrides = [
        "data.generator.rows=200",
        *("model.vocabulary_size=10000", "model.embedding_size=4", "model.lstm_units=3"),
        *("model.dense_layers=1", "model.dense_units=2", "tasks.aux_output.weight=0"),
    ]
    found = inspect_experiment(plain(compose("headline", overrides)))
    facts = {
        layer.name: (layer.parameters, layer.shared, tuple(layer.trained_by))
        for layer in found.layers
    }
    main = ("main_output",)
    assert facts == {
        "embedding": (40_000, True, main),
        # Kernels of 4 × 12 and 3 × 12, 12 biases.
        "lstm": (96, True, main),
        "aux_output": (4, False, ()),
        "title_and_auxiliary": (0, False, ()),
        "dense_1": ((3 + 5 + 1) * 2, False, main),
        "main_output": (3, False, main),
    }
    assert found.parameters == found.trainable == 40_000 + 96 + 4 + 18 + 3
    assert found.layer("embedding").outputs == ("aux_output", "main_output")
    assert [(entry.name, entry.shape, entry.dtype, entry.kind) for entry in found.inputs] == [
        ("aux_input", (None, 5), "float32", "features"),
        ("main_input", (None, 100), "int32", "text"),
    ]
    assert found.inputs[0].columns == ["status_published", "page"]
    # In the order of the config.
    main_output, aux_output = found.outputs
    assert (main_output.name, main_output.task.weight, main_output.task.trained) == (*main, 1, True)
    assert (aux_output.task.trained, aux_output.task.auxiliary_of) == (False, *main)
    assert found.shared_parameters == 40_096
    assert [(entry.name, entry.shape) for entry in found.frontier] == [("lstm", (None, 3))]


def test_every_problem_of_a_config_is_reported() -> None:
    config = plain(compose("headline", ["data.generator.rows=200"]))
    config["tasks"]["aux_output"]["loss"] = "nonsense"
    config["model"]["lstm_units"] = -1
    with pytest.raises(MtlError) as caught:
        inspect_experiment(config)
    assert "nonsense" in str(caught.value)
    expected = "model.lstm_units: found -1. Expected a whole number of 1 or more."
    assert expected in str(caught.value)


def test_a_shared_layer_is_one_layer_and_two_nodes() -> None:
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    dense = layers.Dense(2, name="dense")
    joined = layers.Concatenate(name="joined")([dense(left), dense(right)])
    model = keras.Model([left, right], {"same": layers.Dense(1, name="same")(joined)})
    found = inspected(model, same=True)
    layer = found.layer("dense")
    assert (layer.calls, layer.shared, layer.parameters) == (2, True, 10)
    assert [node.name for node in found.nodes] == ["dense[0]", "dense[1]", "joined", "same"]
    assert [node.layer for node in found.nodes][:2] == ["dense", "dense"]
    assert [entry.name for entry in found.nodes[2].inputs] == ["dense[0]", "dense[1]"]
    assert found.frontier == []


def test_what_is_not_trained_is_trained_by_nothing() -> None:
    given = keras.Input((4,), name="given")
    trunk = layers.BatchNormalization(name="norm")(layers.Dense(3, name="trunk")(given))
    frozen = layers.Dense(2, name="frozen", trainable=False)(trunk)
    outputs = {
        "a": layers.Dense(1, name="a")(frozen),
        "b": layers.Dense(1, name="b")(trunk),
        "c": layers.Dense(1, name="c")(trunk),
    }
    found = inspected(keras.Model(given, outputs), a=True, b=False)
    assert {layer.name: layer.trained_by for layer in found.layers} == {
        "trunk": ("a",),
        "norm": ("a",),
        "frozen": (),
        "a": ("a",),
        "b": (),
        "c": (),
    }
    norm = found.layer("norm")
    assert (norm.parameters, norm.trainable) == (12, 6)
    assert [weight.trained_by for weight in norm.weights] == [("a",), ("a",), (), ()]
    assert [weight.shape for weight in norm.weights] == [(3,)] * 4
    assert found.layer("frozen").trainable == 0
    assert [output.task is None for output in found.outputs] == [False, False, True]
    assert found.outputs[1].task.trained is False


def test_nested_models_and_what_is_inside() -> None:
    digit = keras.Input((4, 4, 1), name="digit")
    code = layers.Flatten(name="flat")(layers.Conv2D(2, 3, name="conv")(digit))
    vision = keras.Model(digit, code, name="vision")
    left, right = keras.Input((4, 4, 1), name="left"), keras.Input((4, 4, 1), name="right")
    frames = keras.Input((5, 4, 4, 1), name="frames")
    each = layers.TimeDistributed(vision, name="each")(frames)
    joined = layers.Concatenate(name="joined")([vision(left), vision(right), each[:, 0]])
    model = keras.Model(
        {"left": left, "right": right, "frames": frames},
        {"same": layers.Dense(1, name="same")(joined)},
    )
    found = inspected(model, same=True)
    # 3 × 3 × 1 × 2 of the kernel and 2 biases, once; 24 + 1 of the head.
    assert found.parameters == 20 + 25
    layer = found.layer("vision")
    assert (layer.parameters, layer.calls, layer.weights) == (20, 3, [])
    assert found.layer("vision/conv").level == 1
    assert [weight.shape for weight in found.layer("vision/conv").weights] == [(3, 3, 1, 2), (2,)]
    assert found.layer("vision/flat").outputs == ("same",)
    (inside,) = found.models
    assert (inside.name, inside.wrapped) == ("vision", False)
    assert [node.layer for node in inside.nodes] == ["vision/conv", "vision/flat"]
    assert inside.inputs[0].name == "digit"
    assert inside.outputs[0].name == "flat"
    models = {node.name: node.model for node in found.nodes}
    assert models["vision[0]"] == models["vision[1]"] == models["each"] == "vision"
    assert models["joined"] is None


def test_an_output_may_be_an_input_or_have_two_names() -> None:
    given = keras.Input((4,), name="given")
    made = ops.multiply(given, 2.0)
    model = keras.Model({"given": given}, {"x": made, "y": made})
    found = inspected(model, x=True)
    assert found.outputs[0].tensor == found.outputs[1].tensor == found.nodes[0].name
    assert (found.parameters, found.layers) == (0, [])


@pytest.mark.slow
def test_a_trained_run_has_the_facts_of_its_experiment(user_folder) -> None:
    overrides = ["debug=true", "data.generator.rows=200", "model.embedding_size=4"]
    config = plain(compose("headline", overrides))
    expected = inspect_experiment(config)
    found = inspect_run(load(train(config).folder))
    for part in ("name", "builder", "inputs", "outputs", "nodes", "models", "frontier"):
        assert getattr(found, part) == getattr(expected, part)
    for ours, theirs in zip(found.layers, expected.layers, strict=True):
        assert replace(ours, weights=()) == replace(theirs, weights=())
        assert [weight.trained_by for weight in ours.weights] == [
            weight.trained_by for weight in theirs.weights
        ]

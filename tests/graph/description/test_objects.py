"""Initializers and the like are made by name; a config cannot make Keras import a module."""

from __future__ import annotations

import sys

import keras
import pytest

from mtl.graph.description.objects import FAMILIES, check_plain, family_of, read_object

PATH = "model.layers.a.x"


def read(value, family: str):
    problems = []
    found = read_object(value, FAMILIES[family], PATH, problems)
    return found, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("parameter", "family"),
    [
        ("activation", "activation"),
        ("recurrent_activation", "activation"),
        ("kernel_initializer", "initializer"),
        ("initializer", "initializer"),
        ("activity_regularizer", "regularizer"),
        ("bias_constraint", "constraint"),
        ("units", None),
        ("initializers", None),
    ],
)
def test_the_family_is_told_by_the_parameters_last_word(parameter, family):
    assert family_of(parameter) is FAMILIES.get(family)


def test_objects_are_made_from_both_forms():
    made, problems = read({"name": "l1_l2", "l1": 0.1, "l2": 0.2}, "regularizer")
    assert problems == []
    assert (made.l1, made.l2) == (0.1, 0.2)
    made, problems = read({"class_name": "HeNormal", "config": {"seed": 3}}, "initializer")
    assert problems == []
    assert isinstance(made, keras.initializers.HeNormal)
    assert made.seed == 3
    assert read({"class_name": "NonNeg"}, "constraint")[0] is not None
    assert read("glorot_uniform", "initializer") == ("glorot_uniform", [])
    assert read(None, "activation") == (None, [])


def test_registered_objects_are_found_with_and_without_their_package():
    @keras.saving.register_keras_serializable("shop")
    class Shelf(keras.initializers.Initializer):
        def __call__(self, shape, dtype=None):
            return keras.ops.ones(shape, dtype)

    try:
        assert isinstance(read({"name": "shop>Shelf"}, "initializer")[0], Shelf)
        assert isinstance(read({"name": "Shelf"}, "initializer")[0], Shelf)
        assert read({"name": "Shelf"}, "regularizer")[0] is None
    finally:
        keras.saving.get_custom_objects().pop("shop>Shelf")


@pytest.mark.parametrize(
    ("value", "family", "message"),
    [
        ("relo", "activation", f"{PATH}: 'relo' is not an activation. Did you mean 'relu'?"),
        ("get", "activation", f"{PATH}: 'get' is not an activation."),
        ("os.system", "activation", f"{PATH}: 'os.system' is not an activation."),
        ({"name": "relu"}, "activation", f"{PATH}: found {{'name': 'relu'}}. Expected an activat"),
        (3, "initializer", f"{PATH}: found 3. Expected an initializer's name."),
        ({"l2": 0.1}, "regularizer", f"{PATH}: found {{'l2': 0.1}}. Expected a regularizer: a nam"),
        ({"name": 3}, "regularizer", f"{PATH}: found {{'name': 3}}. Expected a regularizer: a na"),
        ({"name": "l3"}, "regularizer", f"{PATH}: 'l3' is not a regularizer. "),
        ({"name": "Regularizer"}, "regularizer", f"{PATH}: 'Regularizer' is not a regularizer."),
        (
            {"name": "l2", "l1": 0.1},
            "regularizer",
            f"{PATH}.l1: L2() has no parameter 'l1'. Known: l2.",
        ),
        ({"name": "l2", "l2": -1}, "regularizer", f"{PATH}: Invalid value for argument l2"),
        ({"name": "constant", "module": "os"}, "initializer", f"{PATH}: found "),
        (
            {"class_name": "Constant", "config": {}, "module": "os"},
            "initializer",
            f"{PATH}: found ",
        ),
        (
            {"class_name": "Constant", "config": {}, "registered_name": "a>b"},
            "initializer",
            f"{PATH}: found ",
        ),
        ({"class_name": "Constant", "config": 3}, "initializer", f"{PATH}: found "),
        (
            {"name": "constant", "value": {"class_name": "C", "config": {}}},
            "initializer",
            f"{PATH}.value: a mapping with the key ",
        ),
    ],
)
def test_anything_else_is_refused(value, family, message):
    found, problems = read(value, family)
    assert found is None
    assert len(problems) == 1
    assert problems[0].startswith(message)


@pytest.mark.parametrize(
    "argument",
    [
        {"module": "planted", "class_name": "Anything", "config": {}},
        {"class_name": "Anything", "config": {}, "module": "planted", "registered_name": None},
        {"deeper": [1, {"class_name": "Anything", "module": "planted"}]},
    ],
)
@pytest.mark.parametrize(
    ("layer", "parameter"),
    [
        ("Dense", "kernel_initializer"),
        ("Dense", "activity_regularizer"),
        ("Dense", "activation"),
        ("Dense", "dtype"),
        ("Dense", "quantization_config"),
        ("TimeDistributed", "layer"),
        ("Bidirectional", "backward_layer"),
        ("TextVectorization", "standardize"),
        ("mtl>LSTM", "recurrent_activation"),
    ],
)
def test_no_mapping_makes_keras_import_a_module(
    said, tmp_path, monkeypatch, layer, parameter, argument
):
    (tmp_path / "planted.py").write_text("raise SystemExit('this module was run')")
    monkeypatch.syspath_prepend(tmp_path)
    described = {"type": layer, parameter: argument}
    problems = said(inputs={"x": {"shape": [4, 3]}}, layers={"a": described}, outputs={"y": "a(x)"})
    assert any(line.startswith(f"model.layers.a.{parameter}") for line in problems)
    assert "planted" not in sys.modules


def test_plain_mappings_pass():
    problems = []
    check_plain({"a": [1, {"b": "text"}], "c": None}, PATH, problems)
    assert problems == []

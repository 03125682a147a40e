"""Arguments of layers."""

from __future__ import annotations

import pytest

INPUT = {"x": {"shape": [4, 3]}}


def lines(said, **layer) -> list[str]:
    return said(inputs=INPUT, layers={"a": layer}, outputs={"y": "a(x)"})


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"type": "Dense"}, "model.layers.a.units: missing. Dense() needs it: a value."),
        (
            {"type": "Dense", "units": 2, "activatoin": "relu"},
            (
                "model.layers.a.activatoin: Dense() has no parameter 'activatoin'. "
                "Did you mean 'activation'?"
            ),
        ),
        (
            {"type": "Dense", "units": 2, "name": "b"},
            "model.layers.a.name: found 'b'. A layer's key is its name.",
        ),
        (
            {"type": "Dense", "units": -2},
            (
                "model.layers.a: Dense: Received an invalid value for `units`, expected a positive "
                "integer. Received: units=-2"
            ),
        ),
        (
            {"type": "mtl>OneHot", "size": "three"},
            "model.layers.a.size: found 'three'. Expected a whole number.",
        ),
        (
            {"type": "TimeDistributed", "layer": "b"},
            "model.layers.a.layer: no layer is called 'b'. Known: a.",
        ),
        ({"type": "TimeDistributed", "layer": 3}, "model.layers.a: TimeDistributed: Please init"),
        (
            {"type": "TimeDistributed", "layer": {"type": "Dense", "unit": 3, "units": 2}},
            "model.layers.a.layer.unit: Dense() has no parameter 'unit'. Did you mean 'units'?",
        ),
        (
            {"type": "StackedRNNCells", "cells": [{"type": "GRUCell", "units": 2}, "b"]},
            "model.layers.a.cells[1]: no layer is called 'b'.",
        ),
    ],
)
def test_a_wrong_argument_is_reported_where_it_stands(said, layer, message):
    (line,) = lines(said, **layer)
    assert line.startswith(message)


def test_all_wrong_arguments_are_reported_at_once(said):
    found = lines(said, type="Dense", unit=2, activation="relo", kernel_initializer="zeroes")
    assert [line.partition(": ")[0] for line in found] == [
        "model.layers.a.activation",
        "model.layers.a.kernel_initializer",
        "model.layers.a.unit",
        "model.layers.a.units",
    ]


def test_problems_of_nested_graphs_have_deeper_paths(said):
    inner = {
        "type": "graph",
        "inputs": {"image": {"shape": [3]}},
        "layers": {"dense": {"type": "Dense"}},
        "nodes": {"first": "dense(imge)"},
        "outputs": "first",
    }
    outer = {"type": "graph", "inputs": INPUT, "layers": {"deep": inner}, "outputs": "deep(x)"}
    found = lines(said, **outer)
    assert [line.partition(": ")[0] for line in found] == [
        "model.layers.a.layers.deep.nodes.first",
        "model.layers.a.layers.deep.layers.dense.units",
    ]


@pytest.mark.parametrize("name", ["StringLookup", "IntegerLookup", "TextVectorization"])
@pytest.mark.parametrize("parameter", ["vocabulary", "idf_weights"])
def test_a_graph_reads_no_files(said, tmp_path, name, parameter):
    (tmp_path / "private").write_text("1\n2\n")
    path = str(tmp_path / "private")
    (line,) = lines(said, type=name, **{parameter: path})
    expected = f"found {path!r}. Expected a list: a graph reads no files."
    assert line == f"model.layers.a.{parameter}: {expected}"


def test_a_layer_in_a_wrapper_reads_no_files(said):
    held = {"type": "StringLookup", "vocabulary": "/etc/hostname"}
    (line,) = lines(said, type="TimeDistributed", layer=held)
    assert line.startswith("model.layers.a.layer.vocabulary: found '/etc/hostname'.")

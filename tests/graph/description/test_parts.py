"""Sections that are no sections, names that are no names, and texts that are no expressions."""

from __future__ import annotations

from mtl.graph.description.parts import read_parts

INPUT = {"x": {"shape": [3]}}


def test_everything_that_cannot_be_read_is_reported(said):
    assert said(
        inputs={"x": {"shape": [3]}, "two words": {"shape": [3]}, 3: {"shape": [3]}, "z": [3]},
        layers={"dense": "Dense", "lambda": {"type": "ReLU"}},
        nodes={"a": "x.y", "b": 2, "c": None},
        outputs={"y": "abs(x"},
    ) == [
        (
            "model.inputs.two words: 'two words' is no name. "
            "Expected letters, digits and underscores, and no word of Python's."
        ),
        (
            "model.inputs.3: 3 is no name. "
            "Expected letters, digits and underscores, and no word of Python's."
        ),
        "model.inputs.z: found [3]. Expected such as {shape: [100]}.",
        "model.layers.dense: found 'Dense'. Expected such as {type: Dense, units: 64}.",
        (
            "model.layers.lambda: 'lambda' is no name. "
            "Expected letters, digits and underscores, and no word of Python's."
        ),
        (
            "model.nodes.a: 'x.y' at character 1: a dot between names may not stand here. "
            "Write an operation's bare name, such as abs(x)."
        ),
        *(
            f"model.nodes.{name}: found {value}. Expected text. An expression is made of names, "
            "numbers, texts, lists, calls of layers and operations by name, + - * / // % ** @, "
            "comparisons and subscripts."
            for name, value in {"b": 2, "c": None}.items()
        ),
        (
            "model.outputs.y: 'abs(x' at character 4: '(' was never closed. An expression is made "
            "of names, numbers, texts, lists, calls of layers and operations by name, "
            "+ - * / // % ** @, comparisons and subscripts."
        ),
    ]


def test_sections_are_mappings_and_known(said):
    assert said(inputs=INPUT, layers=["a"], outputs={"y": "x"}) == [
        "model.layers: found ['a']. Expected a mapping of names."
    ]
    nested = {"type": "graph", "input": INPUT, "inputs": INPUT, "outputs": "x"}
    assert said(inputs=INPUT, layers={"n": nested}, outputs={"y": "n(x)"}) == [
        (
            "model.layers.n.input: a graph has no section 'input'. "
            "Did you mean 'inputs'? Known: inputs, layers, nodes, outputs."
        )
    ]


def test_only_a_nested_graph_may_have_an_output_without_a_name(said):
    assert said(inputs=INPUT, outputs="x") == [
        "model.outputs: found 'x'. Expected a mapping of names."
    ]
    problems = []
    parts = read_parts({"inputs": INPUT, "outputs": "x + 1"}, "model", problems, nested=True)
    assert problems == []
    assert parts.outputs[""].text == "x + 1"
    assert parts.output_path("") == "model.outputs"

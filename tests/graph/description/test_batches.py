"""What shows only when a graph is computed on a batch."""

from __future__ import annotations

import pytest

from mtl.graph.description import batches
from mtl.models.graph import graph

INPUTS = {"x": {"shape": [5]}, "ids": {"shape": [4], "dtype": "int32"}}
OF_NODES = {"rows": "rows", "negative": "negative"}
OUT_OF_RANGE = "indices[0,0] = 10 is not in [0, 10)."
EXPECTED = "Expected outputs with one row for each example: axis 0 is the batch."


def test_indices_out_of_range_are_reported_with_their_nodes(said):
    layers = {"words": {"type": "Embedding", "input_dim": 10, "output_dim": 3}}
    nodes = {"late": "far * 2", "far": "take(x, 10, axis=1)", "word": "words(ids + 10)"}
    assert said(inputs=INPUTS, layers=layers, nodes=nodes, outputs={"a": "late", "b": "word"}) == [
        "model.nodes.far: take(x, 10, axis=1) fails for x (2, 5): indices = 10 is not in [0, 5).",
        f"model.nodes.word: words(ids + 10) fails for ids (2, 4): {OUT_OF_RANGE}",
    ]


def test_shapes_that_do_not_fit_a_batch_are_reported_together(said):
    nodes = {"rows": "reshape(x, (3, 7))", "negative": "-(x > 0)"}
    rows, negative = said(inputs={"x": {"shape": [5]}}, nodes=nodes, outputs=OF_NODES)
    assert rows == (
        "model.nodes.rows: reshape(x, (3, 7)) fails for x (2, 5): Cannot reshape a tensor with 10 "
        "elements to shape [3,7] (21 elements)."
    )
    assert negative.startswith("model.nodes.negative: -(x > 0) fails for x (2, 5): Value passed")


def test_shapes_that_fit_a_batch_of_one_size_do_not_fit(said):
    sections = {"inputs": {"x": {"shape": [2]}, "y": {"shape": [2]}}}
    (line,) = said(**sections, outputs={"z": "x @ y"})
    assert line.startswith("model.outputs.z: x @ y fails for x (3, 2), y (3, 2): ")


def test_the_node_is_named_from_which_on_an_output_is_no_batch(said):
    nodes = {"doubled": "mixed * 2", "mixed": "mean(x, axis=0)", "constant": "ones([3])"}
    outputs = {"a": "doubled", "b": "mixed + sum(constant)", "c": "take(ids, [0, 1], axis=0)"}
    mean, take = said(inputs=INPUTS, nodes=nodes, outputs=outputs)
    assert mean == (
        "model.nodes.mixed: mean(x, axis=0) makes (5,) of 2 examples, x (2, 5), and (5,) of 3. "
        f"{EXPECTED}"
    )
    assert take == (
        "model.outputs.c: take(ids, [0, 1], axis=0) makes (2, 4) of 2 examples, ids (2, 4), and "
        f"(2, 4) of 3. {EXPECTED}"
    )


def test_an_output_of_every_example_beside_every_other_is_no_batch(said):
    (line,) = said(inputs={"x": {"shape": [5]}}, outputs={"y": "x @ transpose(x)"})
    assert line.startswith("model.outputs.y: x @ transpose(x) makes (2, 2) of 2 examples, ")


@pytest.mark.parametrize(
    "expression",
    [
        "transpose(transpose(x) * 2)",
        "x - mean(x, axis=0)",
        "inv(x[:, :, None] * x[:, None, :] + eye(5))",
        "x + take(ones([3, 5]), 2, axis=0)",
    ],
)
def test_nodes_between_may_have_any_shape_and_values_are_no_special_ones(expression):
    model = graph(inputs={"x": {"shape": [5]}}, outputs={"y": expression})
    assert model.output["y"].shape[0] is None


def test_a_large_graph_is_not_computed(monkeypatch):
    monkeypatch.setattr(batches, "MOST_NUMBERS", 100)
    graph(inputs={"x": {"shape": [100]}}, outputs={"y": "take(x, 100, axis=1)"})

"""What tasks share of a graph, and where it ends, with models in models."""

from __future__ import annotations

import re

import keras
import pytest

from mtl.graph.branches import Branches, branches
from mtl.graph.calls import Call
from mtl.graph.frontier import shared_part
from tests.training.routes.graphs import GRAPHS, build


def parts(found: Branches) -> dict[str, list[str]]:
    heads = {task: [call.name for call in own] for task, own in found.heads.items()}
    return {"trunk": [call.name for call in found.trunk]} | heads


def frontier(found: Branches) -> list[str]:
    makers = {id(tensor): call.name for call in found.trunk for tensor in call.outputs}
    return [makers[id(tensor)] for tensor in found.frontier]


def names(weights: tuple[keras.Variable, ...]) -> set[str]:
    return {weight.path.split("/")[-2] for weight in weights}


@pytest.mark.parametrize(
    ("graph", "expected", "ends"),
    [
        (
            "nested_trunk",
            {
                "trunk": ["encoder/first", "encoder/second"],
                "a": ["a"],
                "b": ["own", "b"],
                "c": ["c"],
            },
            ["encoder/second"],
        ),
        (
            "nested_trunk_with_two_outputs",
            {"trunk": ["encoder/first"], "a": ["encoder/second", "a"], "b": ["b"], "c": ["c"]},
            ["encoder/first"],
        ),
        (
            "sequential_trunk",
            {"trunk": ["encoder/first", "encoder/second"], "a": ["a"], "b": ["b"]},
            ["encoder/second"],
        ),
    ],
)
def test_nested_models_are_divided_where_their_outputs_part(
    graph: str, expected: dict[str, list[str]], ends: list[str]
) -> None:
    model = build(graph)
    found = branches(model, sorted(model.output))
    assert parts(found) == expected
    assert frontier(found) == ends
    assert names(found.shared) == {name.rpartition("/")[2] for name in expected["trunk"]}


def test_heads_inside_a_nested_model_are_heads() -> None:
    model = build("nested_heads")
    found = branches(model, ["a", "b", "c"])
    assert parts(found)["trunk"] == ["trunk"]
    ends = {task: [name.rpartition("/")[2] for name in parts(found)[task]] for task in "abc"}
    # What the nested model hands on as it is goes by another name.
    assert ends == {"a": ["own", "a"], "b": ["b"], "c": ["handing", "c"]}
    assert frontier(found) == ["trunk"]


def test_a_model_within_a_model_is_shared_where_it_is_called_again() -> None:
    model = build("nested_in_nested")
    found = branches(model, ["a", "b", "c"])
    # Keras numbers an operation's name by what the process made before: tanh, tanh_1, …
    trunk = [re.sub(r"^tanh_\d+$", "tanh", name) for name in parts(found)["trunk"]]
    assert sorted(trunk) == sorted(
        ["tanh", *["encoder/first", "encoder/second"], *["outer/encoder/first"] * 2]
        + ["outer/encoder/second"] * 2
    )
    assert parts(found)["b"] == ["outer/chain/third", "outer/chain/relu", "b"]
    assert len(found.frontier) == 3


def test_a_model_that_is_called_for_several_tasks_is_shared_to_its_end() -> None:
    model = build("nested_model_on_two_paths")
    found = branches(model, ["a", "b"])
    assert frontier(found) == ["encoder/square"] * 2
    assert {task: [call.name for call in own] for task, own in found.heads.items()} == {
        "a": ["a"],
        "b": ["b"],
    }
    assert names(found.shared) == {"shared"}


def test_the_tables_of_nested_models_are_told_apart() -> None:
    model = build("words_in_nested_models")
    found = branches(model, ["a", "b"])
    assert {call.name for call in found.trunk} >= {"reader/table", "reader/lstm"}
    assert {call.name for call in found.heads["b"]} >= {"other/table", "other/lstm"}


@pytest.mark.parametrize("graph", GRAPHS)
def test_training_and_inspecting_find_the_same_shared_part(graph: str) -> None:
    model = build(graph)
    found, shown = branches(model, list(model.output)), shared_part(model)
    trained = {id(weight) for call in found.trunk for weight in weights_of(call)}
    assert trained == {id(weight) for weight in shown.weights if weight.trainable}
    assert len(found.frontier) == len(shown.frontier)


def weights_of(call: Call) -> list[keras.Variable]:
    return getattr(call.operation, "trainable_weights", [])

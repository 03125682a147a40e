"""Graphs against the inputs of the data and the tasks of the config, all by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from mtl.config.check import check_graph


@dataclass(frozen=True)
class Specification:
    """Stand for what the data give for one input."""

    shape: tuple[int, ...]
    dtype: str
    columns: object
    vocabulary_size: int | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of a graph and of the data, as `check_graph` wants it."""

    graph_inputs: Mapping[str, object]
    graph_outputs: Mapping[str, object]
    specifications: Mapping[str, Specification]
    id_counts: Mapping[str, int]
    head_shapes: Mapping[str, tuple[int | None, ...]]


TEXT = Specification((100,), "int32", ("link_name",), 10_000)
EXTRA = Specification((5,), "float32", {"status_published": 4, "page": 1})
RIGHT = Facts(
    graph_inputs={"main_input": ((100,), "int32"), "aux_input": ((5,), "float32")},
    graph_outputs={"main_output": (1,), "aux_output": (1,)},
    specifications={"aux_input": EXTRA, "main_input": TEXT},
    id_counts={"main_input": 10_000},
    head_shapes={"main_output": (1,), "aux_output": (1,)},
)


@pytest.fixture
def check(config, said):
    """Return a function that gives the messages for the right facts with some of them changed."""

    def run(**changes):
        facts = replace(RIGHT, **changes)
        return said(
            check_graph(
                config,
                facts.graph_inputs,
                facts.graph_outputs,
                facts.specifications,
                facts.id_counts,
                facts.head_shapes,
            )
        )

    return run


def with_input(name, specification):
    return {**RIGHT.specifications, name: specification}


def test_graph_that_meets_data_and_tasks(check):
    assert check() == []


def test_graph_of_any_length(check):
    inputs = {"main_input": ((None,), "int32"), "aux_input": ((5,), "float32")}
    assert (
        check(graph_inputs=inputs, graph_outputs={"aux_output": (None,), "main_output": (1,)}) == []
    )


def test_numbers_of_whole_width_may_feed_any_float(check):
    inputs = {**RIGHT.graph_inputs, "aux_input": ((5,), "bfloat16")}
    assert check(graph_inputs=inputs) == []


def test_ids_may_feed_a_float_input_that_an_embedding_reads(check):
    inputs = {**RIGHT.graph_inputs, "main_input": ((100,), "float32")}
    assert check(graph_inputs=inputs) == []


def test_inputs_are_matched_by_name_whatever_their_order(check):
    swapped = {"main_input": EXTRA, "aux_input": TEXT}
    found = check(specifications=swapped)
    assert [line.split(":")[0] for line in found] == [
        "inputs.main_input",
        "inputs.aux_input",
        "inputs.main_input",
        "inputs.aux_input",
    ]


def test_misspelt_input(check):
    assert check(specifications={"main_inptu": TEXT, "aux_input": EXTRA}) == [
        (
            "inputs.main_input: missing, the graph reads an input 'main_input' of shape (100,). "
            "Feed it a column or a list of columns."
        ),
        (
            "inputs.main_inptu: the graph has no input 'main_inptu'. "
            "Did you mean 'main_input'? Known: aux_input, main_input."
        ),
    ]


def test_input_of_another_width(check):
    wide = Specification((6,), "float32", {"status_published": 4, "page": 2})
    assert check(specifications=with_input("aux_input", wide)) == [
        (
            "inputs.aux_input: the graph wants (5,), columns status_published (4) + page (2) give "
            "(6,). Change its columns (their options are in data.columns) or the model's size."
        )
    ]


def test_input_of_another_rank_without_known_widths(check):
    flat = Specification((), "float32", ["page"])
    (found,) = check(specifications=with_input("aux_input", flat))
    assert found.startswith("inputs.aux_input: the graph wants (5,), column page gives (). Change")


def test_numbers_where_ids_are_read_and_the_reverse(check):
    text = replace(TEXT, dtype="float32", vocabulary_size=None)
    extra = replace(EXTRA, dtype="int32", columns=[])
    assert check(specifications={"main_input": text, "aux_input": extra}) == [
        (
            "inputs.main_input: the graph wants ids (int32), column link_name gives numbers "
            "(float32). Change the kind or encoding of its columns, "
            "or the dtype of the model's input."
        ),
        (
            "inputs.aux_input: the graph wants numbers (float32), the data give ids (int32). "
            "Change the kind or encoding of its columns, or the dtype of the model's input."
        ),
    ]


def test_vocabulary_larger_than_its_embedding(check):
    assert check(
        specifications=with_input("main_input", replace(TEXT, vocabulary_size=10_002))
    ) == [
        (
            "data.columns.link_name.vocabulary_size: the data give ids up to 10001, and the "
            "layer that reads them is made for 10000, up to 9999. "
            "Make the vocabulary 10000 or less, or the layer's size 10002 or more."
        )
    ]


def test_vocabulary_of_pairs_is_told_where_the_column_of_rows_is_described(check, config):
    config["data"]["pairs"] = {"group": "page"}
    sides = replace(TEXT, vocabulary_size=10_001, columns=("link_name_a",))
    (found,) = check(specifications=with_input("main_input", sides))
    assert found.startswith("data.columns.link_name.vocabulary_size: ")


def test_vocabulary_of_several_columns_is_told_at_the_input(check):
    several = replace(TEXT, vocabulary_size=10_001, columns=["link_name", "page"])
    (found,) = check(specifications=with_input("main_input", several))
    assert found.startswith("inputs.main_input: the data give ids up to 10000")


def test_task_for_an_output_that_the_graph_lacks(check):
    found = check(graph_outputs={"main_output": (1,), "auxiliary": (1,), "aux_ouput": (1,)})
    assert found[0] == (
        "tasks.aux_output: the graph has no output 'aux_output'. "
        "Did you mean 'aux_ouput'? Known: aux_ouput, auxiliary, main_output."
    )


@pytest.mark.parametrize(
    ("task", "words"),
    [("absent", "it has no task"), (None, "its task is null")],
)
def test_output_without_a_task(check, config, task, words):
    config["tasks"]["aux_output"] = task
    if task == "absent":
        del config["tasks"]["aux_output"]
    assert check(head_shapes={"main_output": (1,)}) == [
        (
            f"tasks.aux_output: the graph has this output and {words}. "
            "Give it a target and a kind, or write tasks.aux_output.untrained=true."
        )
    ]


@pytest.mark.parametrize("task", [{"weight": 0}, {"untrained": True}])
def test_output_that_is_not_to_be_trained(check, config, task):
    config["tasks"]["aux_output"] = task
    outputs = {"main_output": (1,), "aux_output": (7, 7)}
    assert check(graph_outputs=outputs, head_shapes={"main_output": (1,), "aux_output": (1,)}) == []


@pytest.mark.parametrize(("shape", "words"), [((3,), "(3,)"), ((), "()"), ((100, 1), "(100, 1)")])
def test_output_of_another_shape(check, shape, words):
    assert check(graph_outputs={"main_output": shape, "aux_output": (1,)}) == [
        (
            f"tasks.main_output: the output has shape {words}. The kind 'binary' needs (1,), "
            "1 number an example: change the kind or the output's units."
        )
    ]


def test_output_narrower_than_the_classes(check):
    (found,) = check(head_shapes={"main_output": (4,), "aux_output": (1,)})
    assert "The kind 'binary' needs (4,), 4 numbers an example" in found

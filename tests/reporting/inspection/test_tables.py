"""An inspection reads well narrow and wide."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from mtl.reporting.console import Console
from mtl.reporting.inspection.facts import Inspection
from mtl.reporting.inspection.tables import describe_inspection
from tests.reporting.graphs import same_digit, two_heads


def shown(inspection: Inspection, width: int, fold: bool | None = None) -> str:
    file = io.StringIO()
    Console(file, width).show(*describe_inspection(inspection, fold=fold))
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)
    return "\n".join(lines)


def rows(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_everything_has_a_row_where_there_is_room() -> None:
    text = shown(same_digit(), 160)
    assert text.splitlines()[0] == "digits  (model shared_vision, 45 parameters, 43 trainable)"
    found = rows(text)
    for expected in (
        "left (None, 4, 4, 1) float32 array column_left",
        "same (None, 1) float32 head binary same equals 1 binary_crossentropy - 1",
        "vision Functional 20 18 2 ×2 same",
        "conv Conv2D 20 18 2 ×2 same",
        "flat Flatten - - 2 ×2",
        "head Dense 25 25 1 same",
        "vision[0] Functional left (None, 4, 4, 1) (None, 8)",
        "joined Concatenate vision[0] (None, 8) (None, 16)",
        "vision[1] (None, 8)",
        "Shared: vision",
        "One output: no part is shared by several.",
    ):
        assert expected in found
    # What is inside stands once, indented, after the first call.
    assert text.count("\n  conv ") == 2
    assert "vision[1] (2 nodes inside)" in text


def test_two_lines_a_node_where_there_is_none() -> None:
    lines = shown(same_digit(), 70).splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("vision[0]"))
    assert lines[place + 1] == "Functional"
    assert lines[place + 3] == "  Conv2D"


@pytest.mark.parametrize("width", [80, 160])
def test_folded_models_are_a_line_each(width: int) -> None:
    text = shown(same_digit(), width, fold=True)
    assert "vision (2 layers inside)" in text
    assert text.count("(2 nodes inside)") == 2
    assert "conv" not in text


@pytest.mark.parametrize("width", [80, 160])
def test_where_the_shared_part_ends(width: int) -> None:
    found = rows(shown(two_heads(), width))
    assert "trunk (None, 2) first, second" in found
    assert "the shared part (8 parameters) ends at shape and goes on to" in found
    assert "Shared: trunk" in found


def test_what_is_not_trained_is_said() -> None:
    found = rows(shown(two_heads(), 160))
    assert "second Dense 3 0 1 not trained" in found
    assert "second (None, 1) float32 second - - - - untrained" in found
    assert "trunk Functional 8 8 1 by 2 outputs first" in found
    idle = replace(two_heads().layers[2], trained_by=())
    without = replace(two_heads(), layers=[idle])
    assert "first Dense 5 5 1 no output" in rows(shown(without, 160))


def test_weights_of_one_layer_that_are_trained_apart_are_told_apart() -> None:
    inspection = same_digit()
    kernel, bias = inspection.layers[1].weights
    bias = replace(bias, trainable=True, trained_by=("other",))
    conv = replace(inspection.layers[1], trained_by=("same", "other"), weights=(kernel, bias))
    text = shown(replace(inspection, layers=[conv]), 160)
    assert "kernel: same" in text
    assert "bias: other" in text


def test_operations_alone_have_no_table_of_layers() -> None:
    bare = replace(same_digit(), layers=[], parameters=0, trainable=0, models=[], nodes=[])
    text = shown(bare, 80)
    assert text.startswith("digits  (model shared_vision, no parameters)")
    assert "layer" not in text


def test_outputs_that_share_nothing() -> None:
    apart = replace(two_heads(), frontier=[], layers=[], models=[], nodes=[])
    assert "The outputs share nothing." in shown(apart, 80)

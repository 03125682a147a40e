"""What is drawn of a graph."""

from __future__ import annotations

from dataclasses import replace

from mtl.reporting.drawing.drawing import Drawing
from mtl.reporting.drawing.plan import plan
from tests.reporting.graphs import given, same_digit, two_heads


def arrows(drawing: Drawing) -> list[tuple[str, str]]:
    names = {box.key: box.lines[0] for box in drawing.boxes}
    return [(names[arrow.source], names[arrow.target]) for arrow in drawing.arrows]


def test_each_call_of_a_shared_model_is_a_box_and_its_inside_is_drawn_once() -> None:
    drawing = plan(same_digit())
    assert arrows(drawing) == [
        ("left", "vision[0]"),
        ("right", "vision[1]"),
        ("vision[0]", "joined"),
        ("vision[1]", "joined"),
        ("joined", "head"),
        ("head", "same"),
        ("digit", "conv"),
        ("conv", "flat"),
        ("flat", "out of vision"),
    ]
    boxes = {box.lines[0]: box for box in drawing.boxes}
    assert boxes["vision[0]"].lines == [
        *("vision[0]", "Functional", "20 parameters, 18 trained", "shared ×2"),
    ]
    assert [name for name, box in boxes.items() if box.shared] == [
        *("vision[0]", "vision[1]", "conv", "flat"),
    ]
    assert drawing.ties == [(boxes["vision[0]"].key, boxes["vision[1]"].key)]
    (frame,) = drawing.frames
    assert (frame.title, frame.shared) == ("inside vision, ×2", True)
    inside = [name for name, box in boxes.items() if box.frame == frame.key]
    assert inside == ["digit", "conv", "flat", "out of vision"]
    assert boxes["same"].lines == ["same", "target same equals 1", "binary_crossentropy × 1"]
    assert [boxes[name].role for name in ("left", "joined", "same")] == ["input", "layer", "output"]


def test_a_model_that_is_called_once_is_a_frame_in_place() -> None:
    drawing = plan(two_heads())
    assert arrows(drawing) == [
        ("given", "dense"),
        ("dense", "first"),
        ("dense", "second"),
        ("first", "first"),
        ("second", "second"),
    ]
    assert [frame.title for frame in drawing.frames] == ["trunk: Functional"]
    # The shared part ends on the ways out of the trunk.
    assert [arrow.leaves_shared for arrow in drawing.arrows] == [False, True, True, False, False]
    frozen = [box.lines for box in drawing.boxes if box.frozen]
    assert frozen == [["second", "Dense", "3 parameters", "not trained"]]
    assert drawing.boxes[-1].lines == ["second", "untrained"]
    assert drawing.arrows[0].label == "(None, 3)"


def test_folded_models_are_boxes_with_counts() -> None:
    drawing = plan(two_heads(), fold=True)
    assert drawing.frames == []
    trunk = drawing.boxes[1]
    assert trunk.lines == [
        *("trunk", "Functional", "8 parameters", "shared by 2 outputs", "1 node inside"),
    ]
    assert [arrow.leaves_shared for arrow in drawing.arrows] == [False, True, True, False, False]
    assert plan(same_digit(), fold=True).frames == []


def test_an_output_of_the_shared_part_is_where_it_ends() -> None:
    inspection = two_heads()
    first = replace(inspection.outputs[0], tensor="trunk")
    drawing = plan(replace(inspection, outputs=[first]))
    assert [arrow.leaves_shared for arrow in drawing.arrows] == [False, True, True, True]


def test_the_legend_says_what_occurs() -> None:
    assert plan(same_digit()).legend() == "orange: shared, dotted: calls of one layer"
    assert plan(two_heads()).legend() == (
        "orange: shared, dashed: not trained, thick: the shared part ends"
    )


def test_many_columns_are_counted() -> None:
    many = replace(given("given", 3), columns=[f"column_{number}" for number in range(64)])
    drawing = plan(replace(two_heads(), inputs=[many]))
    assert drawing.boxes[0].lines == ["given", "64 columns", "float32"]
    alone = replace(many, columns=["page"])
    drawing = plan(replace(two_heads(), inputs=[alone]))
    assert drawing.boxes[0].lines == ["given", "column page", "float32"]

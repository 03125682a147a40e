"""A drawing as Mermaid's text."""

from __future__ import annotations

import re

import pytest

from mtl.reporting.drawing.drawing import Arrow, Box, Drawing, Frame
from mtl.reporting.drawing.mermaid import to_mermaid
from mtl.reporting.drawing.plan import plan
from tests.reporting.graphs import same_digit, two_heads

STATEMENTS = (
    r'box\d+(\(\["[^"]*"\]\)|\[\["[^"]*"\]\]|\["[^"]*"\]|\("[^"]*"\))',
    r'box\d+ (-->|==>)\|"[^"]*"\| box\d+',
    r"box\d+ -\.- box\d+",
    r'subgraph frame\d+\["[^"]*"\]',
    "direction TB",
    "end",
    r"classDef \w+ [\w#:,\- ]+",
    r"class (box|frame)\d+ \w+",
)


def statements(text: str) -> list[str]:
    """Return the lines after the head, each of which is one of the statements."""
    head, title, close, flowchart, *lines = text.splitlines()
    assert (head, close, flowchart) == ("---", "---", "flowchart TD")
    assert title.startswith('title: "')
    found = [line.strip() for line in lines]
    for line in found:
        assert any(re.fullmatch(pattern, line) for pattern in STATEMENTS), line
    return found


@pytest.mark.parametrize("inspection", [same_digit(), two_heads()])
def test_every_line_is_a_statement(inspection) -> None:
    found = statements(to_mermaid(plan(inspection)))
    assert sum(line.startswith("subgraph") for line in found) == found.count("end") == 1


def test_shared_layers_stand_out() -> None:
    found = statements(to_mermaid(plan(same_digit())))
    assert 'box2["vision[0]<br/>Functional<br/>20 parameters, 18 trained<br/>shared ×2"]' in found
    assert "class box2 shared" in found
    assert 'box0 -->|"(None, 4, 4, 1)"| box2' in found
    assert "class box4 layer" in found


def test_calls_side_by_side_are_not_tied_and_those_in_other_models_are() -> None:
    assert not any("-.-" in line for line in statements(to_mermaid(plan(same_digit()))))
    boxes = [Box("box0", ["d"], "layer"), Box("box1", ["d"], "layer", frame="frame0")]
    drawing = Drawing("d", boxes, ties=[("box0", "box1")], frames=[Frame("frame0", "in")])
    text = to_mermaid(drawing)
    assert "box0 -.- box1" in statements(text)
    assert "dotted: calls of one layer" in text


def test_the_end_of_the_shared_part_is_thick() -> None:
    found = statements(to_mermaid(plan(two_heads())))
    assert 'box1 ==>|"(None, 2)"| box2' in found
    assert "class box3 frozen" in found


def test_what_would_be_markup_is_written_out() -> None:
    odd = Box("box0", ['"<b>` #1\\'], "layer")
    text = to_mermaid(Drawing('odd "title"', [odd], [Arrow("box0", "box0", 'a"b')]))
    assert 'box0["#quot;#lt;b#gt;#96; #35;1#92;"]' in text
    assert 'box0 -->|"a#quot;b"| box0' in text
    assert 'title: "odd \\"title\\""' in text

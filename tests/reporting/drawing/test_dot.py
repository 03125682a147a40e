"""A drawing as Graphviz's text and as SVG."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

from mtl.errors import MtlError
from mtl.reporting.drawing import dot
from mtl.reporting.drawing.dot import to_dot, to_svg
from mtl.reporting.drawing.drawing import Arrow, Box, Drawing
from mtl.reporting.drawing.plan import plan
from tests.reporting.graphs import same_digit, two_heads

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def test_boxes_arrows_and_frames() -> None:
    text = to_dot(plan(same_digit()))
    assert 'box2 [label="vision[0]\\nFunctional\\n20 parameters, 18 trained\\nshared ×2", ' in text
    assert 'box0 -> box2 [label=" (None, 4, 4, 1) "];' in text
    assert "box2 -> box3 [style=dotted, dir=none" in text
    assert "subgraph cluster_frame0 {" in text
    assert text.count("{") == text.count("}")


def test_the_end_of_the_shared_part_is_thick() -> None:
    lines = to_dot(plan(two_heads())).splitlines()
    (thick,) = [line for line in lines if "box1 -> box2" in line]
    assert "penwidth=3" in thick
    (frozen,) = [line for line in lines if line.strip().startswith("box3 [")]
    assert "filled,dashed" in frozen


def test_quotes_and_backslashes_are_written_out() -> None:
    odd = Box("box0", ['a"b\\c'], "layer")
    text = to_dot(Drawing("<&>", [odd], [Arrow("box0", "box0", "(None,)")]))
    assert 'label="a\\"b\\\\c"' in text
    assert "label=<&lt;&amp;&gt;>" in text


@needs_dot
@pytest.mark.parametrize("inspection", [same_digit(), two_heads()])
def test_svg_has_every_box(inspection) -> None:
    drawing = plan(inspection)
    root = ET.fromstring(to_svg(drawing))
    assert root.tag.endswith("svg")
    groups = [group.get("class") for group in root.iter() if group.tag.endswith("}g")]
    assert groups.count("node") == len(drawing.boxes)
    assert groups.count("edge") == len(drawing.arrows) + len(drawing.ties)
    assert groups.count("cluster") == len(drawing.frames)
    shown = "".join(root.itertext())
    assert all(line in shown for box in drawing.boxes for line in box.lines)


def test_without_graphviz_it_is_said_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(MtlError, match=r"apt install graphviz.*format=mermaid"):
        to_svg(plan(two_heads()))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (subprocess.CompletedProcess([], 1, "", "syntax error\nmore"), "failed: syntax error"),
        (subprocess.TimeoutExpired("dot", 120), r"more than 120 seconds for 6 boxes.*fold=true"),
    ],
)
def test_what_graphviz_does_wrong_is_said(monkeypatch, outcome, expected) -> None:
    def run(*_, **__):
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(dot, "need_dot", lambda: None)
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(MtlError, match=expected):
        to_svg(plan(two_heads()))

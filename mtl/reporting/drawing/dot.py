"""A drawing as the text that Graphviz draws, and as the SVG that it makes of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from html import escape

from mtl.errors import MtlError
from mtl.reporting.drawing.drawing import Box, Drawing, Frame

PROGRAM = "dot"
SECONDS = 120
STYLES = {
    "input": 'shape=box, style="rounded,filled", fillcolor="#dbe9f6", color="#3b6ea5"',
    "output": 'shape=box, style="filled", peripheries=2, fillcolor="#d9f0dd", color="#3c8350"',
    "layer": 'shape=box, style="filled", fillcolor="#ffffff", color="#666666"',
    "operation": 'shape=box, style="rounded,filled", fillcolor="#f4f4f4", color="#999999"',
}
SHARED = 'shape=box, style="filled", fillcolor="#ffd98a", color="#b36b00", penwidth=2'


def need_dot() -> None:
    """Refuse to go on without Graphviz.

    Raises:
        MtlError: Its program `dot` is not installed.
    """
    if shutil.which(PROGRAM) is None:
        raise MtlError(
            f"format=svg needs Graphviz, whose program {PROGRAM!r} is not found. Install it (apt "
            "install graphviz, brew install graphviz), or write format=mermaid, which needs "
            "nothing."
        )


def to_svg(drawing: Drawing) -> str:
    """Return a drawing as SVG.

    Args:
        drawing: What is to be drawn.

    Raises:
        MtlError: Graphviz is not installed, or fails.
    """
    need_dot()
    try:
        done = subprocess.run(
            [PROGRAM, "-Tsvg"],
            input=to_dot(drawing),
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MtlError(
            f"Graphviz took more than {SECONDS} seconds for {len(drawing.boxes)} boxes. Write "
            "fold=true to draw models inside the model as one box each, or format=mermaid."
        ) from error
    if done.returncode:
        reason = done.stderr.strip().splitlines()[:1]
        raise MtlError(f"Graphviz's {PROGRAM!r} failed: {''.join(reason)}. Try format=mermaid.")
    return done.stdout


def to_dot(drawing: Drawing) -> str:
    """Return a drawing as a graph in Graphviz's language.

    Args:
        drawing: What is to be drawn.
    """
    lines = [
        f"digraph {_quoted(drawing.title)} {{",
        f'  label={_title(drawing)}; labelloc=t; fontname="Helvetica";',
        '  node [fontname="Helvetica", fontsize=11, margin="0.15,0.07"];',
        '  edge [fontname="Helvetica", fontsize=9, color="#555555", arrowsize=0.7];',
        *_contents(drawing, None, 1),
    ]
    for arrow in drawing.arrows:
        thick = ', penwidth=3, color="#b36b00"' if arrow.leaves_shared else ""
        label = _quoted(f" {arrow.label} ")
        lines.append(f"  {arrow.source} -> {arrow.target} [label={label}{thick}];")
    lines += [
        f'  {first} -> {second} [style=dotted, dir=none, constraint=false, color="#b36b00"];'
        for first, second in drawing.ties
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _contents(drawing: Drawing, frame: str | None, depth: int) -> Iterator[str]:
    """Yield the boxes in a frame, or outside all of them, then the frames in it."""
    indent = "  " * depth
    for box in drawing.boxes:
        if box.frame == frame:
            yield f"{indent}{box.key} [label={_label(box)}, {_style(box)}];"
    for inner in drawing.frames:
        if inner.parent == frame:
            yield from _cluster(drawing, inner, depth)


def _cluster(drawing: Drawing, frame: Frame, depth: int) -> Iterator[str]:
    indent = "  " * depth
    fill, line = ("#fff4dc", "#b36b00") if frame.shared else ("#fafafa", "#999999")
    yield f"{indent}subgraph cluster_{frame.key} {{"
    yield f"{indent}  label={_quoted(frame.title)}; style=filled;"
    yield f'{indent}  fillcolor="{fill}"; color="{line}";'
    yield from _contents(drawing, frame.key, depth + 1)
    yield f"{indent}}}"


def _title(drawing: Drawing) -> str:
    legend = f'<br/><font point-size="9">{escape(drawing.legend())}</font>'
    return f"<{escape(drawing.title)}{legend if drawing.legend() else ''}>"


def _label(box: Box) -> str:
    return _quoted("\n".join(box.lines))


def _style(box: Box) -> str:
    style = SHARED if box.shared else STYLES[box.role]
    return style.replace('filled"', 'filled,dashed"') if box.frozen else style


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

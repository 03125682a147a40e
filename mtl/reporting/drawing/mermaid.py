"""A drawing as the text that Mermaid draws, as GitHub, GitLab and many editors do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mtl.reporting.drawing.drawing import Box, Drawing, Frame

# What Mermaid would read as markup.
ENTITIES = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;"}
SHAPES = {
    "input": ('(["', '"])'),
    "output": ('[["', '"]]'),
    "layer": ('["', '"]'),
    "operation": ('("', '")'),
}
CLASSES = (
    "classDef input fill:#dbe9f6,stroke:#3b6ea5,color:#111",
    "classDef output fill:#d9f0dd,stroke:#3c8350,color:#111",
    "classDef layer fill:#ffffff,stroke:#666666,color:#111",
    "classDef operation fill:#f4f4f4,stroke:#999999,color:#111",
    "classDef shared fill:#ffd98a,stroke:#b36b00,stroke-width:2px,color:#111",
    "classDef frozen stroke-dasharray:4 3",
    "classDef frame fill:#fafafa,stroke:#999999,color:#111",
    "classDef sharedFrame fill:#fff4dc,stroke:#b36b00,stroke-width:2px,color:#111",
)


def to_mermaid(drawing: Drawing) -> str:
    """Return a drawing as a Mermaid flowchart.

    Args:
        drawing: What is to be drawn.
    """
    drawing = _with_fewer_ties(drawing)
    legend = f" – {drawing.legend()}" if drawing.legend() else ""
    lines = ["---", f"title: {_yaml(drawing.title + legend)}", "---", "flowchart TD"]
    lines += _contents(drawing, None, 1)
    for arrow in drawing.arrows:
        line = "==>" if arrow.leaves_shared else "-->"
        lines.append(f'    {arrow.source} {line}|"{_escaped(arrow.label)}"| {arrow.target}')
    lines += [f"    {first} -.- {second}" for first, second in drawing.ties]
    lines += [f"    {entry}" for entry in CLASSES]
    lines += [f"    class {box.key} {name}" for box in drawing.boxes for name in _classes(box)]
    lines += [
        f"    class {frame.key} {'sharedFrame' if frame.shared else 'frame'}"
        for frame in drawing.frames
    ]
    return "\n".join(lines) + "\n"


def _with_fewer_ties(drawing: Drawing) -> Drawing:
    """Leave out what ties calls of one model.

    A line in Mermaid puts one box below the other, and calls that belong side by side have the
    layer's name and colour in common anyway.
    """
    frames = {box.key: box.frame for box in drawing.boxes}
    apart = [(first, second) for first, second in drawing.ties if frames[first] != frames[second]]
    return replace(drawing, ties=apart)


def _contents(drawing: Drawing, frame: str | None, depth: int) -> Iterator[str]:
    """Yield the boxes in a frame, or outside all of them, then the frames in it."""
    indent = "    " * depth
    for box in drawing.boxes:
        if box.frame == frame:
            opening, closing = SHAPES[box.role]
            text = "<br/>".join(_escaped(line) for line in box.lines)
            yield f"{indent}{box.key}{opening}{text}{closing}"
    for inner in drawing.frames:
        if inner.parent == frame:
            yield from _subgraph(drawing, inner, depth)


def _subgraph(drawing: Drawing, frame: Frame, depth: int) -> Iterator[str]:
    indent = "    " * depth
    yield f'{indent}subgraph {frame.key}["{_escaped(frame.title)}"]'
    # Without, a model that is apart from the rest would lie on its side.
    yield f"{indent}    direction TB"
    yield from _contents(drawing, frame.key, depth + 1)
    yield f"{indent}end"


def _classes(box: Box) -> list[str]:
    return ["shared" if box.shared else box.role, *(["frozen"] if box.frozen else [])]


def _escaped(text: str) -> str:
    return "".join(ENTITIES.get(letter, letter) for letter in text)


def _yaml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

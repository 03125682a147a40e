"""A drawing of a graph: boxes, arrows between them, and frames around nested models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["input", "output", "layer", "operation"]


@dataclass(frozen=True)
class Box:
    """An input, an output, or a call.

    Attributes:
        key: Letters and digits, unlike any other box's.
        lines: What stands in it, the name first.
        role: What it is.
        shared: Whether it stands out as a call of a shared layer.
        frozen: Whether it has weights, none of which training may change.
        frame: The key of the frame that it is in, or None.
    """

    key: str
    lines: Sequence[str]
    role: Role
    shared: bool = False
    frozen: bool = False
    frame: str | None = None


@dataclass(frozen=True)
class Arrow:
    """A value that goes from one box to another.

    Attributes:
        source: The key of the box that makes it.
        target: The key of the box that reads it.
        label: Its shape.
        leaves_shared: Whether the shared part of the graph ends here.
    """

    source: str
    target: str
    label: str
    leaves_shared: bool = False


@dataclass(frozen=True)
class Frame:
    """A line around what is inside a nested model.

    Attributes:
        key: Letters and digits, unlike any other frame's.
        title: The model's name, and how often it is called.
        parent: The frame that it is in, or None.
        shared: Whether it stands out as a shared model.
    """

    key: str
    title: str
    parent: str | None = None
    shared: bool = False


@dataclass(frozen=True)
class Drawing:
    """All that is drawn.

    Attributes:
        title: Above everything.
        boxes: Each after those that it reads from.
        arrows: Between boxes.
        ties: Pairs of boxes that are calls of one shared layer.
        frames: Each after the one that it is in.
    """

    title: str
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    ties: list[tuple[str, str]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    def legend(self) -> str:
        """Say what colours and lines mean, as far as they occur."""
        meanings = {
            "orange: shared": any(box.shared for box in self.boxes),
            "dotted: calls of one layer": bool(self.ties),
            "dashed: not trained": any(box.frozen for box in self.boxes),
            "thick: the shared part ends": any(arrow.leaves_shared for arrow in self.arrows),
        }
        return ", ".join(meaning for meaning, occurs in meanings.items() if occurs)

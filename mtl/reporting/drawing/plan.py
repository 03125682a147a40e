"""What is drawn of a graph, and how its nested models are.

Each call of a layer is a box of its own, so that it can be seen which input becomes which output;
the boxes of one shared layer have one colour and a dotted line between them. A nested model that is
called once is a frame around what it does. One that is called several times is a box for each call
and, apart from these, a frame with what is inside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mtl.reporting.drawing.drawing import Arrow, Box, Drawing, Frame, Role
from mtl.reporting.inspection.facts import (
    Inspection,
    ModelFacts,
    NodeFacts,
    OutputFacts,
    folded_models,
)
from mtl.reporting.wording import count, noun

MANY = 5


@dataclass(frozen=True)
class _Source:
    """Where a value comes from: the box that makes it, and its name in its models."""

    box: str
    value: str


def plan(inspection: Inspection, *, fold: bool | None = None) -> Drawing:
    """Say what is to be drawn of a graph.

    Args:
        inspection: The facts of the graph.
        fold: Whether nested models are a box for each call alone. Default: those of many calls.
    """
    return _Planner(inspection, fold=fold).drawing


class _Planner:
    """Collects the parts of a drawing.

    Args:
        inspection: The facts of the graph.
        fold: As for `plan`.
    """

    def __init__(self, inspection: Inspection, *, fold: bool | None) -> None:
        self._inspection = inspection
        self._folded = folded_models(inspection, fold=fold)
        self._leaving = {
            (_without_calls(entry.name), _without_calls(reader))
            for entry in inspection.frontier
            for reader in entry.readers
        }
        self._ends = {entry.name for entry in inspection.frontier}
        self._calls: dict[str, str] = {}
        self._apart: list[ModelFacts] = []
        title = f"{inspection.name} (model {inspection.builder})"
        self.drawing = Drawing(title)
        sources = {
            entry.name: self._box([entry.name, *_columns(entry.columns), entry.dtype], "input")
            for entry in inspection.inputs
        }
        sources = self._nodes(inspection.nodes, sources, None, "")
        for output in inspection.outputs:
            target = self._box([output.name, *_learned(output)], "output").box
            self._arrow(
                sources[output.tensor], target, output.shape, leaves=output.tensor in self._ends
            )
        drawn: set[str] = set()
        while self._apart:
            model = self._apart.pop(0)
            if model.name not in drawn:
                drawn.add(model.name)
                self._inside(model)

    def _nodes(
        self,
        nodes: Sequence[NodeFacts],
        sources: dict[str, _Source],
        frame: str | None,
        scope: str,
    ) -> dict[str, _Source]:
        """Draw calls, and return where each value of their model comes from."""
        sources = dict(sources)
        for node in nodes:
            model = None if node.model is None else self._inspection.model(node.model)
            if model is not None and self._is_framed(node, model):
                sources |= self._framed(node, model, sources, frame, scope)
                continue
            made = self._call(node, model, frame)
            for entry in node.inputs:
                source = sources[entry.name]
                leaves = self._leaves(source, f"{scope}{node.name}")
                self._arrow(source, made, entry.shape, leaves=leaves)
            for entry in node.outputs:
                sources[entry.name] = _Source(made, f"{scope}{entry.name}")
        return sources

    def _is_framed(self, node: NodeFacts, model: ModelFacts) -> bool:
        """Whether a nested model is drawn around what it does, where it is called."""
        layer = self._inspection.layer(node.layer)
        return (
            layer is not None
            and layer.calls == 1
            and layer.name == model.name
            and not model.wrapped
            and model.name not in self._folded
        )

    def _framed(
        self,
        node: NodeFacts,
        model: ModelFacts,
        sources: dict[str, _Source],
        frame: str | None,
        scope: str,
    ) -> dict[str, _Source]:
        own = self._frame(f"{node.name}: {node.kind}", frame, shared=self._is_shared(node))
        given = {
            inner.name: sources[outer.name]
            for inner, outer in zip(model.inputs, node.inputs, strict=False)
        }
        inside = self._nodes(model.nodes, given, own, f"{scope}{node.name}/")
        return {
            outer.name: _Source(inside[inner.name].box, f"{scope}{outer.name}")
            for inner, outer in zip(model.outputs, node.outputs, strict=True)
        }

    def _call(self, node: NodeFacts, model: ModelFacts | None, frame: str | None) -> str:
        """Draw a box for a call, tied to the layer's call before it."""
        layer = self._inspection.layer(node.layer)
        lines = [node.name, node.kind]
        if layer is not None and layer.parameters:
            trained = f", {count(layer.trainable)} trained"
            partly = 0 < layer.trainable < layer.parameters
            lines.append(f"{noun(layer.parameters, 'parameter')}{trained if partly else ''}")
        sharing = [] if layer is None else _sharing(len(layer.outputs), layer.calls)
        if layer is not None and layer.shared:
            lines.append(f"shared {', '.join(sharing)}")
        frozen = layer is not None and layer.parameters > 0 and not layer.trainable
        if frozen:
            lines.append("not trained")
        if model is not None and model.name != node.layer:
            lines.append(f"of {model.name}")
        if model is not None and model.name in self._folded:
            lines.append(f"{noun(len(model.nodes), 'node')} inside")
        role: Role = "operation" if layer is None else "layer"
        key = self._box(lines, role, shared=self._is_shared(node), frozen=frozen, frame=frame).box
        if node.layer in self._calls:
            self.drawing.ties.append((self._calls[node.layer], key))
        self._calls[node.layer] = key
        if model is not None and model.name not in self._folded:
            self._apart.append(model)
        return key

    def _inside(self, model: ModelFacts) -> None:
        """Draw what is inside a model that is called several times, apart from its calls."""
        layer = self._inspection.layer(model.name)
        times = f", ×{count(layer.calls)}" if layer is not None and layer.calls > 1 else ""
        shared = layer is not None and layer.shared
        frame = self._frame(f"inside {model.name}{times}", None, shared=shared)
        sources = {
            entry.name: self._box([entry.name], "input", frame=frame) for entry in model.inputs
        }
        sources = self._nodes(model.nodes, sources, frame, f"{model.name}/")
        for entry in model.outputs:
            target = self._box([f"out of {model.name}"], "output", frame=frame).box
            self._arrow(sources[entry.name], target, entry.shape)

    def _is_shared(self, node: NodeFacts) -> bool:
        layer = self._inspection.layer(node.layer)
        return layer is not None and layer.shared

    def _box(
        self,
        lines: Sequence[str],
        role: Role,
        *,
        shared: bool = False,
        frozen: bool = False,
        frame: str | None = None,
    ) -> _Source:
        key = f"box{len(self.drawing.boxes)}"
        self.drawing.boxes.append(Box(key, lines, role, shared, frozen, frame))
        return _Source(key, lines[0])

    def _frame(self, title: str, parent: str | None, *, shared: bool) -> str:
        key = f"frame{len(self.drawing.frames)}"
        self.drawing.frames.append(Frame(key, title, parent, shared))
        return key

    def _arrow(
        self, source: _Source, target: str, shape: Sequence[int | None], *, leaves: bool = False
    ) -> None:
        self.drawing.arrows.append(Arrow(source.box, target, str(tuple(shape)), leaves))

    def _leaves(self, source: _Source, reader: str) -> bool:
        """Whether the shared part ends between a value and the node, or model, that reads it."""
        value, reader = _without_calls(source.value), _without_calls(reader)
        return any(
            value == name and (reader == other or other.startswith(f"{reader}/"))
            for name, other in self._leaving
        )


def _without_calls(name: str) -> str:
    """Return the name that a node has in whichever call of the models around it."""
    models, slash, node = name.rpartition("/")
    return re.sub(r"\[\d+\]", "", models) + slash + node


def _columns(columns: Sequence[str]) -> list[str]:
    if len(columns) > MANY:
        return [noun(len(columns), "column")]
    word = "column" if len(columns) == 1 else "columns"
    return [f"{word} {', '.join(columns)}"] if columns else []


def _sharing(outputs: int, calls: int) -> list[str]:
    by = [f"by {outputs} outputs"] if outputs > 1 else []
    return [*([f"×{calls}"] if calls > 1 else []), *by]


def _learned(output: OutputFacts) -> list[str]:
    task = output.task
    if task is None or not task.trained:
        return ["untrained"]
    return [f"target {task.target}", f"{task.loss} × {task.weight:.4g}"]

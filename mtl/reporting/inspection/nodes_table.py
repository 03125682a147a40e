"""The table of a graph's nodes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from rich.console import RenderableType

from mtl.reporting.inspection.facts import Inspection, NodeFacts, TensorFacts
from mtl.reporting.tables import Fitting, plain_table
from mtl.reporting.wording import noun


def nodes_table(inspection: Inspection, folded: Collection[str]) -> RenderableType:
    """Return the table of calls, those inside a model indented after its first call."""
    rows = list(_node_rows(inspection.nodes, inspection, folded, 0, set()))
    return Fitting(
        plain_table(("node", "class", "reads", "makes"), rows),
        plain_table(
            ("node", "reads", "makes"),
            [(f"{name}\n{_deeper(name)}{kind}", reads, makes) for name, kind, reads, makes in rows],
        ),
    )


def _node_rows(
    nodes: Sequence[NodeFacts],
    inspection: Inspection,
    folded: Collection[str],
    level: int,
    opened: set[str],
) -> Iterator[tuple[str, str, str, str]]:
    for node in nodes:
        model = None if node.model is None else inspection.model(node.model)
        opens = model is not None and model.name not in {*folded, *opened}
        inside = "" if model is None or opens else f" ({noun(len(model.nodes), 'node')} inside)"
        yield (
            f"{'  ' * level}{node.name}{inside}",
            node.kind,
            "\n".join(f"{entry.name} {entry.shape}" for entry in node.inputs),
            "\n".join(_make(entry, node) for entry in node.outputs),
        )
        if model is not None and opens:
            opened.add(model.name)
            yield from _node_rows(model.nodes, inspection, folded, level + 1, opened)


def _make(entry: TensorFacts, node: NodeFacts) -> str:
    part = entry.name.removeprefix(node.name).removeprefix(":")
    return f"{part} {entry.shape}".strip()


def _deeper(name: str) -> str:
    return " " * (len(name) - len(name.lstrip()))

"""The facts of a graph as tables for the console."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from mtl.reporting.inspection.facts import (
    Inspection,
    OutputFacts,
    folded_models,
)
from mtl.reporting.inspection.layers_table import layers_table, some
from mtl.reporting.inspection.nodes_table import nodes_table
from mtl.reporting.tables import Fitting, plain_table
from mtl.reporting.wording import UNKNOWN, noun


def describe_inspection(
    inspection: Inspection, *, fold: bool | None = None
) -> Iterator[RenderableType]:
    """Yield the blocks of an inspection, each a table or lines of text.

    Args:
        inspection: What is to be shown.
        fold: Whether nested models are shown as one line each. Default: those of more than `LARGE`
            calls.
    """
    folded = folded_models(inspection, fold=fold)
    title = Text(inspection.name, style="bold")
    facts = f"  (model {inspection.builder}, {_trained(inspection)})"
    yield title.append(facts, style="not bold")
    yield plain_table(
        ("input", "shape", "dtype", "kind", "columns"),
        [
            (
                entry.name,
                str(entry.shape),
                entry.dtype,
                entry.kind or UNKNOWN,
                ", ".join(entry.columns),
            )
            for entry in inspection.inputs
        ],
    )
    yield _outputs(inspection.outputs)
    if inspection.layers:
        yield layers_table(inspection, folded)
    yield nodes_table(inspection, folded)
    yield from _shared(inspection)


def _trained(inspection: Inspection) -> str:
    trained = inspection.trainable
    if not inspection.parameters:
        return "no parameters"
    which = {inspection.parameters: "all trainable", 0: "none trainable"}
    return f"{noun(inspection.parameters, 'parameter')}, " + which.get(
        trained, f"{trained:,} trainable"
    )


def _outputs(outputs: Sequence[OutputFacts]) -> RenderableType:
    """Return the table of outputs and what they learn."""
    wide = plain_table(
        ("output", "shape", "dtype", "made by", "kind", "target", "loss", "serves", "weight"),
        [(*_made(output), output.tensor, *_learned(output), _weight(output)) for output in outputs],
        numbers=("weight",),
    )
    narrow = plain_table(
        ("output", "made by", "learns", "weight"),
        [
            (
                output.name,
                f"{output.tensor}\n{output.shape} {output.dtype}",
                _learns(output),
                _weight(output),
            )
            for output in outputs
        ],
        numbers=("weight",),
    )
    return Fitting(wide, narrow)


def _made(output: OutputFacts) -> tuple[str, str, str]:
    return output.name, str(output.shape), output.dtype


def _learned(output: OutputFacts) -> tuple[str, str, str, str]:
    task = output.task
    if task is None:
        return UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN
    return task.kind, task.target, task.loss, task.auxiliary_of or UNKNOWN


def _learns(output: OutputFacts) -> str:
    task = output.task
    if task is None:
        return UNKNOWN
    serves = f", serves {task.auxiliary_of}" if task.auxiliary_of else ""
    return f"{task.target} ({task.kind})\n{task.loss}{serves}"


def _weight(output: OutputFacts) -> str:
    trained = output.task is not None and output.task.trained
    return f"{output.task.weight:.4g}" if output.task and trained else "untrained"


def _shared(inspection: Inspection) -> Iterator[RenderableType]:
    """Yield what is shared, and where the shared part ends."""
    shared = [layer.name for layer in inspection.layers if layer.shared]
    outermost = [name for name in shared if name.rpartition("/")[0] not in shared]
    if shared:
        yield Text(f"Shared: {', '.join(outermost)}")
    if not inspection.frontier:
        several = len(inspection.outputs) > 1
        yield Text(
            "The outputs share nothing." if several else "One output: no part is shared by several."
        )
        return
    parameters = noun(inspection.shared_parameters, "parameter")
    yield plain_table(
        (f"the shared part ({parameters}) ends at", "shape", "and goes on to"),
        [
            (
                entry.name,
                str(entry.shape),
                some(entry.outputs, [output.name for output in inspection.outputs]),
            )
            for entry in inspection.frontier
        ],
    )

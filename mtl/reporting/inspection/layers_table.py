"""The table of a graph's layers."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.console import RenderableType

from mtl.reporting.inspection.facts import Inspection, LayerFacts
from mtl.reporting.tables import Fitting, plain_table
from mtl.reporting.wording import UNKNOWN, count, noun


def layers_table(inspection: Inspection, folded: Collection[str]) -> RenderableType:
    """Return the table of layers, those inside a model indented."""
    shown = [layer for layer in inspection.layers if not _hidden(layer.name, folded)]
    numbers = ("parameters", "trainable", "calls")
    names = [output.name for output in inspection.outputs]
    wide = plain_table(
        ("layer", "class", *numbers, "shared", "trained by"),
        [
            (
                _layer_name(layer, inspection, folded),
                layer.kind,
                *_counts(layer),
                _sharing(layer),
                _trained_by(layer, names),
            )
            for layer in shown
        ],
        numbers=numbers,
    )
    narrow = plain_table(
        ("layer", "parameters", "shared", "trained by"),
        [
            (
                _layer_name(layer, inspection, folded),
                _counts_in_two_lines(layer),
                _sharing(layer),
                _trained_by(layer, names),
            )
            for layer in shown
        ],
        numbers=("parameters",),
    )
    return Fitting(wide, narrow)


def _layer_name(layer: LayerFacts, inspection: Inspection, folded: Collection[str]) -> str:
    name = f"{_indent(layer)}{layer.name.rpartition('/')[2]}"
    if layer.name not in folded:
        return name
    inside = [each for each in inspection.layers if each.name.startswith(f"{layer.name}/")]
    return f"{name} ({noun(len(inside), 'layer')} inside)"


def _indent(layer: LayerFacts) -> str:
    return "  " * layer.level


def _counts(layer: LayerFacts) -> tuple[str, str, str]:
    if not layer.parameters:
        return UNKNOWN, UNKNOWN, str(layer.calls)
    return count(layer.parameters), count(layer.trainable), str(layer.calls)


def _counts_in_two_lines(layer: LayerFacts) -> str:
    if layer.trainable == layer.parameters:
        return count(layer.parameters) if layer.parameters else UNKNOWN
    return f"{count(layer.parameters)}\n{count(layer.trainable)} trainable"


def _sharing(layer: LayerFacts) -> str:
    if not layer.shared:
        return ""
    several = len(layer.outputs) > 1 and layer.parameters
    reasons = [f"by {len(layer.outputs)} outputs"] if several else []
    return ", ".join([*reasons, *([f"×{layer.calls}"] if layer.calls > 1 else [])])


def _trained_by(layer: LayerFacts, names: Sequence[str]) -> str:
    if not layer.parameters:
        return ""
    if not layer.trainable:
        return "not trained"
    if not layer.trained_by:
        return "no output"
    ways = {weight.trained_by for weight in layer.weights if weight.trainable}
    if len(ways) < 2:
        return some(layer.trained_by, names)
    # Weights of one layer that are also used elsewhere may be trained by more outputs.
    return "\n".join(
        f"{weight.name.rpartition('/')[2]}: {some(weight.trained_by, names)}"
        for weight in layer.weights
        if weight.trainable
    )


def some(outputs: Sequence[str], names: Sequence[str]) -> str:
    """Name some of the outputs, or say that it is all of many."""
    if len(outputs) > 2 and set(outputs) == set(names):
        return f"all {len(outputs)} outputs"
    return ", ".join(outputs)


def _hidden(name: str, folded: Collection[str]) -> bool:
    return any(name.startswith(f"{model}/") for model in folded)

"""A graph with its nested models unfolded: every computation that one pass makes, each once.

A model that is called twice is computed twice, so that what is inside has two computations here,
of the same weights.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import keras

from mtl.graph.calls import arguments_of, graph_of, output_names
from mtl.graph.node import LayerNode, Shape, named_inputs, read_nodes


@dataclass(eq=False)
class Value:
    """What one computation makes.

    Attributes:
        name: The node's that makes it, in its models: `tower[1]/conv`. What leaves a nested model
            goes by the name of that model's node.
        tensor: The symbolic tensor, which is the same for every call of a nested model.
    """

    name: str
    tensor: keras.KerasTensor

    @property
    def shape(self) -> Shape:
        """Its shape, with None where any size will do, as for the batch."""
        return tuple(self.tensor.shape)

    @property
    def dtype(self) -> str:
        """The type of its values."""
        return str(self.tensor.dtype)


@dataclass(frozen=True, eq=False)
class Step:
    """One computation of a layer or operation that is no nested model.

    Attributes:
        name: The node's, in its models: `tower[1]/conv`.
        operation: The layer or operation.
        reads: The values that it reads.
        makes: The values that it makes.
        weights: Its weights, none for an operation.
        within: The nested models that it is in, the outermost first.
    """

    name: str
    operation: Any
    reads: tuple[Value, ...]
    makes: tuple[Value, ...]
    weights: tuple[keras.Variable, ...]
    within: tuple[keras.Model, ...]


@dataclass(frozen=True, eq=False)
class Unfolded:
    """A graph without nested models.

    Attributes:
        steps: Each after those that it reads from.
        outputs: By name; two names may have the same value.
        uses: How often each layer, nested model and layer inside either is computed, by its `id`.
    """

    steps: list[Step] = field(default_factory=list)
    outputs: dict[str, Value] = field(default_factory=dict)
    uses: Counter[int] = field(default_factory=Counter)


def unfold(model: keras.Model) -> Unfolded:
    """Return the computations of a functional model.

    Args:
        model: A functional model, whose outputs have different names.
    """
    unfolded = Unfolded()
    given = [Value(entry.name, entry.tensor) for entry in named_inputs(model)]
    made = _unfold(model, given, (), unfolded)
    unfolded.outputs.update(zip(output_names(model), made, strict=True))
    return unfolded


def _unfold(
    model: keras.Model, given: list[Value], within: tuple[LayerNode, ...], unfolded: Unfolded
) -> list[Value]:
    """Take in one call of a model, inside other calls, and return its outputs."""
    scope = "".join(f"{node.name}/" for node in within)
    values = {id(tensor): value for tensor, value in zip(model.inputs, given, strict=True)}
    for node in read_nodes(model):
        nested = graph_of(node.layer)
        for layer in (
            [node.layer] if nested is not None else [node.layer, *layers_inside(node.layer)]
        ):
            unfolded.uses[id(layer)] += 1
        if nested is None:
            made = [Value(scope + entry.name, entry.tensor) for entry in node.outputs]
            unfolded.steps.append(
                Step(
                    scope + node.name,
                    node.layer,
                    tuple(values[id(entry.tensor)] for entry in node.inputs),
                    tuple(made),
                    tuple(getattr(node.layer, "weights", ())),
                    tuple(outer.layer for outer in within),
                )
            )
        else:
            inner = [values[id(tensor)] for tensor in arguments_of(node.call, nested)]
            made = _unfold(nested, inner, (*within, node), unfolded)
            for value, entry in zip(made, node.outputs, strict=True):
                if value not in inner:
                    value.name = scope + entry.name
        values |= {id(entry.tensor): value for entry, value in zip(node.outputs, made, strict=True)}
    return [values[id(tensor)] for tensor in model.outputs]


def layers_inside(operation: Any) -> list[keras.layers.Layer]:
    """Return the layers of which a layer is made."""
    if not isinstance(operation, keras.layers.Layer):
        return []
    flat = operation._flatten_layers(include_self=False)  # noqa: SLF001
    return list(dict.fromkeys(flat))

"""Finding the embeddings of a graph that can be looked up outside it.

A batch touches few rows of an embedding. Taken out of the graph, the lookup fetches each distinct
row once, what follows can be compiled by XLA (a scatter into a large table is slow there), and only
the rows that were touched need an update.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras

from mtl.graph.calls import Call, layers
from mtl.layers.lstm import LSTM


@dataclass(frozen=True, eq=False)
class Lookup:
    """One call of an embedding and what reads it.

    Attributes:
        call: The embedding's call.
        needs_rows: Whether anything but `projected` reads the embedded vectors.
        projected: The calls of layers that read nothing but the embedded vectors and begin by
            projecting each position alone, so that they may be handed the projection.
    """

    call: Call
    needs_rows: bool
    projected: tuple[Call, ...]

    @property
    def layer(self) -> keras.layers.Embedding:
        """The embedding layer."""
        return self.call.operation

    @property
    def ids(self) -> keras.KerasTensor:
        """The symbolic tensor of ids that is looked up."""
        return self.call.inputs[0]


@dataclass(frozen=True, eq=False)
class Cut:
    """How a graph is divided at its embeddings.

    Attributes:
        lookups: The embedding calls that are taken out.
        before: The calls that make ids from the model's inputs, all of them without weights.
        reasons: For each embedding that stays in the graph, by layer name, why it does.
    """

    lookups: tuple[Lookup, ...]
    before: tuple[Call, ...]
    reasons: dict[str, str]


def cut(model: keras.Model, graph: list[Call]) -> Cut:
    """Find the embeddings of a functional model that can be looked up outside the graph.

    An embedding stays in the graph where its table is regularised, constrained, not trainable, of
    low rank (LoRA) or also a weight of another layer (such as a nested model), or where its ids
    depend on weights.

    Args:
        model: A functional model.
        graph: Its calls, as `calls` returns them.
    """
    reasons: dict[str, str] = {}
    lookups: list[Lookup] = []
    before: dict[int, Call] = {}
    for layer in layers(model):
        if type(layer) is not keras.layers.Embedding:
            continue
        own = [call for call in graph if call.operation is layer]
        ancestors = {id(a): a for call in own for a in _ancestors(call, graph)}
        reason = _reason_to_stay(layer, model, ancestors)
        if reason:
            reasons[layer.name] = reason
            continue
        lookups += [_lookup(call, graph, model) for call in own]
        before |= ancestors
    ordered = tuple(call for call in graph if id(call) in before)
    return Cut(tuple(lookups), ordered, reasons)


def _reason_to_stay(
    layer: keras.layers.Embedding, model: keras.Model, ancestors: dict[int, Call]
) -> str | None:
    """Say why an embedding must stay in the graph, or return None where it may leave it."""
    others = [
        other.name
        for other in layers(model)
        if other is not layer and any(weight is layer.embeddings for weight in other.weights)
    ]
    weighted = [
        call.operation.name
        for call in ancestors.values()
        if getattr(call.operation, "variables", ())
    ]
    checks = {
        "it is not trainable": not layer.trainable,
        "its table is regularised": layer.embeddings_regularizer is not None,
        "its table is constrained": layer.embeddings_constraint is not None,
        "its table is of low rank or quantised": bool(layer.lora_enabled)
        or layer.quantization_mode is not None,
        f"its table is a weight of {others} too": bool(others),
        f"its ids depend on the weights or the chance of {weighted}": bool(weighted),
    }
    return next((reason for reason, holds in checks.items() if holds), None)


def _ancestors(call: Call, graph: list[Call]) -> list[Call]:
    """Return the calls that a call's inputs are computed from."""
    needed = {id(tensor) for tensor in call.inputs}
    found = []
    for other in reversed(graph):
        if any(id(tensor) in needed for tensor in other.outputs):
            found.append(other)
            needed |= {id(tensor) for tensor in other.inputs}
    return found


def _lookup(call: Call, graph: list[Call], model: keras.Model) -> Lookup:
    """Say who reads an embedding call."""
    embedded = call.outputs[0]
    readers = [other for other in graph if any(tensor is embedded for tensor in other.inputs)]
    projected = tuple(reader for reader in readers if _takes_projection(reader, call))
    is_output = any(tensor is embedded for tensor in model.outputs)
    return Lookup(call, is_output or len(projected) < len(readers), projected)


def _takes_projection(reader: Call, call: Call) -> bool:
    layer = reader.operation
    return (
        isinstance(layer, LSTM)
        and layer.projects_positions
        and layer.compute_dtype == call.operation.compute_dtype
        and reader.reads_only(call.outputs[0])
        and not (call.operation.mask_zero and layer.return_sequences)
    )

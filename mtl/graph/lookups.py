"""Finding the layers of a graph whose tables can be looked up outside it.

Such a layer is an embedding, or an LSTM that reads symbols: its table is the input kernel. A batch
touches few rows of a table. Taken out of the graph, the lookup fetches each distinct row once, what
follows can be compiled by XLA (a scatter into a large table is slow there), and only the rows that
were touched need an update.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from mtl.graph.calls import Call, graph_of, layers
from mtl.layers.lstm import LSTM
from mtl.layers.symbol_lstm import SymbolLSTM


@dataclass(frozen=True, eq=False)
class Lookup:
    """One call of a layer with a table and what reads the rows.

    Attributes:
        name: The layer's, after those of the nested models that it is in: `tower/words`.
        call: The call of the embedding or of the LSTM that reads symbols.
        needs_rows: Whether anything but `projected` reads the rows.
        projected: The calls of layers that read nothing but the rows and begin by projecting each
            position alone, so that they may be handed the projection. An LSTM that reads symbols
            is its own reader.
    """

    name: str
    call: Call
    needs_rows: bool
    projected: tuple[Call, ...]

    @property
    def layer(self) -> keras.layers.Layer:
        """The layer that has the table."""
        return self.call.operation

    @property
    def table(self) -> keras.Variable:
        """The variable of shape `(rows, width)`."""
        return _table(self.layer)

    @property
    def ids(self) -> keras.KerasTensor:
        """The symbolic tensor of ids that is looked up."""
        return self.call.inputs[0]

    def project(self, reader: Call, rows: Any) -> Any:
        """Return what one of `projected` makes of each row alone."""
        layer = reader.operation
        return layer.project_rows(rows) if reader is self.call else layer.project(rows)

    def mask(self, ids: Any) -> Any:
        """Return which positions count, or None where all do."""
        if isinstance(self.layer, keras.layers.Embedding):
            return self.layer.compute_mask(ids)
        return None


@dataclass(frozen=True, eq=False)
class Cut:
    """How a graph is divided at its lookups.

    Attributes:
        lookups: The calls whose lookups are taken out.
        before: The calls that make ids from the model's inputs, all of them without weights.
        reasons: For each layer whose table stays in the graph, by name, why it does.
    """

    lookups: tuple[Lookup, ...]
    before: tuple[Call, ...]
    reasons: dict[str, str]


def cut(
    model: keras.Model, graph: list[Call], branch: Callable[[Call], object] = lambda _: None
) -> Cut:
    """Find the tables of a functional model that can be looked up outside the graph.

    A table stays in the graph where it is regularised, constrained, not trainable, of low rank
    (LoRA) or also a weight of another layer (such as a wrapper around a nested model), where its
    ids depend on weights, and where an LSTM does more with symbols than look them up before its
    loop.

    Args:
        model: A functional model.
        graph: Its calls, those in nested models among them.
        branch: Which part of the graph a call is in. A reader in another part than the lookup is
            handed the rows, not its projection of them.
    """
    reasons: dict[str, str] = {}
    lookups: list[Lookup] = []
    before: dict[int, Call] = {}
    called = {id(call.operation) for call in graph}
    # A nested model that is seen through uses no weight beside what its layers use.
    others = [layer for layer in layers(model) if graph_of(layer) is None or id(layer) in called]
    for layer in layers(model):
        if type(layer) not in (keras.layers.Embedding, SymbolLSTM):
            continue
        own = [call for call in graph if call.operation is layer]
        # Two nested models may have layers of one name.
        name = own[0].name if own else layer.name
        ancestors = {id(a): a for call in own for a in _ancestors(call, graph)}
        reason = _reason_to_stay(layer, own, others, ancestors)
        if reason:
            reasons[name] = reason
            continue
        lookups += [_lookup(name, call, graph, model, branch) for call in own]
        before |= ancestors
    ordered = tuple(call for call in graph if id(call) in before)
    return Cut(tuple(lookups), ordered, reasons)


def _table(layer: keras.layers.Layer) -> keras.Variable:
    return layer.cell.kernel if isinstance(layer, SymbolLSTM) else layer.embeddings


def _reason_to_stay(
    layer: keras.layers.Layer,
    own: list[Call],
    others: list[keras.layers.Layer],
    ancestors: dict[int, Call],
) -> str | None:
    """Say why a table must stay in the graph, or return None where it may leave it."""
    inside = [layer, *layers(layer)]
    tied = [
        other.name
        for other in others
        if not any(other is part for part in inside)
        and any(weight is _table(layer) for weight in other.weights)
    ]
    weighted = [
        call.operation.name
        for call in ancestors.values()
        if getattr(call.operation, "variables", ())
    ]
    reads_symbols = isinstance(layer, SymbolLSTM)
    checks = {
        "it is not trainable": not layer.trainable,
        **(_against_kernel(layer, own) if reads_symbols else _against_embeddings(layer)),
        f"its table is a weight of {tied} too": bool(tied),
        f"its ids depend on the weights or the chance of {weighted}": bool(weighted),
    }
    return next((reason for reason, holds in checks.items() if holds), None)


def _against_embeddings(layer: keras.layers.Embedding) -> dict[str, bool]:
    return {
        "its table is regularised": layer.embeddings_regularizer is not None,
        "its table is constrained": layer.embeddings_constraint is not None,
        "its table is of low rank or quantised": bool(layer.lora_enabled)
        or layer.quantization_mode is not None,
    }


def _against_kernel(layer: SymbolLSTM, own: list[Call]) -> dict[str, bool]:
    return {
        "its table is regularised": layer.kernel_regularizer is not None,
        "its table is constrained": layer.kernel_constraint is not None,
        "its arguments or the device ask for one-hot vectors": not layer.projects_positions,
        "a state or a mask is handed to it": any(len(call.inputs) > 1 for call in own),
    }


def _ancestors(call: Call, graph: list[Call]) -> list[Call]:
    """Return the calls that a call's inputs are computed from."""
    needed = {id(tensor) for tensor in call.inputs}
    found = []
    for other in reversed(graph):
        if any(id(tensor) in needed for tensor in other.outputs):
            found.append(other)
            needed |= {id(tensor) for tensor in other.inputs}
    return found


def _lookup(
    name: str,
    call: Call,
    graph: list[Call],
    model: keras.Model,
    branch: Callable[[Call], object],
) -> Lookup:
    """Say who reads the rows that a call looks up."""
    if isinstance(call.operation, SymbolLSTM):
        return Lookup(name, call, needs_rows=False, projected=(call,))
    embedded = call.outputs[0]
    readers = [other for other in graph if any(tensor is embedded for tensor in other.inputs)]
    projected = tuple(
        reader
        for reader in readers
        if _takes_projection(reader, call) and branch(reader) == branch(call)
    )
    is_output = any(tensor is embedded for tensor in model.outputs)
    return Lookup(name, call, is_output or len(projected) < len(readers), projected)


def _takes_projection(reader: Call, call: Call) -> bool:
    layer = reader.operation
    return (
        isinstance(layer, LSTM)
        and layer.projects_positions
        and layer.compute_dtype == call.operation.compute_dtype
        and reader.reads_only(call.outputs[0])
        and not (call.operation.mask_zero and layer.return_sequences)
    )

"""A call of a layer with the names of what it reads and makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from mtl.graph.calls import Call, calls, graph_of, input_names, output_names, wrapped_graph

Shape = tuple[int | None, ...]
UNNAMED = "keras_tensor"


@dataclass(frozen=True, eq=False)
class NamedTensor:
    """A symbolic tensor under the name of the node that makes it.

    Attributes:
        name: An input's name, else the node's: `lstm`, `lstm[1]` for the second call of a layer,
            `lstm:1` for the second of several outputs, `tower:left` for a named one.
        tensor: The symbolic tensor.
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


@dataclass(frozen=True, eq=False, repr=False)
class LayerNode:
    """One call of a layer, a nested model or an operation.

    Attributes:
        name: The layer's, followed by `[index]` where the model calls it several times.
        index: Which call of the layer in this model, from 0 in the order of calling.
        layer: The layer.
        inputs: What the call reads.
        outputs: What it makes.
        inside: The nodes of a nested model, or of a model in a wrapper; None for other layers.
        call: The call itself.
    """

    name: str
    index: int
    layer: Any
    inputs: tuple[NamedTensor, ...]
    outputs: tuple[NamedTensor, ...]
    inside: Sequence[LayerNode] | None
    call: Call

    def __str__(self) -> str:
        """Return it on one line: `lstm[1]: tweet_b (None, 28, 256) → (None, 32)`."""
        reads = ", ".join(f"{entry.name} {entry.shape}" for entry in self.inputs)
        makes = ", ".join(str(entry.shape) for entry in self.outputs)
        return f"{self.name}: {reads} → {makes}"

    def __repr__(self) -> str:
        """Return the line with the class before it."""
        return f"<{type(self).__name__} {self}>"

    @property
    def input(self) -> keras.KerasTensor | list[keras.KerasTensor]:
        """The symbolic tensor that is read, a list where there are several."""
        return _single([entry.tensor for entry in self.inputs])

    @property
    def output(self) -> keras.KerasTensor | list[keras.KerasTensor]:
        """The symbolic tensor that is made, a list where there are several."""
        return _single([entry.tensor for entry in self.outputs])

    @property
    def input_shape(self) -> Shape | list[Shape]:
        """The shape of what is read, batch included, a list where there are several tensors."""
        return _single([entry.shape for entry in self.inputs])

    @property
    def output_shape(self) -> Shape | list[Shape]:
        """The shape of what is made, batch included, a list where there are several tensors."""
        return _single([entry.shape for entry in self.outputs])


def read_nodes(model: keras.Model) -> list[LayerNode]:
    """Return the calls of a functional model as nodes, branch by branch.

    Args:
        model: A functional model.
    """
    graph = branch_by_branch(model)
    names = {id(entry.tensor): entry.name for entry in named_inputs(model)}
    indexes = _indexes(graph)
    inside: dict[int, list[LayerNode]] = {}
    found = []
    for call in graph:
        index, number = indexes[id(call)]
        name = call.operation.name if number == 1 else f"{call.operation.name}[{index}]"
        outputs = _name_outputs(call, name)
        names |= {id(entry.tensor): entry.name for entry in outputs}
        inputs = tuple(NamedTensor(names[id(tensor)], tensor) for tensor in call.inputs)
        nested = graph_of(call.operation) or wrapped_graph(call.operation)
        if nested is not None and id(nested) not in inside:
            inside[id(nested)] = read_nodes(nested)
        within = None if nested is None else inside[id(nested)]
        found.append(LayerNode(name, index, call.operation, inputs, outputs, within, call))
    return found


def named_inputs(model: keras.Model) -> list[NamedTensor]:
    """Return a model's inputs; one to which only Keras has given a name is called `input`.

    Args:
        model: A functional model.
    """
    names = input_names(model)
    unnamed = [name for name in names if name.startswith(UNNAMED)]
    if len(unnamed) == 1:
        names[names.index(unnamed[0])] = "input"
    return [NamedTensor(*entry) for entry in zip(names, model.inputs, strict=True)]


def branch_by_branch(model: keras.Model) -> list[Call]:
    """Return the calls so that each comes just before what it is needed for."""
    makers = {id(tensor): call for call in calls(model) for tensor in call.outputs}
    for tensor in model.inputs:
        makers.pop(id(tensor), None)
    ordered: dict[int, Call] = {}
    waiting = [makers[id(t)] for t in reversed(model.outputs) if id(t) in makers]
    while waiting:
        call = waiting[-1]
        missing = [
            makers[id(tensor)]
            for tensor in call.inputs
            if id(tensor) in makers and id(makers[id(tensor)]) not in ordered
        ]
        if missing:
            waiting += reversed(missing)
        else:
            ordered.setdefault(id(waiting.pop()), call)
    return list(ordered.values())


def _indexes(graph: Sequence[Call]) -> dict[int, tuple[int, int]]:
    """Return for each call which of its operation's it is, and how many there are."""
    own: dict[int, list[Call]] = {}
    for call in graph:
        own.setdefault(id(call.operation), []).append(call)
    return {
        id(call): (index, len(group))
        for group in own.values()
        for index, call in enumerate(sorted(group, key=lambda each: each.position))
    }


def _name_outputs(call: Call, name: str) -> tuple[NamedTensor, ...]:
    """Name what a call makes after the call, with what tells several outputs apart."""
    if len(call.outputs) == 1:
        return (NamedTensor(name, call.outputs[0]),)
    nested = graph_of(call.operation)
    parts: Sequence[object] = range(len(call.outputs)) if nested is None else output_names(nested)
    if len(set(parts)) < len(call.outputs):
        parts = range(len(call.outputs))
    return tuple(
        NamedTensor(f"{name}:{part}", tensor)
        for part, tensor in zip(parts, call.outputs, strict=True)
    )


def _single(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values

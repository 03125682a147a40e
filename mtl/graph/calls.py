"""Reading a functional graph: its calls in the order in which they can be computed.

Keras keeps the graph in private attributes of the model; this module is the only one that reads
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer or operation: a node of the graph.

    Attributes:
        operation: The layer, the nested model or the `keras.ops` operation that is called.
        inputs: The symbolic tensors that it reads.
        outputs: The symbolic tensors that it makes.
        within: The nested models that it is in, the outermost first; see `mtl.graph.nested`.
        training: What `training` was when the outermost of these was called, if it was anything.
    """

    operation: Any
    inputs: tuple[keras.KerasTensor, ...]
    outputs: tuple[keras.KerasTensor, ...]
    _node: Any
    within: tuple[keras.Model, ...] = ()
    training: bool | None = None

    def compute(self, values: Mapping[int, Any], *, training: bool | None = None) -> list[Any]:
        """Call the operation on values instead of symbolic tensors.

        Args:
            values: The value of each symbolic tensor, by the tensor's `id`.
            training: Handed to layers that tell training from inference.

        Returns:
            One value for each of `outputs`.
        """
        read = zip(self._node.input_tensors, self.inputs, strict=True)
        own = {id(tensor): values[id(given)] for tensor, given in read}
        arguments, keywords = self._node.arguments.fill_in(own)
        training = self.training if training is None else training
        if training is not None and "training" in keywords:
            keywords["training"] = training
        return keras.tree.flatten(self.operation(*arguments, **keywords))

    @property
    def argument(self) -> Any:
        """What the operation is called on: its first argument, a structure of tensors."""
        arguments = self._node.arguments
        return arguments.args[0] if arguments.args else next(iter(arguments.kwargs.values()))

    @property
    def keywords(self) -> dict[str, Any]:
        """What is handed over by name beside `argument`."""
        arguments = self._node.arguments
        named = dict(arguments.kwargs)
        if not arguments.args:
            named.pop(next(iter(named)), None)
        return named

    @property
    def position(self) -> int:
        """How often the operation had been called before, in this model or elsewhere."""
        return self.operation._inbound_nodes.index(self._node)  # noqa: SLF001

    @property
    def name(self) -> str:
        """The operation's name, after those of the nested models that it is in: `tower/conv`."""
        return "/".join(each.name for each in (*self.within, self.operation))

    @property
    def place(self) -> int:
        """What the calls have in common that several calls of one nested model make of a call."""
        return id(self._node)

    def reads_only(self, tensor: keras.KerasTensor) -> bool:
        """Whether the call reads this tensor alone: no mask or state is handed over with it."""
        return len(self.inputs) == 1 and self.inputs[0] is tensor


def calls(model: keras.Model) -> list[Call]:
    """Return the calls of a functional model, each after the calls that it reads from.

    Args:
        model: A functional model. Its inputs are no calls.
    """
    nodes_by_depth = model._nodes_by_depth  # noqa: SLF001
    return [
        Call(node.operation, tuple(node.input_tensors), tuple(node.outputs), node)
        for depth in sorted(nodes_by_depth, reverse=True)
        for node in nodes_by_depth[depth]
        if not node.is_input
    ]


def arguments_of(call: Call, nested: keras.Model) -> list[keras.KerasTensor]:
    """Return the tensors that a nested model is called on, in the order of its inputs.

    A dict goes by its keys, which may be more than the model reads; anything else by position.

    Args:
        call: A call of the model.
        nested: Its graph.
    """
    argument = call.argument
    if isinstance(argument, Mapping):
        return [argument[name] for name in input_names(nested)]
    return list(keras.tree.flatten(argument))


def input_names(model: keras.Model) -> list[str]:
    """Return the names of a model's inputs in the order of `model.inputs`.

    The name of an input is its key where the inputs are a dict, else its layer's name.
    """
    structure = model._inputs_struct  # noqa: SLF001
    if isinstance(structure, Mapping):
        return keras.tree.flatten({name: str(name) for name in structure})
    return [tensor.name for tensor in model.inputs]


def output_names(model: keras.Model) -> list[str]:
    """Return the names of a model's outputs in the order of `model.outputs`.

    The name of an output is its key where the outputs are a dict, else the name of the layer that
    makes it.
    """
    structure = model._outputs_struct  # noqa: SLF001
    if isinstance(structure, Mapping):
        return keras.tree.flatten({name: str(name) for name in structure})
    return [tensor._keras_history.operation.name for tensor in model.outputs]  # noqa: SLF001


def layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers of a model and of everything in it, each once."""
    return list(dict.fromkeys(model._flatten_layers(include_self=False)))  # noqa: SLF001


def graph_of(operation: object) -> keras.Model | None:
    """Return the functional model that a nested model computes, or None for anything else.

    Args:
        operation: A functional model, which is returned itself, a sequential one, or a layer.
    """
    if isinstance(operation, keras.Sequential):
        operation = operation._functional  # noqa: SLF001
    return operation if is_functional(operation) else None


def wrapped_graph(operation: object) -> keras.Model | None:
    """Return the functional model in a wrapper such as `TimeDistributed`, or None."""
    inside = operation.layer if isinstance(operation, keras.layers.Wrapper) else None
    return graph_of(inside)


def is_functional(model: object) -> bool:
    """Whether this module can read a model's graph."""
    return isinstance(model, keras.Model) and hasattr(model, "_nodes_by_depth")


def outputs_served(
    graph: Sequence[Call], outputs: Mapping[str, keras.KerasTensor]
) -> dict[int, set[str]]:
    """Return which outputs depend on each call, by the call's `id`.

    Args:
        graph: Calls, each after those that it reads.
        outputs: Tensors of theirs, by name.
    """
    serves: dict[int, set[str]] = {id(call): set() for call in graph}
    for name, tensor in outputs.items():
        needed = {id(tensor)}
        for call in reversed(graph):
            if any(id(made) in needed for made in call.outputs):
                serves[id(call)].add(name)
                needed |= {id(read) for read in call.inputs}
    return serves

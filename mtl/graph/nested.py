"""Calls of a graph with those of its nested models in the place of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras

from mtl.graph.calls import Call, arguments_of, calls, graph_of


def unfolded_calls(model: keras.Model) -> list[Call]:
    """Return the calls of a functional model and of the models that it calls, these left out.

    What is inside a nested model has a call for each call of that model, with symbolic tensors of
    its own. A nested model stays one call where it is more than its graph: where a subclass says
    what calling it does, where it is handed a mask or something else by name, or a tensor of
    another rank, or where it is in a wrapper such as `TimeDistributed`.

    Args:
        model: A functional model. Its inputs are no calls.
    """
    found: list[Call] = []
    _unfold(model, {id(tensor): tensor for tensor in model.inputs}, (), None, found)
    return found


def _unfold(
    model: keras.Model,
    known: dict[int, keras.KerasTensor],
    within: tuple[keras.Model, ...],
    training: bool | None,  # noqa: FBT001 Keras's spelling
    found: list[Call],
) -> None:
    """Add the calls of one call of a model.

    Args:
        model: The model.
        known: By the `id` of a symbolic tensor of the model, what stands for it in this call.
        within: It, and the models that it is in; nothing for the outermost.
        training: What `training` was in the outermost call.
        found: Gets the calls.
    """
    for call in calls(model):
        for tensor in call.outputs:
            if id(tensor) not in known:
                known[id(tensor)] = _like(tensor) if within else tensor
        made = tuple(known[id(tensor)] for tensor in call.outputs)
        nested = _nothing_but_a_graph(call)
        if nested is None:
            read = tuple(known[id(tensor)] for tensor in call.inputs)
            found.append(replace(call, inputs=read, outputs=made, within=within, training=training))
            continue
        inner: dict[int, keras.KerasTensor] = {}
        for tensor, argument in zip(nested.inputs, arguments_of(call, nested), strict=True):
            given = known[id(argument)]
            inner[id(tensor)] = given if given.dtype == tensor.dtype else _like(tensor)
            if inner[id(tensor)] is not given:
                found.append(_hand_over(given, inner[id(tensor)], within))
        again = []
        for tensor, outer in zip(nested.outputs, made, strict=True):
            if inner.setdefault(id(tensor), outer) is not outer:
                again.append((inner[id(tensor)], outer))
        explicit = call.keywords.get("training") if training is None else training
        _unfold(nested, inner, (*within, call.operation), explicit, found)
        found += [_hand_over(given, outer, within) for given, outer in again]


class _Handing:
    """What a nested model does to what it is handed, and to what it hands on as it is."""

    name = "handing"


@dataclass(frozen=True, eq=False)
class _HandOver(Call):
    """A value under another symbolic tensor, in that tensor's type, with its mask."""

    @property
    def place(self) -> int:
        """What no other call has."""
        return id(self)

    def compute(self, values: Mapping[int, Any], *, training: bool | None = None) -> list[Any]:
        """Return the value; `training` makes no difference."""
        given = values[id(self.inputs[0])]
        value = keras.ops.convert_to_tensor(given, dtype=self.outputs[0].dtype)
        mask = getattr(given, "_keras_mask", None)
        if mask is not None:
            value._keras_mask = mask  # noqa: SLF001 where Keras keeps masks
        return [value]


def _like(tensor: keras.KerasTensor) -> keras.KerasTensor:
    return keras.KerasTensor(tensor.shape, dtype=tensor.dtype, name=tensor.name)


def _hand_over(
    given: keras.KerasTensor, made: keras.KerasTensor, within: tuple[keras.Model, ...]
) -> Call:
    return _HandOver(_Handing(), (given,), (made,), None, within)


def _nothing_but_a_graph(call: Call) -> keras.Model | None:
    """Return the functional model that a call computes and nothing beside, or None."""
    nested = graph_of(call.operation)
    if nested is None or not _calls_its_graph(call.operation):
        return None
    if any(value is not None for name, value in call.keywords.items() if name != "training"):
        return None
    try:
        given = arguments_of(call, nested)
    except KeyError:
        return None
    fits = len(given) == len(nested.inputs) and all(
        isinstance(tensor, keras.KerasTensor)
        and len(tensor.shape) == len(own.shape)
        and tensor.sparse == own.sparse
        for tensor, own in zip(given, nested.inputs, strict=True)
    )
    return nested if fits and call.operation.activity_regularizer is None else None


def _calls_its_graph(model: keras.Model) -> bool:
    """Whether calling a model is what Keras makes of a graph, and no subclass says otherwise."""
    kinds = type(model).__mro__
    said_by = (next(kind for kind in kinds if s in vars(kind)) for s in ("call", "__call__"))
    return all(kind.__module__.startswith("keras.") for kind in said_by)

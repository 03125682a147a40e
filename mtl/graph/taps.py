"""Layers computed so that what goes into their weights' gradients can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import tensorflow as tf

from mtl.graph.calls import Call
from mtl.graph.lookups import Lookup
from mtl.layers.lstm import LSTM
from mtl.layers.recurrence import Loop


@dataclass(frozen=True, eq=False)
class Tap:
    """One call of a dense layer, y = x W + b before the activation.

    With D the gradient of a loss by y, that of W is xᵀ D and that of b the sum of D's rows.

    Attributes:
        layer: The layer.
        inputs: x, shape `(…, features)`.
        outputs: y, shape `(…, units)`.
    """

    layer: keras.layers.Dense
    inputs: tf.Tensor
    outputs: tf.Tensor

    @property
    def weights(self) -> list[keras.Variable]:
        """The weights whose gradients follow."""
        return self.layer.trainable_weights


@dataclass(frozen=True, eq=False)
class LookupTap:
    """One call of an LSTM on looked-up rows, each distinct one of which is projected once.

    Attributes:
        layer: The LSTM.
        table: What is looked up.
        vectors: The distinct rows, shape `(distinct, width)`.
        positions: Which of them each position holds, shape `(time, batch)`.
        loop: The run of the loop over the projections.
    """

    layer: LSTM
    table: keras.Variable
    vectors: tf.Tensor
    positions: tf.Tensor
    loop: Loop

    @property
    def outputs(self) -> tf.Tensor:
        """The hidden states, shape `(time, batch, units)`."""
        return self.loop.hiddens

    @property
    def weights(self) -> list[keras.Variable]:
        """The weights whose gradients follow."""
        return [*self.layer.trainable_weights, self.table]


def can_be_tapped(call: Call, graph: Sequence[Call]) -> bool:
    """Whether a call is the only one of a plain, trainable dense layer in single precision."""
    layer = call.operation
    if type(layer) is not keras.layers.Dense or len(call.inputs) != 1:
        return False
    return (
        _is_alone(call, graph)
        and layer.trainable
        and layer.compute_dtype == "float32"
        and not layer.lora_enabled
        and layer.quantization_mode is None
        and layer.activity_regularizer is None
    )


def lookup_can_be_tapped(lookup: Lookup, graph: Sequence[Call]) -> bool:
    """Whether an LSTM alone reads a lookup, and both are called once, in single precision."""
    if lookup.needs_rows or len(lookup.projected) != 1 or lookup.projected[0] is lookup.call:
        return False
    (reader,) = lookup.projected
    layer = reader.operation
    return (
        _is_alone(lookup.call, graph)
        and _is_alone(reader, graph)
        and len(layer.trainable_weights) == len(layer.weights)
        and layer.compute_dtype == "float32"
        and not layer.return_state
    )


def _is_alone(call: Call, graph: Sequence[Call]) -> bool:
    """Whether no other call has a weight of this one."""
    weights = {id(weight) for weight in call.operation.weights}
    return all(
        other is call
        or not any(id(weight) in weights for weight in getattr(other.operation, "weights", ()))
        for other in graph
    )


def tapped(layer: keras.layers.Dense, inputs: tf.Tensor) -> tuple[Tap, tf.Tensor]:
    """Compute what calling a layer computes, and return the tap beside it."""
    inputs = keras.ops.convert_to_tensor(inputs, dtype=layer.compute_dtype)
    outputs = keras.ops.matmul(inputs, layer.kernel)
    if layer.use_bias:
        outputs = keras.ops.add(outputs, layer.bias)
    tap = Tap(layer, inputs, outputs)
    return tap, outputs if layer.activation is None else layer.activation(outputs)

"""Dense layers computed so that what goes into their weights' gradients can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import tensorflow as tf

from mtl.graph.calls import Call


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


def can_be_tapped(call: Call, graph: Sequence[Call]) -> bool:
    """Whether a call is the only one of a plain, trainable dense layer in single precision."""
    layer = call.operation
    if type(layer) is not keras.layers.Dense or len(call.inputs) != 1:
        return False
    weights = {id(weight) for weight in layer.weights}
    uses = [
        other
        for other in graph
        if any(id(weight) in weights for weight in getattr(other.operation, "weights", ()))
    ]
    return (
        len(uses) == 1
        and layer.trainable
        and layer.compute_dtype == "float32"
        and not layer.lora_enabled
        and layer.quantization_mode is None
        and layer.activity_regularizer is None
    )


def tapped(layer: keras.layers.Dense, inputs: tf.Tensor) -> tuple[Tap, tf.Tensor]:
    """Compute what calling a layer computes, and return the tap beside it."""
    inputs = keras.ops.convert_to_tensor(inputs, dtype=layer.compute_dtype)
    outputs = keras.ops.matmul(inputs, layer.kernel)
    if layer.use_bias:
        outputs = keras.ops.add(outputs, layer.bias)
    tap = Tap(layer, inputs, outputs)
    return tap, outputs if layer.activation is None else layer.activation(outputs)

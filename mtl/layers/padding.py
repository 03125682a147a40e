"""Moving the padding of a sequence of ids from the right to the left."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mtl")
class LeftPadding(keras.layers.Layer):
    """Moves the zeros that follow a sequence of ids in front of it.

    A recurrent layer then ends on the last word and not on padding. Ids keep their order; only the
    zeros after the last id move.

    Args:
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: `(batch, length)`, integers, 0 is padding.
    Output shape: the same.

    Example:
        >>> LeftPadding()(keras.ops.array([[7, 5, 0, 0]]))
        <tf.Tensor: shape=(1, 4), dtype=int32, numpy=array([[0, 0, 7, 5]], dtype=int32)>
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})

    def call(self, ids: Any) -> Any:
        """Return the ids with the padding in front."""
        length = ops.shape(ids)[1]
        positions = ops.arange(length, dtype="int32")
        used = ops.max(
            ops.where(ops.not_equal(ids, 0), positions[None, :] + 1, 0), axis=1, keepdims=True
        )
        return ops.take_along_axis(ids, ops.mod(positions[None, :] + used, length), axis=1)

    def compute_output_spec(self, ids: Any) -> keras.KerasTensor:
        """Return the input's shape and type."""
        return keras.KerasTensor(ids.shape, dtype=ids.dtype)

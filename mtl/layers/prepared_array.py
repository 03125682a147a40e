"""Arrays as a graph reads them: their type, their scale, flat or not."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mtl")
class PreparedArray(keras.layers.Layer):
    """Casts arrays, divides them by a number and may flatten them.

    Args:
        value_dtype: The type of the result: `float32`, `int32` or `uint8`.
        divide_by: What each value is divided by; 1 for another type than float32.
        flatten: Whether to make one axis of all but the batch.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: `(batch, …)`. Output shape: the same, or `(batch, product of the others)`.

    Example:
        >>> PreparedArray("float32", 255.0, flatten=True)(keras.ops.ones((2, 8, 8), "uint8")).shape
        TensorShape([2, 64])
    """

    def __init__(
        self, value_dtype: str, divide_by: float = 1.0, *, flatten: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(autocast=False, **{"dtype": "float32", **kwargs})
        self.value_dtype = value_dtype
        self.divide_by = divide_by
        self.flatten = flatten

    def call(self, values: Any) -> Any:
        """Return the prepared arrays."""
        prepared = ops.cast(values, self.value_dtype)
        if self.divide_by != 1:
            prepared = prepared / self.divide_by
        if self.flatten:
            prepared = ops.reshape(prepared, (-1, math.prod(values.shape[1:])))
        return prepared

    def compute_output_spec(self, values: Any) -> keras.KerasTensor:
        """Return shape and type of the prepared arrays."""
        shape = values.shape
        if self.flatten:
            shape = (shape[0], math.prod(shape[1:]))
        return keras.KerasTensor(shape, dtype=self.value_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {
            **super().get_config(),
            "value_dtype": self.value_dtype,
            "divide_by": self.divide_by,
            "flatten": self.flatten,
        }

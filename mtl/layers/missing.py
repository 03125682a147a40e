"""Numbers that are missing: a value in their place, and a flag that says so."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mtl")
class MissingValues(keras.layers.Layer):
    """Replaces NaN by a value and, on request, adds a feature that is 1 where it did.

    Args:
        value: What stands in for a missing number; 0 is the mean of standardised numbers.
        flag: Whether to add the feature.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: `(batch,)`.
    Output shape: `(batch, 1)`, or `(batch, 2)` with the flag: number, flag.

    Example:
        >>> MissingValues(flag=True)(keras.ops.array([1.5, float("nan")]))
        <tf.Tensor: shape=(2, 2), dtype=float32, numpy=array([[1.5, 0. ], [0. , 1. ]])>
    """

    def __init__(self, value: float = 0.0, *, flag: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.value = value
        self.flag = flag

    def call(self, numbers: Any) -> Any:
        """Return the numbers without NaN, and the flag."""
        missing = ops.isnan(numbers)
        filled = ops.where(missing, ops.cast(self.value, numbers.dtype), numbers)
        features = [filled, ops.cast(missing, numbers.dtype)] if self.flag else [filled]
        return ops.stack(features, axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return `(batch, 1)` or `(batch, 2)`."""
        return (*input_shape, 2 if self.flag else 1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "value": self.value, "flag": self.flag}

"""Fixed numbers as a tensor of a graph."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="mtl")
class Constant(keras.layers.Layer):
    """Gives the same tensor whatever it is called on.

    In a functional graph everything follows from an input; this is how a vector or a matrix that
    does not change enters it. The numbers are a weight that is never trained, so they are saved
    with the model and can be read from it.

    Args:
        value: Numbers, nested lists of the tensor's shape.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: any; the values are not read.
    Output shape: the shape of `value`, without a batch axis.

    Raises:
        ValueError: `value` is no list of finite numbers of one shape.

    Example:
        >>> Constant([1.0, 2.0, 3.0])(keras.ops.zeros((8, 3, 2)))
        <tf.Tensor: shape=(3,), dtype=float32, numpy=array([1., 2., 3.], dtype=float32)>
    """

    def __init__(self, value: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._value = _numbers(value)
        self.value: Any = None

    def build(self, input_shape: Any = None) -> None:
        """Make the weight."""
        self.value = self.add_weight(
            shape=self._value.shape,
            initializer=lambda _shape, dtype: ops.convert_to_tensor(self._value, dtype),
            trainable=False,
            name="value",
        )

    def call(self, inputs: Any) -> Any:
        """Return the value."""
        return ops.cast(self.value, self.compute_dtype)

    def compute_output_spec(self, inputs: Any) -> keras.KerasTensor:
        """Return the value's shape."""
        return keras.KerasTensor(self._value.shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "value": self._value.tolist()}


def _numbers(value: Any) -> np.ndarray:
    try:
        numbers = np.asarray(value, dtype="float64")
    except (TypeError, ValueError):
        numbers = np.full((), np.nan)
    if not np.isfinite(numbers).all():
        raise ValueError(
            f"Expected finite numbers, in nested lists of one shape. Received: value={value}"
        )
    return numbers

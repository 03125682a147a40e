"""Whole numbers as one-hot vectors."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="mtl")
class OneHot(keras.layers.Layer):
    """Makes of each whole number k a vector of zeros with a one in place k.

    A number below 0 or not below `size` gives zeros alone.

    Args:
        size: Width of the vectors.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: integers of any shape. Output shape: the same and `size` behind it.

    Raises:
        ValueError: `size` is not positive.

    Example:
        >>> OneHot(3)(keras.ops.array([[2, 0]]))
        <tf.Tensor: shape=(1, 2, 3), dtype=float32, numpy=
        array([[[0., 0., 1.],
                [1., 0., 0.]]], dtype=float32)>
    """

    def __init__(self, size: int, **kwargs: Any) -> None:
        if size < 1:
            raise ValueError(f"Expected a size of 1 or more. Received: size={size}")
        super().__init__(**kwargs)
        self.size = size

    def call(self, numbers: Any) -> Any:
        """Return the vectors, in the layer's compute type."""
        numbers = keras.ops.cast(numbers, "int32")
        return keras.ops.one_hot(numbers, self.size, dtype=self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the numbers' shape and `size` behind it."""
        return (*input_shape, self.size)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "size": self.size}

"""Numbers: standardised, and where they are missing a value and a flag in their place."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mtl")
class Standardization(keras.layers.Layer):
    """Subtracts a mean and divides by a deviation in float64, and gives float32.

        (x - mean) / deviation

    Numbers that are large beside their differences, such as times in seconds or codes of many
    digits, keep the differences, which float32 loses before the subtraction. The numbers may come
    in any type; NaN stays NaN.

    Args:
        mean: What is subtracted.
        deviation: The standard deviation, above 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: any.
    Output shape: the same.

    Example:
        >>> numbers = keras.ops.array([20200101123, 20200101124], "float64")
        >>> Standardization(20200101123.5, 0.5)(numbers)
        <tf.Tensor: shape=(2,), dtype=float32, numpy=array([-1.,  1.], dtype=float32)>
    """

    def __init__(self, mean: float, deviation: float, **kwargs: Any) -> None:
        # Keras would cast what comes in to float32 before `call`.
        super().__init__(autocast=False, **{"dtype": "float32", **kwargs})
        if not deviation > 0:
            raise ValueError(f"Expected a deviation above 0. Received: deviation={deviation}")
        self.mean = mean
        self.deviation = deviation

    def call(self, numbers: Any) -> Any:
        """Return the standardised numbers."""
        mean = ops.convert_to_tensor(self.mean, "float64")
        deviation = ops.convert_to_tensor(self.deviation, "float64")
        return ops.cast((ops.cast(numbers, "float64") - mean) / deviation, self.compute_dtype)

    def compute_output_spec(self, numbers: Any) -> keras.KerasTensor:
        """Return the shape of the numbers."""
        return keras.KerasTensor(numbers.shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "mean": self.mean, "deviation": self.deviation}


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

"""Chosen training examples that a model carries along."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="mtl")
class Exemplars(keras.layers.Layer):
    """Gives its exemplars: rows to which other layers compare each example of the batch.

    The rows are a weight that is never trained. They are zeros until `assign` is given the chosen
    ones, and saved with the model.

    Args:
        count: How many exemplars, 1 or more.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: `(batch, features)`, whose values are not read: an exemplar has as many features.
    Output shape: `(count, features)`, in the type of the weights, without a batch axis.

    Raises:
        ValueError: `count` is less than 1, or the input has not two axes of which the last is
            known.

    Example:
        >>> exemplars = Exemplars(2)
        >>> exemplars(keras.ops.zeros((8, 3))).shape
        TensorShape([2, 3])
        >>> exemplars.assign([[1, 2, 3], [4, 5, 6]])
    """

    def __init__(self, count: int, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        if count < 1:
            raise ValueError(f"Expected 1 exemplar or more. Received: count={count}")
        self.count = count
        self.rows: Any = None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weight."""
        if len(input_shape) != 2 or input_shape[1] is None:
            raise ValueError(
                "Expected an input of shape (batch, features), the features known; flatten what "
                f"has more axes. Received: input_shape={input_shape}"
            )
        self.rows = self.add_weight(
            shape=(self.count, input_shape[1]),
            initializer="zeros",
            trainable=False,
            autocast=False,
            name="rows",
        )

    def assign(self, rows: Any) -> None:
        """Set the exemplars of a layer that has been built.

        Args:
            rows: Shape `(count, features)`.

        Raises:
            ValueError: They have another shape.
        """
        values = np.asarray(rows)
        if values.shape != tuple(self.rows.shape):
            raise ValueError(
                f"Expected rows of shape {tuple(self.rows.shape)}. Received: {values.shape}"
            )
        self.rows.assign(values)

    def call(self, inputs: Any) -> Any:
        """Return the exemplars."""
        return ops.convert_to_tensor(self.rows)

    def compute_output_spec(self, inputs: Any) -> keras.KerasTensor:
        """Return `(count, features)`."""
        return keras.KerasTensor((self.count, inputs.shape[1]), dtype=self.variable_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "count": self.count}

"""Adding up the scores of one class."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops


@keras.saving.register_keras_serializable(package="mtl")
class ClassSums(keras.layers.Layer):
    """Adds up the columns that belong to one class.

    Which class each column belongs to is a weight that is never trained. All belong to class 0
    until `assign` is given the classes; they are saved with the model. Under mixed precision the
    layer computes in float32 and rounds the sums, held at what the narrow type can express.

    Args:
        classes: How many classes, 1 or more.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: `(batch, columns)`.
    Output shape: `(batch, classes)`; 0 for a class without a column.

    Raises:
        ValueError: `classes` is less than 1, or the number of columns is not known.

    Example:
        >>> sums = ClassSums(2)
        >>> sums.build((None, 3))
        >>> sums.assign([0, 1, 1])
        >>> sums(keras.ops.array([[1.0, 2.0, 3.0]]))
        <tf.Tensor: shape=(1, 2), dtype=float32, numpy=array([[1., 5.]], dtype=float32)>
    """

    def __init__(self, classes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if classes < 1:
            raise ValueError(f"Expected 1 class or more. Received: classes={classes}")
        self.classes = classes
        self.class_of_column: Any = None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weight."""
        if len(input_shape) != 2 or input_shape[1] is None:
            raise ValueError(
                "Expected an input of shape (batch, columns), the columns known. "
                f"Received: input_shape={input_shape}"
            )
        self.class_of_column = self.add_weight(
            shape=(input_shape[1],),
            initializer="zeros",
            dtype="int32",
            trainable=False,
            name="class_of_column",
        )

    def assign(self, class_of_column: Any) -> None:
        """Set the class of each column of a layer that has been built.

        Args:
            class_of_column: Whole numbers from 0 to `classes - 1`, shape `(columns,)`.

        Raises:
            ValueError: They are of another shape, or one is out of range.
        """
        values = np.asarray(class_of_column)
        if values.shape != tuple(self.class_of_column.shape):
            raise ValueError(
                f"Expected {self.class_of_column.shape[0]} classes, one a column. "
                f"Received: {values.shape}"
            )
        if values.min() < 0 or values.max() >= self.classes:
            raise ValueError(
                f"Expected classes from 0 to {self.classes - 1}. "
                f"Received: {values.min()} to {values.max()}"
            )
        self.class_of_column.assign(values)

    def call(self, inputs: Any) -> Any:
        """Return the sums."""
        wide = "float64" if self.compute_dtype == "float64" else "float32"
        belongs = ops.one_hot(self.class_of_column, self.classes, dtype=wide)
        sums = ops.matmul(ops.cast(inputs, wide), belongs)
        if self.compute_dtype != wide:
            largest = float(tf.as_dtype(self.compute_dtype).max)
            sums = ops.clip(sums, -largest, largest)
        return ops.cast(sums, self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return `(batch, classes)`."""
        return (input_shape[0], self.classes)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "classes": self.classes}

"""A category as the mean of a target over its examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mtl")
class CategoryMean(keras.layers.Layer):
    """Looks up the mean of a target for each category's id.

    Args:
        means: One row a category: the means of each label. Row 0 belongs to unknown categories and
            holds the overall mean.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: `(batch,)`, integers.
    Output shape: `(batch, labels)`.

    Source: D. Micci-Barreca 2001, A preprocessing scheme for high-cardinality categorical
    attributes in classification and prediction problems.

    Example:
        >>> CategoryMean([[0.5], [0.9]])(keras.ops.array([1, 0]))
        <tf.Tensor: shape=(2, 1), dtype=float32, numpy=array([[0.9], [0.5]], dtype=float32)>
    """

    def __init__(self, means: Sequence[Sequence[float]], **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.means = [[float(mean) for mean in row] for row in means]

    def call(self, ids: Any) -> Any:
        """Return the row of each id."""
        means = ops.convert_to_tensor(self.means, dtype=self.compute_dtype)
        return ops.take(means, ids, axis=0)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return `(batch, labels)`."""
        return (*input_shape, len(self.means[0]))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "means": self.means}

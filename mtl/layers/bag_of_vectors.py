"""Adding up the vectors of a sequence, padding left out."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mtl")
class BagOfVectors(keras.layers.Layer):
    """Adds up the vectors of a sequence of ids and divides by the root of how many they are.

        scale × Σ vectors[t] / √(number of t)   over the t with ids[t] ≠ 0;   zero if there are none

    Between a sum, which grows with the length, and a mean, in which a word of a long title counts
    for little, the root keeps the size of what independent words add up to. On an embedding whose
    width is the number of outputs this is a linear model of the words, like one on TF-IDF.

    Args:
        scale: What the result is multiplied by. An optimizer that moves every weight by about its
            learning rate moves a linear model of rare words too slowly; `scale` makes up for it.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: vectors `(batch, length, width)` and their ids `(batch, length)`, integers.
    Output shape: `(batch, width)`.

    Example:
        >>> BagOfVectors()(keras.ops.ones((1, 5, 2)), keras.ops.array([[0, 3, 1, 1, 2]]))
        <tf.Tensor: shape=(1, 2), dtype=float32, numpy=array([[2., 2.]], dtype=float32)>
    """

    def __init__(self, scale: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, vectors: Any, ids: Any) -> Any:
        """Return the scaled sum."""
        counts = ops.cast(ops.not_equal(ids, 0), vectors.dtype)
        number = ops.maximum(ops.sum(counts, axis=1, keepdims=True), 1)
        total = ops.sum(vectors * ops.expand_dims(counts, -1), axis=1)
        return self.scale * total / ops.sqrt(number)

    def compute_output_spec(self, vectors: Any, ids: Any) -> keras.KerasTensor:
        """Return `(batch, width)` in the vectors' type."""
        return keras.KerasTensor((vectors.shape[0], vectors.shape[2]), dtype=vectors.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "scale": self.scale}

"""Giving each pair of ids an id of its own."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

_FIRST_FACTOR = 2_654_435_761
_SECOND_FACTOR = 2_246_822_519


@keras.saving.register_keras_serializable(package="mtl")
class HashedPairs(keras.layers.Layer):
    """Gives each pair of ids an id among a fixed number of buckets, for an embedding to look up.

    Pairs are as many as the product of two vocabularies, too many for a table. A hash spreads them
    over the buckets instead; pairs that meet in one bucket share a row:

        bucket = 1 + (2654435761 first + 2246822519 second) mod (buckets − 1)

    and 0 where either id is 0, which is padding (or an unknown category).

    Args:
        buckets: Ids run from 0 to `buckets - 1`. 2 or more.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: two tensors of integers, of shapes that broadcast.
    Output shape: the broadcast one, int32.

    Raises:
        ValueError: `buckets` is less than 2.

    Source: Weinberger et al. 2009, Feature Hashing for Large Scale Multitask Learning.

    Example:
        >>> HashedPairs(8)(keras.ops.array([[0, 5]]), keras.ops.array([[7, 7]]))
        <tf.Tensor: shape=(1, 2), dtype=int32, numpy=array([[0, 5]], dtype=int32)>
    """

    def __init__(self, buckets: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if buckets < 2:
            raise ValueError(f"Expected 2 buckets or more. Received: buckets={buckets}")
        self.buckets = buckets

    def call(self, first: Any, second: Any) -> Any:
        """Return the pairs' ids."""
        known = ops.logical_and(ops.not_equal(first, 0), ops.not_equal(second, 0))
        product = ops.cast(first, "int64") * _FIRST_FACTOR
        product += ops.cast(second, "int64") * _SECOND_FACTOR
        bucket = 1 + ops.cast(ops.mod(product, self.buckets - 1), "int32")
        return ops.where(known, bucket, ops.zeros_like(bucket))

    def compute_output_spec(self, first: Any, second: Any) -> keras.KerasTensor:
        """Return the broadcast shape."""
        shape = (first * second).shape
        return keras.KerasTensor(shape, dtype="int32")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "buckets": self.buckets}

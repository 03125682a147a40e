"""The product of a layer's units, each times a weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="mtl")
class WeightedProduct(keras.layers.Layer):
    """Multiplies the features of an example, each times a weight: Π_k (x_k · w_k).

    The weights are given and fixed, given and trained from there, or drawn and trained. Fixed ones
    too are weights of the model and saved with it.

    Args:
        w: The weights to start from, one a feature; None to draw them.
        fixed: Whether the weights stay as given. They are not trained then, even where the layer's
            or the model's `trainable` is set to true.
        initializer: Draws the weights where none are given.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: `(batch, features)`.
    Output shape: `(batch, 1)`.

    Raises:
        ValueError: `fixed` without `w`; `w` is no list of finite numbers, or has not as many as the
            input has features.

    Source: a question about a Keras layer that multiplies the outputs of a hidden layer, each times
    a weight that is given or trained.

    Example:
        >>> WeightedProduct([1.0, 2.0, 0.5])(keras.ops.array([[1.0, 2.0, 3.0]]))
        <tf.Tensor: shape=(1, 1), dtype=float32, numpy=array([[6.]], dtype=float32)>
    """

    def __init__(
        self,
        w: Sequence[float] | None = None,
        fixed: bool = False,  # noqa: FBT001, FBT002 Keras's layers take arguments by position
        initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if fixed and w is None:
            raise ValueError("Expected values for fixed weights. Received: w=None, fixed=True")
        if w is not None and (np.ndim(w) != 1 or not np.isfinite(w).all()):
            raise ValueError(f"Expected w to be a list of finite numbers. Received: w={w}")
        self._w = None if w is None else [float(value) for value in w]
        self.fixed = fixed
        self.initializer = keras.initializers.get(initializer)
        self.w: Any = None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        if len(input_shape) != 2 or input_shape[1] is None:
            raise ValueError(
                "Expected an input of shape (batch, features), the features known. "
                f"Received: input_shape={input_shape}"
            )
        features = input_shape[1]
        given = self._w
        if given is not None and len(given) != features:
            raise ValueError(
                f"Expected w to have {features} values, one for each feature of the input. "
                f"Received: {len(given)} values, w={given}"
            )
        self.w = self.add_weight(
            shape=(features,),
            initializer=self.initializer
            if given is None
            else lambda _shape, dtype: ops.convert_to_tensor(given, dtype),
            trainable=not self.fixed,
            name="w",
        )

    def call(self, inputs: Any) -> Any:
        """Return the products."""
        return ops.prod(inputs * self.w, axis=-1, keepdims=True)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return `(batch, 1)`."""
        return (input_shape[0], 1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {
            **super().get_config(),
            "w": self._w,
            "fixed": self.fixed,
            "initializer": keras.initializers.serialize(self.initializer),
        }

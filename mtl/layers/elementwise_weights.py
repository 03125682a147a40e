"""Scores of exemplars: comparisons feature by feature, weighted and added up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from mtl.layers.comparisons import find_comparison
from mtl.layers.elementwise_sums import exponential_sums, product_sums, sums_in_blocks


@keras.saving.register_keras_serializable(package="mtl")
class ElementwiseWeights(keras.layers.Layer):
    """Compares each example with each exemplar, feature by feature, and weighs what it finds.

        scores[b, p] = Σ_k kernel[p, k] · f(x[b, k], exemplars[p, k])

    Only the kernel is trained. A tensor of `(batch, exemplars, features)` is never made, neither
    for the scores nor for their gradients: see `mtl.layers.elementwise_sums`.

    f is one of:

    * `exponential_difference`: exp((x − exemplar) / c), with exponents held at 80 (701 in float64),
      so that scores and gradients stay finite;
    * `gaussian`: exp(−((x − exemplar) / c)²);
    * `product`: x · exemplar;
    * `absolute_difference`: |x − exemplar|;
    * the name of a function `f(x, exemplar, c)` that is registered with Keras
      (`keras.saving.register_keras_serializable`);
    * an expression in `x`, `exemplar` and `c`, such as `tanh((x - exemplar) / c)`, of arithmetic
      and operations of `keras.ops`.

    It must work element by element. float16 and bfloat16 are too narrow for exponentials: under
    mixed precision the layer computes in float32 and rounds the scores, held at what the narrow
    type can express.

    Args:
        function: f.
        c: The width of each feature in f, above 0: one number, or one a feature. A weight that is
            not trained, saved with the model, and set by `assign_c`.
        initializer: Of the kernel.
        regularizer: Of the kernel.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: examples `(batch, features)` and exemplars `(exemplars, features)`.
    Output shape: `(batch, exemplars)`.

    Raises:
        ValueError: f does not exist or does not work element by element, c is not positive or has
            another length than the examples, or the inputs' features differ.

    Source: a question about a Keras network whose first layer compares an example element by
    element with stored exemplars, weighs the results and adds them up.

    Example:
        >>> layer = ElementwiseWeights("absolute_difference", initializer="ones")
        >>> layer(keras.ops.array([[1.0, 2.0]]), keras.ops.array([[1.0, 5.0], [0.0, 0.0]]))
        <tf.Tensor: shape=(1, 2), dtype=float32, numpy=array([[3., 3.]], dtype=float32)>
    """

    def __init__(
        self,
        function: str = "exponential_difference",
        c: float | Sequence[float] = 1.0,
        initializer: Any = "glorot_uniform",
        regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        self.function = function
        self._compare = find_comparison(function)
        self._c = _positive(c)
        self.initializer = keras.initializers.get(initializer)
        self.regularizer = keras.regularizers.get(regularizer)
        self.kernel: Any = None
        self.c: Any = None

    def build(
        self, x_shape: tuple[int | None, ...], exemplars_shape: tuple[int | None, ...]
    ) -> None:
        """Make the weights."""
        exemplars, features = exemplars_shape if len(exemplars_shape) == 2 else (None, None)
        if len(x_shape) != 2 or exemplars is None or features is None or x_shape[1] != features:
            raise ValueError(
                "Expected examples of shape (batch, features) and exemplars of shape (exemplars, "
                f"features). Received: {x_shape} and {exemplars_shape}"
            )
        self.kernel = self.add_weight(
            shape=(exemplars, features),
            initializer=self.initializer,
            regularizer=self.regularizer,
            autocast=False,
            name="kernel",
        )
        self.c = self.add_weight(
            shape=(features,), initializer="ones", trainable=False, autocast=False, name="c"
        )
        self.assign_c(self._c)

    def assign_c(self, c: float | Sequence[float] | np.ndarray) -> None:
        """Set the width of each feature.

        Args:
            c: One number, or one a feature.

        Raises:
            ValueError: They are not positive, or of another length.
        """
        values, features = _positive(c), self.c.shape[0]
        if values.shape not in {(), (features,)}:
            raise ValueError(
                f"Expected c to be one number, or one for each of the {features} features. "
                f"Received: {values.size} numbers"
            )
        self.c.assign(np.broadcast_to(values, (features,)))

    def call(self, x: Any, exemplars: Any) -> Any:
        """Return the scores."""
        wide = "float64" if self.compute_dtype == "float64" else "float32"
        x, exemplars, weights, c = (
            tf.convert_to_tensor(ops.cast(value, wide))
            for value in (x, exemplars, self.kernel, self.c)
        )
        match self.function:
            case "product":
                scores = product_sums(x, exemplars, weights)
            case "exponential_difference":
                scores = exponential_sums(x, exemplars, weights, c)
            case _:
                compare = self._compare
                scores = sums_in_blocks(
                    lambda each, exemplar: compare(each, exemplar, c), x, exemplars, weights
                )
        if self.compute_dtype != wide:
            largest = float(tf.as_dtype(self.compute_dtype).max)
            scores = ops.clip(scores, -largest, largest)
        return ops.cast(scores, self.compute_dtype)

    def compute_output_spec(self, x: Any, exemplars: Any) -> keras.KerasTensor:
        """Return `(batch, exemplars)`."""
        return keras.KerasTensor((x.shape[0], exemplars.shape[0]), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {
            **super().get_config(),
            "function": self.function,
            "c": self._c.tolist(),
            "initializer": keras.initializers.serialize(self.initializer),
            "regularizer": keras.regularizers.serialize(self.regularizer),
        }


def _positive(c: Any) -> np.ndarray:
    values = np.asarray(c, dtype="float64")
    if values.ndim > 1 or not (np.isfinite(values).all() and (values > 0).all()):
        raise ValueError(f"Expected c above 0: a number, or a list of numbers. Received: c={c}")
    return values

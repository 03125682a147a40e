"""Two convolutions with nothing between them, computed as one."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mtl")
class FoldedConvolutions(keras.layers.Layer):
    """A convolution with bias and a 1 × 1 convolution without, as the one that both make up.

    The weights are those of `Conv2D(hidden_filters, kernel_size, padding="same")` and of
    `Conv2D(filters, 1, use_bias=False)` after it, and so are outputs and gradients. But first the
    kernels are multiplied, so that no map ever has `hidden_filters` channels.

    Args:
        hidden_filters: Channels between the two, 1 or more.
        filters: Channels of the result, 1 or more.
        kernel_size: Rows and columns of the first kernel, 1 or more.
        hidden_initializer: Of the first kernel.
        kernel_initializer: Of the second one.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, height, width, filters)`.

    Raises:
        ValueError: An argument is less than 1.

    Example:
        >>> FoldedConvolutions(150, 1)(keras.ops.zeros((4, 8, 8, 2))).shape
        TensorShape([4, 8, 8, 1])
    """

    def __init__(
        self,
        hidden_filters: int,
        filters: int,
        kernel_size: int = 3,
        hidden_initializer: Any = "glorot_uniform",
        kernel_initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(hidden_filters, filters, kernel_size) < 1:
            raise ValueError(
                f"Expected 1 or more. Received: hidden_filters={hidden_filters}, "
                f"filters={filters}, kernel_size={kernel_size}"
            )
        self.hidden_filters = hidden_filters
        self.filters = filters
        self.kernel_size = kernel_size
        self.hidden_initializer = keras.initializers.get(hidden_initializer)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights, in the order of the two convolutions."""
        self.hidden_kernel = self.add_weight(
            name="hidden_kernel",
            shape=(self.kernel_size, self.kernel_size, input_shape[-1], self.hidden_filters),
            initializer=self.hidden_initializer,
        )
        self.hidden_bias = self.add_weight(
            name="hidden_bias", shape=(self.hidden_filters,), initializer="zeros"
        )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(1, 1, self.hidden_filters, self.filters),
            initializer=self.kernel_initializer,
        )

    def call(self, inputs: Any) -> Any:
        """Return the maps after both convolutions."""
        last = ops.convert_to_tensor(self.kernel, dtype=self.compute_dtype)[0, 0]
        kernel = ops.matmul(self.hidden_kernel, last)
        bias = ops.matmul(self.hidden_bias, last)
        return ops.conv(inputs, kernel, padding="same") + bias

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return `(batch, height, width, filters)`."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {
            **super().get_config(),
            "hidden_filters": self.hidden_filters,
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "hidden_initializer": keras.initializers.serialize(self.hidden_initializer),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }

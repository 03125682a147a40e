"""Images brought to one size."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mtl")
class ImageSize(keras.layers.Layer):
    """Resizes images to one height and width; those that have it stay as they are, bit for bit.

    Resizing is bilinear, with antialiasing where it shrinks, and rounds to whole numbers.

    Args:
        height: Of the result, in pixels.
        width: Of the result, in pixels.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: `(batch, any, any, channels)`, uint8.
    Output shape: `(batch, height, width, channels)`, uint8.

    Example:
        >>> ImageSize(2, 2)(keras.ops.ones((1, 4, 4, 3), "uint8")).shape
        TensorShape([1, 2, 2, 3])
    """

    def __init__(self, height: int, width: int, **kwargs: Any) -> None:
        super().__init__(autocast=False, **{"dtype": "float32", **kwargs})
        self.height = height
        self.width = width

    def call(self, images: Any) -> Any:
        """Return the images in the layer's size."""
        images = ops.cast(images, "uint8")
        _, height, width, channels = ops.shape(images)
        has_it = ops.logical_and(ops.equal(height, self.height), ops.equal(width, self.width))
        resized = ops.cond(has_it, lambda: images, lambda: self._resized(images))
        return ops.reshape(resized, (-1, self.height, self.width, channels))

    def compute_output_spec(self, images: Any) -> keras.KerasTensor:
        """Return shape and type of the resized images."""
        shape = (images.shape[0], self.height, self.width, images.shape[-1])
        return keras.KerasTensor(shape, dtype="uint8")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "height": self.height, "width": self.width}

    def _resized(self, images: Any) -> Any:
        resized = ops.image.resize(
            ops.cast(images, "float32"),
            (self.height, self.width),
            antialias=True,
            data_format="channels_last",
        )
        return ops.cast(ops.clip(ops.round(resized), 0, 255), "uint8")

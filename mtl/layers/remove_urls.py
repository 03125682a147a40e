"""Text without its web addresses."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

PATTERN = r"(?i)\s*\b(?:https?://|www\.|pic\.twitter\.com/)\S+"


@keras.saving.register_keras_serializable(package="mtl")
class RemoveURLs(keras.layers.Layer):
    """Takes web addresses out of strings, with the white space before them.

    An address begins with `http://`, `https://`, `www.` or `pic.twitter.com/`, in any case, and
    ends at white space.

    Args:
        **kwargs: Arguments of `keras.layers.Layer`.

    Input and output shape: `(batch,)`, strings.

    Example:
        >>> RemoveURLs()(tf.constant(["Read this https://example.org/a now"])).numpy()
        array([b'Read this now'], dtype=object)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "string", "trainable": False, **kwargs})

    def call(self, text: Any) -> Any:
        """Return the strings without addresses."""
        return tf.strings.regex_replace(text, PATTERN, "")

    def compute_output_spec(self, text: Any) -> keras.KerasTensor:
        """Return the shape and type of the text."""
        return keras.KerasTensor(text.shape, dtype="string")

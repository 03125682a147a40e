"""The last layer of a graph input's preparation, which remembers what the input is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mtl")
class PreparedInput(keras.layers.Layer):
    """Joins prepared columns to one input and carries its description into the saved model.

    Args:
        input_name: The graph's input that it feeds.
        kind: `text`, `characters`, `index`, `features`, `image` or `array`.
        columns: For each column that feeds it, in order: `column` (its name), `entries` (how many
            numbers it gives along the last axis) and the `options` of its preparation.
        vocabulary_size: How many ids there are; None where there are none.
        value_dtype: `int32`, `uint8` or `float32`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: a list of tensors, one a column: `(batch, width)` each, or a single one of any
    shape. Output shape: `(batch, sum of widths)`, or that of the single one.

    Example:
        >>> joined = PreparedInput("aux_input", "features", [], None, "float32")
        >>> joined([keras.ops.ones((2, 4)), keras.ops.ones((2, 1))]).shape
        TensorShape([2, 5])
    """

    def __init__(
        self,
        input_name: str,
        kind: str,
        columns: Sequence[Mapping[str, Any]],
        vocabulary_size: int | None,
        value_dtype: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.input_name = input_name
        self.kind = kind
        self.columns = [dict(column) for column in columns]
        self.vocabulary_size = vocabulary_size
        self.value_dtype = value_dtype

    def call(self, values: Sequence[Any]) -> Any:
        """Return the columns side by side in the input's type."""
        cast = [ops.cast(value, self.value_dtype) for value in values]
        return cast[0] if len(cast) == 1 else ops.concatenate(cast, axis=-1)

    def compute_output_spec(self, values: Sequence[Any]) -> keras.KerasTensor:
        """Return the shape and type of the joined columns."""
        first = values[0]
        widths = [value.shape[-1] for value in values]
        shape = first.shape if len(values) == 1 else (*first.shape[:-1], sum(widths))
        return keras.KerasTensor(shape, dtype=self.value_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {
            **super().get_config(),
            "input_name": self.input_name,
            "kind": self.kind,
            "columns": self.columns,
            "vocabulary_size": self.vocabulary_size,
            "value_dtype": self.value_dtype,
        }

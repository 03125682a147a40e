"""An LSTM that reads symbols by their numbers instead of as one-hot vectors."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtl.layers.lstm import LSTM, by_time


@keras.saving.register_keras_serializable(package="mtl")
class SymbolLSTM(LSTM):
    """`mtl.layers.LSTM` on one-hot vectors, given the numbers of the ones: the same function.

    A one-hot vector times the input kernel is a row of the kernel, so rows are read and nothing is
    multiplied. The weights have the names and shapes of an LSTM's on vectors of width `symbols`:
    one layer's may be loaded into the other.

    The training step fetches the rows outside the graph, each distinct symbol of a batch once.

    Args:
        units: Width of the output.
        symbols: How many symbols there are: ids run from 0 to `symbols - 1`.
        **kwargs: Arguments of `keras.layers.LSTM`. With those that keep `mtl.layers.LSTM` from
            projecting its input before the loop, such as dropout, the one-hot vectors are made.

    Input shape: ids `(batch, time)`, integers. Output shape: as `LSTM`'s.

    Raises:
        ValueError: `symbols` is not positive.

    Example:
        >>> SymbolLSTM(64, symbols=256)(keras.ops.zeros((8, 280), "uint8")).shape
        TensorShape([8, 64])
    """

    def __init__(self, units: int, symbols: int, **kwargs: Any) -> None:
        if symbols < 1:
            raise ValueError(f"Expected symbols of 1 or more. Received: symbols={symbols}")
        super().__init__(units, **kwargs)
        self.symbols = symbols
        self.input_spec = keras.layers.InputSpec(ndim=2)

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Make the weights of an LSTM on one-hot vectors."""
        super().build((*sequences_shape, self.symbols), initial_state_shape)

    def project_rows(self, rows: tf.Tensor) -> tf.Tensor:
        """Add the bias to rows of the kernel.

        Args:
            rows: Shape `(…, 4 × units)`.

        Returns:
            What `project` makes of the one-hot vectors of their symbols.
        """
        rows = tf.cast(rows, self.compute_dtype)
        return rows + self._value(self.cell.bias) if self.cell.use_bias else rows

    def project_symbols(self, ids: tf.Tensor) -> tf.Tensor:
        """Return what `project` makes of the one-hot vectors of ids: rows and the bias.

        Args:
            ids: Of any shape.

        Returns:
            Their shape and `4 × units` behind it, in the layer's compute type.
        """
        rows = self.project_rows(tf.convert_to_tensor(self.cell.kernel))
        return tf.gather(rows, tf.cast(ids, tf.int32))

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: Any = None,
        mask: tf.Tensor | None = None,
        training: bool = False,  # noqa: FBT001, FBT002 Keras's signature
    ) -> Any:
        """Run the LSTM over the symbols."""
        if self.projects_positions and initial_state is None:
            return self.recur(by_time(self.project_symbols(sequences)), mask)
        vectors = tf.one_hot(tf.cast(sequences, tf.int32), self.symbols, dtype=self.compute_dtype)
        return super().call(vectors, initial_state=initial_state, mask=mask, training=training)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "symbols": self.symbols}

"""An LSTM with Keras's weights and config whose input projection is taken out of the time loop."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtl.layers.recurrence import Loop, recurrence


@keras.saving.register_keras_serializable(package="mtl")
class LSTM(keras.layers.LSTM):
    """`keras.layers.LSTM` computed faster: the same arguments, weights, config and results.

    Keras multiplies each time step by the input kernel inside its loop. Here one matrix product
    does it for all steps before the loop (`project`), the loop keeps only the recurrent part
    (`recur`), and its gradient is written out (`mtl.layers.recurrence`). Results agree with Keras's
    to rounding.

    `project` works on each position alone. The training step uses this: where the layer reads an
    embedding, each distinct id of a batch is projected once instead of each position.

    With `recurrent_dropout`, activations other than `tanh` and `sigmoid`, `unroll=True`,
    `implementation=1` or a GPU (where cuDNN is faster) the layer computes as Keras's does.

    Input shape: `(batch, time, features)`. Output shape: `(batch, units)`, or
    `(batch, time, units)` with `return_sequences=True`.

    Source: Hochreiter and Schmidhuber 1997, Long Short-Term Memory; the gates' order (input,
    forget, candidate, output) is Keras's.

    Example:
        >>> LSTM(32)(keras.ops.zeros((8, 100, 512))).shape
        TensorShape([8, 32])
    """

    @property
    def hoists(self) -> bool:
        """Whether the input projection leaves the loop for this layer's arguments and device."""
        return (
            self.cell.activation is keras.activations.tanh
            and self.cell.recurrent_activation is keras.activations.sigmoid
            and not self.cell.recurrent_dropout
            and self.cell.implementation == 2
            and not self.unroll
            and not tf.config.list_physical_devices("GPU")
        )

    @property
    def projects_positions(self) -> bool:
        """Whether `call(sequences)` is exactly `recur` of the projected sequences.

        Then a caller may project the distinct positions of a batch instead of all of them. Dropout
        (drawn for each example), a state kept between batches and regularisers stand against it.
        """
        return (
            self.hoists
            and not self.cell.dropout
            and not self.stateful
            and self.activity_regularizer is None
            and self.cell.kernel_regularizer is None
            and self.cell.bias_regularizer is None
        )

    def project(self, sequences: tf.Tensor) -> tf.Tensor:
        """Multiply by the input kernel and add the bias.

        Args:
            sequences: Shape `(…, features)`.

        Returns:
            Shape `(…, 4 × units)`, in the layer's compute type.
        """
        sequences = tf.cast(sequences, self.compute_dtype)
        projected = tf.tensordot(sequences, self._value(self.cell.kernel), axes=1)
        if self.cell.use_bias:
            projected += self._value(self.cell.bias)
        return projected

    def recur(
        self,
        projected: tf.Tensor,
        mask: tf.Tensor | None = None,
        loops: list[Loop] | None = None,
    ) -> Any:
        """Return what `call` returns for the sequences that `project` was given.

        Args:
            projected: The projection, by time first: shape `(time, batch, 4 × units)`.
            mask: Shape `(batch, time)`; steps that are false leave the state as it was.
            loops: Where the loop is put down, see `mtl.layers.recurrence.recurrence`.
        """
        initial_state = self.get_initial_state(batch_size=tf.shape(projected)[1])
        last, outputs, states = self._loop(projected, initial_state, mask, loops)
        output = outputs if self.return_sequences else last
        return (output, *states) if self.return_state else output

    def inner_loop(
        self,
        sequences: tf.Tensor,
        initial_state: list[tf.Tensor],
        mask: tf.Tensor | None,
        training: bool = False,  # noqa: FBT001, FBT002 Keras's signature
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """Run the recurrence; `keras.layers.RNN.call` calls this."""
        if not self.hoists:
            return super().inner_loop(sequences, initial_state, mask, training=training)
        if training and self.cell.dropout:
            sequences *= self.cell.get_dropout_mask(sequences[:, 0, :])[:, tf.newaxis, :]
        return self._loop(by_time(self.project(sequences)), initial_state, mask)

    def _loop(
        self,
        steps: tf.Tensor,
        initial_state: list[tf.Tensor],
        mask: tf.Tensor | None,
        loops: list[Loop] | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """Return the last output, all outputs and the last states, as `inner_loop` must."""
        step_mask = None if mask is None else tf.transpose(tf.cast(mask, tf.bool))[:, :, tf.newaxis]
        if self.go_backwards:
            steps = tf.reverse(steps, (0,))
            step_mask = None if step_mask is None else tf.reverse(step_mask, (0,))
        kernel = self._value(self.cell.recurrent_kernel)
        hidden, carry = initial_state
        hiddens, last_carry = recurrence(steps, kernel, hidden, carry, step_mask, loops)
        last_hidden = hiddens[-1]
        outputs = hiddens
        if step_mask is not None:
            outputs = self._masked_outputs(hiddens, step_mask)
        return outputs[-1], by_time(outputs), [last_hidden, last_carry]

    def _masked_outputs(self, hiddens: tf.Tensor, step_mask: tf.Tensor) -> tf.Tensor:
        """Give masked steps the output before them, and zeros before the first step that counts."""
        counts = step_mask
        if not self.zero_output_for_mask:
            counts = tf.cumsum(tf.cast(step_mask, tf.int32), axis=0) > 0
        return tf.where(counts, hiddens, tf.zeros_like(hiddens))

    def _value(self, variable: Any) -> tf.Tensor:
        return tf.cast(tf.convert_to_tensor(variable), self.compute_dtype)


def by_time(sequences: tf.Tensor) -> tf.Tensor:
    """Exchange the first two axes: `(batch, time, …)` to `(time, batch, …)`, or back."""
    return tf.transpose(sequences, (1, 0, *range(2, sequences.shape.rank)))

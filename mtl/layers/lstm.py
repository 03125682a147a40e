"""An LSTM with Keras's weights and config whose input projection is taken out of the time loop."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="mtl")
class LSTM(keras.layers.LSTM):
    """`keras.layers.LSTM` computed faster: the same arguments, weights, config and results.

    Keras multiplies each time step by the input kernel inside its loop. Here one matrix product
    does it for all steps before the loop (`project`), the loop keeps only the recurrent part
    (`recur`), and the gradient is written out so that the kernels' gradients are single matrix
    products after the backward loop. Results agree with Keras's to rounding.

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
        """Whether `call(sequences)` is exactly `recur(project(sequences))`.

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

    def recur(self, projected: tf.Tensor, mask: tf.Tensor | None = None) -> Any:
        """Return what `call` returns for the sequences that `project` was given.

        Args:
            projected: Shape `(batch, time, 4 × units)`.
            mask: Shape `(batch, time)`; steps that are false leave the state as it was.
        """
        initial_state = self.get_initial_state(batch_size=tf.shape(projected)[0])
        last, outputs, states = self._loop(projected, initial_state, mask)
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
        return self._loop(self.project(sequences), initial_state, mask)

    def _loop(
        self, projected: tf.Tensor, initial_state: list[tf.Tensor], mask: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """Return the last output, all outputs and the last states, as `inner_loop` must."""
        steps = tf.transpose(projected, (1, 0, 2))
        step_mask = None if mask is None else tf.transpose(tf.cast(mask, tf.bool))[:, :, tf.newaxis]
        if self.go_backwards:
            steps = tf.reverse(steps, (0,))
            step_mask = None if step_mask is None else tf.reverse(step_mask, (0,))
        kernel = self._value(self.cell.recurrent_kernel)
        hidden, carry = initial_state
        hiddens, last_carry = _recurrence(steps, kernel, hidden, carry, step_mask)
        last_hidden = hiddens[-1]
        outputs = hiddens
        if step_mask is not None:
            outputs = self._masked_outputs(hiddens, step_mask)
        return outputs[-1], tf.transpose(outputs, (1, 0, 2)), [last_hidden, last_carry]

    def _masked_outputs(self, hiddens: tf.Tensor, step_mask: tf.Tensor) -> tf.Tensor:
        """Give masked steps the output before them, and zeros before the first step that counts."""
        counts = step_mask
        if not self.zero_output_for_mask:
            counts = tf.cumsum(tf.cast(step_mask, tf.int32), axis=0) > 0
        return tf.where(counts, hiddens, tf.zeros_like(hiddens))

    def _value(self, variable: Any) -> tf.Tensor:
        return tf.cast(tf.convert_to_tensor(variable), self.compute_dtype)


def _recurrence(
    projected: tf.Tensor,
    kernel: tf.Tensor,
    hidden: tf.Tensor,
    carry: tf.Tensor,
    mask: tf.Tensor | None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Run the LSTM over projected steps, with the gradient by hand.

    With a = projected[t] + h[t-1] U, split into i, f, g, o:

        c[t] = σ(f) c[t-1] + σ(i) tanh(g)        h[t] = σ(o) tanh(c[t])

    Args:
        projected: Shape `(time, batch, 4 × units)`.
        kernel: The recurrent kernel U, shape `(units, 4 × units)`.
        hidden: The first hidden state, shape `(batch, units)`.
        carry: The first carry, shape `(batch, units)`.
        mask: Shape `(time, batch, 1)`, or none where every step counts.

    Returns:
        The hidden state after each step, shape `(time, batch, units)`, and the last carry.
    """
    units = kernel.shape[0]

    @tf.custom_gradient
    def run(
        projected: tf.Tensor, kernel: tf.Tensor, hidden: tf.Tensor, carry: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, tf.Tensor], Any]:
        length = projected.shape[0] or tf.shape(projected)[0]
        array = _Arrays(projected.dtype, length, projected.shape[1])
        steps = array.read(projected)

        def forward(time: Any, *loop: Any) -> tuple[Any, ...]:
            hidden, carry, hiddens, carries, gates = loop
            mixed = steps.read(time) + tf.matmul(hidden, kernel)
            i, f, g, o = tf.split(mixed, 4, axis=1)
            i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
            new_carry = f * carry + i * g
            new_hidden = o * tf.tanh(new_carry)
            gates = gates.write(time, tf.concat((i, f, g, o), axis=1))
            if mask is not None:
                new_carry = tf.where(mask[time], new_carry, carry)
                new_hidden = tf.where(mask[time], new_hidden, hidden)
            hiddens = hiddens.write(time, new_hidden)
            carries = carries.write(time, new_carry)
            return time + 1, new_hidden, new_carry, hiddens, carries, gates

        *_, last_carry, hiddens, carries, gates = tf.while_loop(
            lambda time, *_: time < length,
            forward,
            (0, hidden, carry, array.new(units), array.new(units), array.new(4 * units)),
            maximum_iterations=length,
        )
        hiddens, carries, gates = hiddens.stack(), carries.stack(), gates.stack()

        def gradient(d_hiddens: tf.Tensor, d_last_carry: tf.Tensor) -> tuple[tf.Tensor, ...]:
            before = tf.concat((hidden[tf.newaxis], hiddens[:-1]), axis=0)
            carry_steps = array.read(tf.concat((carry[tf.newaxis], carries[:-1]), axis=0))
            d_hidden_steps, gate_steps = array.read(d_hiddens), array.read(gates)
            squashed_steps = array.read(tf.tanh(carries))
            transposed = tf.transpose(kernel)

            def backward(
                time: Any, d_hidden: Any, d_carry: Any, d_projected: Any
            ) -> tuple[Any, ...]:
                i, f, g, o = tf.split(gate_steps.read(time), 4, axis=1)
                squashed = squashed_steps.read(time)
                d_hidden += d_hidden_steps.read(time)
                kept_hidden, kept_carry = tf.zeros_like(d_hidden), tf.zeros_like(d_carry)
                if mask is not None:
                    kept_hidden = tf.where(mask[time], kept_hidden, d_hidden)
                    kept_carry = tf.where(mask[time], kept_carry, d_carry)
                    d_hidden, d_carry = d_hidden - kept_hidden, d_carry - kept_carry
                d_carry += d_hidden * o * (1 - squashed * squashed)
                d_mixed = tf.concat(
                    (
                        d_carry * g * i * (1 - i),
                        d_carry * carry_steps.read(time) * f * (1 - f),
                        d_carry * i * (1 - g * g),
                        d_hidden * squashed * o * (1 - o),
                    ),
                    axis=1,
                )
                return (
                    time - 1,
                    tf.matmul(d_mixed, transposed) + kept_hidden,
                    d_carry * f + kept_carry,
                    d_projected.write(time, d_mixed),
                )

            _, d_hidden, d_carry, d_projected = tf.while_loop(
                lambda time, *_: time >= 0,
                backward,
                (length - 1, tf.zeros_like(hidden), d_last_carry, array.new(4 * units)),
                maximum_iterations=length,
            )
            d_projected = d_projected.stack()
            d_kernel = tf.matmul(
                tf.reshape(before, (-1, units)),
                tf.reshape(d_projected, (-1, 4 * units)),
                transpose_a=True,
            )
            return d_projected, d_kernel, d_hidden, d_carry

        return (hiddens, last_carry), gradient

    return run(projected, kernel, hidden, carry)


class _Arrays:
    """Makes the loop's tensor arrays: one entry a time step, each of shape `(batch, width)`."""

    def __init__(self, dtype: tf.DType, length: int | tf.Tensor, batch: int | None) -> None:
        self.dtype, self.length, self.batch = dtype, length, batch

    def new(self, width: int) -> tf.TensorArray:
        return tf.TensorArray(self.dtype, self.length, element_shape=(self.batch, width))

    def read(self, values: tf.Tensor) -> tf.TensorArray:
        return tf.TensorArray(self.dtype, self.length).unstack(values)

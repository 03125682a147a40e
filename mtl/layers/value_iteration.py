"""Value iteration as convolutions and maxima."""

from __future__ import annotations

from typing import Any, Literal

import keras
import tensorflow as tf
from keras import ops

FORMS = ("flat", "convolution")
_REACH = (-1, 0, 1)


@keras.saving.register_keras_serializable(package="mtl")
class ValueIteration(keras.layers.Layer):
    """Plans on a map: repeats a step of value iteration with learnt transitions.

    With the reward map r, kernels w_r and w_v of 3 × 3 cells and one channel a for each abstract
    action,

        q[a]  =  r ∗ w_r[a]                     at first, and then, `iterations` times,
        q[a]  =  r ∗ w_r[a] + (max_b q[b]) ∗ w_v[a]

    The maximum over the channels is the value map. What lies outside the map has value 0. Neither
    weight depends on the map's size or on `iterations`, so both may change after training.

    `flat` lays the maps behind each other in one row of cells, with a blank between two lines of a
    map, so that a neighbour is always at the same distance; a convolution is nine shifted copies
    and one matrix product, and its gradient is written out. On two cores a step of the network of
    the paper took half the time of `convolution`'s. Both are the same function.

    Args:
        iterations: How often values are propagated, 1 or more. Information goes one cell at a time,
            so it should be as large as the longest path to learn.
        channels: Abstract actions, 1 or more.
        form: How it is computed, `flat` or `convolution`.
        reward_initializer: Of w_r.
        value_initializer: Of w_v.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: The reward map, `(batch, height, width, 1)`.
    Output shape: q, `(batch, height, width, channels)`.

    Raises:
        ValueError: An argument is out of range.

    Source: Tamar et al. 2016, Value Iteration Networks, section 4.1.

    Example:
        >>> ValueIteration(10)(keras.ops.zeros((2, 8, 8, 1))).shape
        TensorShape([2, 8, 8, 10])
    """

    def __init__(
        self,
        iterations: int,
        channels: int = 10,
        form: Literal["flat", "convolution"] = "flat",
        reward_initializer: Any = "glorot_uniform",
        value_initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if iterations < 1 or channels < 1:
            raise ValueError(
                "Expected 1 or more iterations and channels. "
                f"Received: iterations={iterations}, channels={channels}"
            )
        if form not in FORMS:
            raise ValueError(f"Expected form to be one of {FORMS}. Received: form={form!r}")
        self.iterations = iterations
        self.channels = channels
        self.form = form
        self.reward_initializer = keras.initializers.get(reward_initializer)
        self.value_initializer = keras.initializers.get(value_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the kernels, each of shape `(3, 3, 1, channels)`.

        Raises:
            ValueError: The input is no map with one channel.
        """
        if len(input_shape) != 4 or input_shape[-1] != 1:
            raise ValueError(
                "Expected a reward map of shape (batch, height, width, 1). "
                f"Received: input_shape={tuple(input_shape)}"
            )
        shape = (3, 3, 1, self.channels)
        self.reward_kernel = self.add_weight(
            name="reward_kernel", shape=shape, initializer=self.reward_initializer
        )
        self.value_kernel = self.add_weight(
            name="value_kernel", shape=shape, initializer=self.value_initializer
        )

    def call(self, reward: Any) -> Any:
        """Return q after the last iteration."""
        plan = _flat if self.form == "flat" else _convolution
        return plan(
            reward,
            ops.convert_to_tensor(self.reward_kernel, dtype=self.compute_dtype),
            ops.convert_to_tensor(self.value_kernel, dtype=self.compute_dtype),
            self.iterations,
        )

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return `(batch, height, width, channels)`."""
        return (*input_shape[:-1], self.channels)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {
            **super().get_config(),
            "iterations": self.iterations,
            "channels": self.channels,
            "form": self.form,
            "reward_initializer": keras.initializers.serialize(self.reward_initializer),
            "value_initializer": keras.initializers.serialize(self.value_initializer),
        }


def _convolution(reward: Any, reward_kernel: Any, value_kernel: Any, iterations: int) -> Any:
    from_reward = q = ops.conv(reward, reward_kernel, padding="same")
    for _ in range(iterations):
        q = from_reward + ops.conv(ops.max(q, axis=-1, keepdims=True), value_kernel, padding="same")
    return q


def _flat(
    reward: tf.Tensor, reward_kernel: tf.Tensor, value_kernel: tf.Tensor, iterations: int
) -> tf.Tensor:
    """Compute on rows of cells: q has the shape `(channels, cells)`, a value map `(cells,)`."""
    row = _Row(reward)
    reward_kernel, value_kernel = (
        tf.transpose(tf.reshape(kernel, (9, -1))) for kernel in (reward_kernel, value_kernel)
    )

    @tf.custom_gradient
    def iterate(from_reward: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Any]:
        q, steps = from_reward, []
        for _ in range(iterations):
            value = tf.reduce_max(q, axis=0)
            around = row.around(value * row.inside)
            steps.append((q, value, around))
            q = from_reward + tf.matmul(kernel, around)

        def gradient(d_q: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            d_qs, d_kernels, zero = [d_q], [], tf.zeros((), d_q.dtype)
            for q, value, around in reversed(steps):
                d_kernels.append(tf.matmul(d_q, around, transpose_b=True))
                d_value = row.gathered(tf.matmul(kernel, d_q, transpose_a=True)) * row.inside
                best = tf.equal(q, value)
                ties = tf.reduce_sum(tf.cast(best, d_q.dtype), axis=0)
                d_q = tf.where(best, d_value / ties, zero)
                d_qs.append(d_q)
            return tf.add_n(d_qs), tf.add_n(d_kernels)

        return q, gradient

    from_reward = tf.matmul(reward_kernel, row.around(row.cells(reward)))
    return row.maps(iterate(from_reward, value_kernel))


class _Row:
    """Maps as one row of cells: a blank after each line, and a line of blanks after each map.

    Blanks hold 0 wherever neighbours are read, which is a convolution's padding. One of them is the
    right-hand neighbour of a line's end and the left-hand one of the next line's start.

    Few operations are made, as each is traced anew in every iteration.

    Attributes:
        inside: 1 in cells of maps and 0 in blanks, shape `(cells,)`.
    """

    def __init__(self, maps: tf.Tensor) -> None:
        batch, height, width = (
            static or dynamic
            for static, dynamic in zip(maps.shape[:3], tf.unstack(tf.shape(maps)[:3]), strict=True)
        )
        self.shape = batch, height, width
        line = width + 1
        edge = line + 1
        length = batch * (height + 1) * line
        offsets = [down * line + right for down in _REACH for right in _REACH]
        self.length = tf.convert_to_tensor([length])
        self.starts = [tf.convert_to_tensor([edge + offset]) for offset in offsets]
        self.edges = tf.convert_to_tensor([[edge, edge]])
        self.edges_of_nine = tf.convert_to_tensor([[0, 0], [edge, edge]])
        self.inside = self.cells(tf.ones((batch, height, width, 1), maps.dtype))

    def cells(self, maps: tf.Tensor) -> tf.Tensor:
        """Lay out maps of one channel: `(batch, height, width, 1)` to `(cells,)`."""
        return tf.reshape(tf.pad(maps[..., 0], ((0, 0), (0, 1), (0, 1))), (-1,))

    def around(self, cells: tf.Tensor) -> tf.Tensor:
        """Return each cell's neighbours in the kernel's order: `(cells,)` to `(9, cells)`."""
        padded = tf.pad(cells, self.edges)
        return tf.stack([tf.slice(padded, start, self.length) for start in self.starts])

    def gathered(self, d_around: tf.Tensor) -> tf.Tensor:
        """Return the gradient of `around`: `(9, cells)` to `(cells,)`."""
        padded = tf.unstack(tf.pad(d_around, self.edges_of_nine), num=9)
        return tf.add_n(
            [
                tf.slice(neighbour, start, self.length)
                for neighbour, start in zip(padded, reversed(self.starts), strict=True)
            ]
        )

    def maps(self, cells: tf.Tensor) -> tf.Tensor:
        """Undo the layout: `(channels, cells)` to `(batch, height, width, channels)`."""
        batch, height, width = self.shape
        lines = tf.reshape(cells, (-1, batch, height + 1, width + 1))
        return tf.transpose(lines[:, :, :height, :width], (1, 2, 3, 0))

"""The tasks' gradients at layers that have taps: what they give without passing further back."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from mtl.graph.taps import LookupTap, Tap
from mtl.training.routes.cotangents import products


@dataclass(frozen=True)
class Tapped:
    """The tasks' gradients by what a dense layer makes.

    Attributes:
        tap: The call of the layer.
        tasks: The tasks that reach it, by position.
        gradients: Theirs, each flat and unscaled, shape `(tasks, N · units)`.
    """

    tap: Tap
    tasks: list[int]
    gradients: tf.Tensor

    def gramian(self) -> tf.Tensor:
        """Return the Gramian of the tasks' gradients by the kernel and the bias."""
        layer = self.tap.layer
        return gramian_of_dense(self.tap.inputs, self.gradients, layer.units, bias=layer.use_bias)

    def combined(self, weights: tf.Tensor) -> dict[int, tf.Tensor]:
        """Return Σ_k w_k of the tasks' gradients by the layer's weights, by the weight's `id`."""
        layer = self.tap.layer
        summed = tf.reshape(_weighted(weights, self.tasks, self.gradients), (-1, layer.units))
        return _of_dense(layer.trainable_weights, self.tap.inputs, summed)


class LookupTapped:
    """The tasks' gradients by what an LSTM on looked-up rows makes.

    One loop goes back for all tasks. What it gives at a position is summed over the positions of
    each distinct row, whose projection is a dense layer on the rows.

    Args:
        tap: The call of the LSTM.
        tasks: The m tasks that reach it, by position.
        gradients: Theirs by its hidden states, each flat and unscaled, shape `(m, size)`.
    """

    def __init__(self, tap: LookupTap, tasks: list[int], gradients: tf.Tensor) -> None:
        self.tap = tap
        self.tasks = tasks
        count, units = len(tasks), tap.layer.units
        shape = tf.concat(([count], tf.shape(tap.outputs)), axis=0)
        by_step = tf.transpose(tf.reshape(gradients, shape), (1, 0, 2, 3))
        by_step = tf.ensure_shape(by_step, (tap.outputs.shape[0], count, *tap.outputs.shape[1:]))
        steps = tf.unstack(tap.loop.back(by_step), count, axis=1)
        before = tf.reshape(tap.loop.before, (-1, units))
        self._by_recurrent_kernel = tf.stack(
            [tf.reshape(tf.matmul(before, _flat(step), transpose_a=True), (-1,)) for step in steps]
        )
        if tap.layer.go_backwards:
            steps = [tf.reverse(step, (0,)) for step in steps]
        positions, distinct = tf.reshape(tap.positions, (-1,)), tf.shape(tap.vectors)[0]
        self._by_projection = tf.stack(
            [
                tf.reshape(tf.math.unsorted_segment_sum(_flat(step), positions, distinct), (-1,))
                for step in steps
            ]
        )

    def gramian(self) -> tf.Tensor:
        """Return the Gramian of the tasks' gradients by the LSTM's weights and the table.

        With D_i a task's gradient by the projections x W + b, that by the rows is D_i Wᵀ, and
        ⟨D_i Wᵀ, D_j Wᵀ⟩ = ⟨D_i, D_j (Wᵀ W)⟩, without the rows' gradients.
        """
        cell = self.tap.layer.cell
        gates = 4 * cell.units
        kernel = tf.convert_to_tensor(cell.kernel)
        alike = tf.matmul(kernel, kernel, transpose_a=True)
        by_task = tf.unstack(self._by_projection)
        weighed = [tf.matmul(tf.reshape(each, (-1, gates)), alike) for each in by_task]
        of_rows = products(self._by_projection, weighed)
        return tf.add_n(
            [
                products(self._by_recurrent_kernel),
                (of_rows + tf.transpose(of_rows)) / 2,
                gramian_of_dense(self.tap.vectors, self._by_projection, gates, bias=cell.use_bias),
            ]
        )

    def combined(self, weights: tf.Tensor) -> dict[int, tf.Tensor]:
        """Return Σ_k w_k of the tasks' gradients, by the weight's `id`; the table's by its rows."""
        cell = self.tap.layer.cell
        recurrent = _weighted(weights, self.tasks, self._by_recurrent_kernel)
        summed = _weighted(weights, self.tasks, self._by_projection)
        summed = tf.reshape(summed, (-1, 4 * cell.units))
        projecting = [cell.kernel, cell.bias] if cell.use_bias else [cell.kernel]
        return _of_dense(projecting, self.tap.vectors, summed) | {
            id(cell.recurrent_kernel): tf.reshape(recurrent, cell.recurrent_kernel.shape),
            id(self.tap.table): tf.matmul(summed, cell.kernel, transpose_b=True),
        }


def tapped_gradients(
    tap: Tap | LookupTap, tasks: list[int], gradients: tf.Tensor
) -> Tapped | LookupTapped:
    """Return what the gradients by a tap's outputs give, each flat, shape `(tasks, size)`."""
    kind = LookupTapped if isinstance(tap, LookupTap) else Tapped
    return kind(tap, tasks, gradients)  # type: ignore[arg-type]


def gramian_of_dense(inputs: tf.Tensor, stacked: tf.Tensor, units: int, *, bias: bool) -> tf.Tensor:
    """Return the Gramian of the tasks' gradients by a dense layer's kernel and bias.

    With D_i a task's gradient by the outputs of N examples, that by the kernel is xᵀ D_i, and

        ⟨xᵀ D_i, xᵀ D_j⟩ = ⟨D_i, (x xᵀ) D_j⟩.

    Where there are fewer examples than features the right side is the cheaper one, in time and in
    memory. The bias adds a feature that is 1 everywhere.

    Args:
        inputs: x, shape `(…, features)`.
        stacked: The D_i, each flat, shape `(K, N · units)`.
        units: The number of the layer's outputs.
        bias: Whether the layer has one.
    """
    features = inputs.shape[-1]
    inputs = tf.reshape(inputs, (-1, features))
    tasks, size = stacked.shape
    examples = size and size // units
    gradients = tf.unstack(tf.reshape(stacked, (tasks, examples or -1, units)))
    if examples is not None and examples < features:
        alike = tf.matmul(inputs, inputs, transpose_b=True)
        if bias:
            alike += 1.0
        gramian = products(stacked, [tf.matmul(alike, each) for each in gradients])
        return (gramian + tf.transpose(gramian)) / 2  # symmetric but for rounding
    kernels = [tf.matmul(inputs, each, transpose_a=True) for each in gradients]
    gramian = products(tf.stack([tf.reshape(each, (-1,)) for each in kernels]))
    if bias:
        gramian += products(tf.stack([tf.reduce_sum(each, axis=0) for each in gradients]))
    return gramian


def _of_dense(
    weights: list[tf.Variable], inputs: tf.Tensor, gradient: tf.Tensor
) -> dict[int, tf.Tensor]:
    """Return the gradients of a kernel and perhaps a bias from that of the outputs, by `id`."""
    kernel, *bias = weights
    found = {id(kernel): tf.matmul(_flat(inputs), gradient, transpose_a=True)}
    return found | {id(each): tf.reduce_sum(gradient, axis=0) for each in bias}


def _weighted(weights: tf.Tensor, tasks: list[int], rows: tf.Tensor) -> tf.Tensor:
    """Return the weighted sum of the rows of some tasks, shape `(1, size)`."""
    return tf.matmul(tf.gather(weights, tasks)[tf.newaxis], rows)


def _flat(values: tf.Tensor) -> tf.Tensor:
    """Return values with all but the last axis made one."""
    return tf.reshape(values, (-1, values.shape[-1]))

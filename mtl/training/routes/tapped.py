"""The tasks' gradients at layers that have taps: what they give without passing further back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from mtl.graph.taps import LookupTap, Tap
from mtl.training.routes.cotangents import Unscaled
from mtl.training.routes.stacked import Stacked


@dataclass(frozen=True)
class Tapped:
    """The tasks' gradients by what a dense layer makes.

    Attributes:
        tap: The call of the layer.
        tasks: The tasks that reach it, by position.
        gradients: Theirs, unscaled, N examples of so many units.
    """

    tap: Tap
    tasks: list[int]
    gradients: Stacked

    @classmethod
    def of(
        cls, tap: Tap, tasks: list[int], gradients: Sequence[tf.Tensor], unscaled: Unscaled
    ) -> Tapped:
        """Put the tasks' gradients by the outputs together."""
        return cls(tap, tasks, Stacked.of([_flat(each) for each in gradients]).map(unscaled))

    def gramian(self) -> tf.Tensor:
        """Return the Gramian of the tasks' gradients by the kernel and the bias."""
        return gramian_of_dense(self.tap.inputs, self.gradients, bias=self.tap.layer.use_bias)

    def combined(self, weights: tf.Tensor) -> dict[int, tf.Tensor]:
        """Return Σ_k w_k of the tasks' gradients by the layer's weights, by the weight's `id`."""
        summed = self.gradients.combined(tf.gather(weights, self.tasks))
        return _of_dense(self.tap.layer.trainable_weights, self.tap.inputs, summed)


@dataclass(frozen=True)
class LookupTapped:
    """The tasks' gradients by what an LSTM on looked-up rows makes.

    One loop goes back for all tasks. What it gives at a position is summed over the positions of
    each distinct row, whose projection is a dense layer on the rows.

    Attributes:
        tap: The call of the LSTM.
        tasks: The tasks that reach it, by position.
        by_recurrent_kernel: Their gradients by it, unscaled.
        by_projection: Theirs by the distinct rows' projections, unscaled.
    """

    tap: LookupTap
    tasks: list[int]
    by_recurrent_kernel: Stacked
    by_projection: Stacked

    @classmethod
    def of(
        cls, tap: LookupTap, tasks: list[int], gradients: Sequence[tf.Tensor], unscaled: Unscaled
    ) -> LookupTapped:
        """Go back through the loop from the tasks' gradients by the hidden states."""
        count = len(tasks)
        by_step = unscaled(tf.stack(gradients, axis=1))
        by_step = tf.ensure_shape(by_step, (tap.outputs.shape[0], count, *tap.outputs.shape[1:]))
        steps = tf.unstack(tap.loop.back(by_step), count, axis=1)
        before = _flat(tap.loop.before)
        recurrent = [tf.matmul(before, _flat(step), transpose_a=True) for step in steps]
        if tap.layer.go_backwards:
            steps = [tf.reverse(step, (0,)) for step in steps]
        positions, distinct = tf.reshape(tap.positions, (-1,)), tf.shape(tap.vectors)[0]
        projection = [
            tf.math.unsorted_segment_sum(_flat(step), positions, distinct) for step in steps
        ]
        return cls(tap, tasks, Stacked.of(recurrent), Stacked.of(projection))

    def gramian(self) -> tf.Tensor:
        """Return the Gramian of the tasks' gradients by the LSTM's weights and the table.

        With D_i a task's gradient by the projections x W + b, that by the rows is D_i Wᵀ, and
        ⟨D_i Wᵀ, D_j Wᵀ⟩ = ⟨D_i, D_j (Wᵀ W)⟩, without the rows' gradients.
        """
        cell = self.tap.layer.cell
        kernel = tf.convert_to_tensor(cell.kernel)
        alike = tf.matmul(kernel, kernel, transpose_a=True)
        projection = self.by_projection
        return tf.add_n(
            [
                self.by_recurrent_kernel.products(),
                projection.products(projection.after(alike)),
                gramian_of_dense(self.tap.vectors, projection, bias=cell.use_bias),
            ]
        )

    def combined(self, weights: tf.Tensor) -> dict[int, tf.Tensor]:
        """Return Σ_k w_k of the tasks' gradients, by the weight's `id`; the table's by its rows."""
        cell = self.tap.layer.cell
        own = tf.gather(weights, self.tasks)
        summed = self.by_projection.combined(own)
        projecting = [cell.kernel, cell.bias] if cell.use_bias else [cell.kernel]
        return _of_dense(projecting, self.tap.vectors, summed) | {
            id(cell.recurrent_kernel): self.by_recurrent_kernel.combined(own),
            id(self.tap.table): tf.matmul(summed, cell.kernel, transpose_b=True),
        }


def tapped_gradients(
    tap: Tap | LookupTap, tasks: list[int], gradients: Sequence[tf.Tensor], unscaled: Unscaled
) -> Tapped | LookupTapped:
    """Return what the gradients by a tap's outputs give.

    Args:
        tap: The tap.
        tasks: The tasks that reach it, by position.
        gradients: Theirs by `tap.outputs`, each of that shape.
        unscaled: Undoes the scaling of the loss.
    """
    if isinstance(tap, LookupTap):
        return LookupTapped.of(tap, tasks, gradients, unscaled)
    return Tapped.of(tap, tasks, gradients, unscaled)


def gramian_of_dense(inputs: tf.Tensor, gradients: Stacked, *, bias: bool) -> tf.Tensor:
    """Return the Gramian of the tasks' gradients by a dense layer's kernel and bias.

    With D_i a task's gradient by the outputs of N examples, that by the kernel is xᵀ D_i, and

        ⟨xᵀ D_i, xᵀ D_j⟩ = ⟨D_i, (x xᵀ) D_j⟩.

    Where there are fewer examples than features the right side is the cheaper one, in time and in
    memory. The bias adds a feature that is 1 everywhere.

    Args:
        inputs: x, shape `(…, features)`.
        gradients: The D_i, shape `(N, units)`.
        bias: Whether the layer has one.
    """
    examples, features = gradients.rows, inputs.shape[-1]
    inputs = _flat(inputs)
    if examples is not None and examples < features:
        alike = tf.matmul(inputs, inputs, transpose_b=True)
        return gradients.products_through(alike + 1.0 if bias else alike)
    gramian = gradients.before(tf.transpose(inputs)).products()
    if bias:
        sums = gradients.sums()
        gramian += tf.matmul(sums, sums, transpose_b=True)
    return gramian


def _of_dense(
    weights: list[tf.Variable], inputs: tf.Tensor, gradient: tf.Tensor
) -> dict[int, tf.Tensor]:
    """Return the gradients of a kernel and perhaps a bias from that of the outputs, by `id`."""
    kernel, *bias = weights
    found = {id(kernel): tf.matmul(_flat(inputs), gradient, transpose_a=True)}
    return found | {id(each): tf.reduce_sum(gradient, axis=0) for each in bias}


def _flat(values: tf.Tensor) -> tf.Tensor:
    """Return values with all but the last axis made one."""
    return tf.reshape(values, (-1, values.shape[-1]))

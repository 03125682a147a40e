"""Inner products of the tasks' gradients by the shared weights, without keeping the gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from mtl.graph.taps import Tap
from mtl.training.routes.cotangents import Cotangents, Unscaled, products


@dataclass(frozen=True)
class Sources:
    """What gradients are taken by.

    Attributes:
        weights: The shared weights.
        vectors: The rows of shared tables that the batch touched, each once: the gradient of a
            table is 0 elsewhere, so that nothing is left out.
        unscaled: Undoes the scaling of the loss.
        taps: Calls of dense layers that stand for their weights, which are not among `weights`.
    """

    weights: list[Any]
    vectors: list[tf.Tensor]
    unscaled: Unscaled
    taps: tuple[Tap, ...] = ()


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

    def combined(self, weights: tf.Tensor) -> dict[int, tf.Tensor]:
        """Return Σ_k w_k of the tasks' gradients by the layer's weights, by the weight's `id`."""
        layer = self.tap.layer
        own = tf.gather(weights, self.tasks)[tf.newaxis]
        summed = tf.reshape(tf.matmul(own, self.gradients), (-1, layer.units))
        inputs = tf.reshape(self.tap.inputs, (-1, self.tap.inputs.shape[-1]))
        kernel, *bias = layer.trainable_weights
        found = {id(kernel): tf.matmul(inputs, summed, transpose_a=True)}
        return found | {id(each): tf.reduce_sum(summed, axis=0) for each in bias}


def gramian_of_parameters(
    tape: tf.GradientTape, cotangents: Cotangents, sources: Sources
) -> tuple[tf.Tensor, list[Tapped]]:
    """Return the Gramian of the tasks' gradients by the shared weights, shape `(K, K)`.

    It is the sum of one Gramian a weight, so that no more than one weight's K gradients are put
    side by side. Of a dense layer that has a tap not even these are made, see `_gramian_of_tap`.

    Args:
        tape: Persistent, with the pass from the weights to the features.
        cotangents: The tasks' gradients by the features.
        sources: The shared weights.

    Returns:
        The Gramian, and what was found at the taps.
    """
    outputs = [tap.outputs for tap in sources.taps]
    by_task = gradients_by_task(tape, cotangents, [*outputs, *sources.weights, *sources.vectors])
    parts = [tf.zeros((cotangents.count, cotangents.count))]
    tapped = []
    for position, each in enumerate(zip(*by_task, strict=True)):
        reached = [task for task, gradient in enumerate(each) if gradient is not None]
        if not reached:
            continue
        stacked = sources.unscaled(side_by_side([each[task] for task in reached]))
        if position < len(outputs):
            own = _gramian_of_tap(sources.taps[position], stacked)
            tapped.append(Tapped(sources.taps[position], reached, stacked))
        else:
            own = products(stacked)
        parts.append(cotangents.spread(own, reached))
    return tf.add_n(parts), tapped


def _gramian_of_tap(tap: Tap, stacked: tf.Tensor) -> tf.Tensor:
    """Return the Gramian of the tasks' gradients by a dense layer's kernel and bias.

    With D_i a task's gradient by the outputs of N examples, that by the kernel is xᵀ D_i, and

        ⟨xᵀ D_i, xᵀ D_j⟩ = ⟨D_i, (x xᵀ) D_j⟩.

    Where there are fewer examples than features the right side is the cheaper one, in time and in
    memory. The bias adds a feature that is 1 everywhere.

    Args:
        tap: The call.
        stacked: The D_i, each flat, shape `(K, N · units)`.
    """
    units, features = tap.layer.units, tap.layer.kernel.shape[0]
    inputs = tf.reshape(tap.inputs, (-1, features))
    tasks, size = stacked.shape
    examples = size and size // units
    gradients = tf.reshape(stacked, (tasks, examples or -1, units))
    if examples is not None and examples < features:
        alike = tf.matmul(inputs, inputs, transpose_b=True)
        if tap.layer.use_bias:
            alike += 1.0
        weighed = [tf.matmul(alike, each) for each in tf.unstack(gradients)]
        gramian = products(stacked, weighed)
        return (gramian + tf.transpose(gramian)) / 2  # symmetric but for rounding
    kernels = tf.matmul(inputs, gradients, transpose_a=True)
    gramian = products(tf.reshape(kernels, (tasks, -1)))
    if tap.layer.use_bias:
        gramian += products(tf.reduce_sum(gradients, axis=1))
    return gramian


def gramian_of_halves(
    tape: tf.GradientTape, first: Cotangents, second: Cotangents, sources: Sources
) -> tf.Tensor:
    """Return the products of the first half's gradients with the second's, shape `(K, K)`."""
    count = first.count
    parts = [tf.zeros((count, count))]
    for ours, theirs in zip(
        zip(*rows(tape, first, sources), strict=True),
        zip(*rows(tape, second, sources), strict=True),
        strict=True,
    ):
        reached = [task for task, gradient in enumerate(ours) if gradient is not None]
        if reached:
            both = side_by_side([*(ours[k] for k in reached), *(theirs[k] for k in reached)])
            left, right = tf.split(sources.unscaled(both), 2)
            parts.append(first.spread(products(left, tf.unstack(right)), reached))
    return tf.add_n(parts)


def rows(tape: tf.GradientTape, cotangents: Cotangents, sources: Sources) -> list[list[Any]]:
    """Return for each task its gradient by each weight and each table's rows."""
    return gradients_by_task(tape, cotangents, [*sources.weights, *sources.vectors])


def gradients_by_task(
    tape: tf.GradientTape, cotangents: Cotangents, wanted: Sequence[Any]
) -> list[list[Any]]:
    """Return for each task its gradient by each tensor, None where nothing reaches one."""
    found = []
    for task in range(cotangents.count):
        features, gradients = cotangents.of(task)
        found.append(
            tape.gradient(features, list(wanted), output_gradients=gradients)
            if features
            else [None] * len(wanted)
        )
    return found


def side_by_side(gradients: Sequence[Any]) -> tf.Tensor:
    """Return gradients of one tensor as flat rows, shape `(K, size)`.

    Sparse ones, of a table that is looked up inside the graph, are laid out over the rows that any
    of them touches.
    """
    if all(isinstance(gradient, tf.IndexedSlices) for gradient in gradients):
        return _sparse_side_by_side(gradients)
    return tf.stack([tf.reshape(tf.convert_to_tensor(g), (-1,)) for g in gradients])


def _sparse_side_by_side(gradients: Sequence[tf.IndexedSlices]) -> tf.Tensor:
    indices = tf.concat([tf.reshape(each.indices, (-1,)) for each in gradients], axis=0)
    touched, places = tf.unique(indices)
    sizes = [tf.size(each.indices) for each in gradients]
    flat = [
        tf.reshape(
            tf.math.unsorted_segment_sum(each.values, own, tf.size(touched)),
            (-1,),
        )
        for each, own in zip(gradients, tf.split(places, sizes), strict=True)
    ]
    return tf.stack(flat)

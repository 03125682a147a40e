"""Inner products of the tasks' gradients by the shared weights, without keeping the gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from mtl.graph.taps import LookupTap, Tap
from mtl.training.routes.cotangents import Cotangents, Unscaled
from mtl.training.routes.stacked import Stacked
from mtl.training.routes.tapped import LookupTapped, Tapped, tapped_gradients


@dataclass(frozen=True)
class Sources:
    """What gradients are taken by.

    Attributes:
        weights: The shared weights.
        vectors: The rows of shared tables that the batch touched, each once: the gradient of a
            table is 0 elsewhere, so that nothing is left out.
        unscaled: Undoes the scaling of the loss.
        taps: Calls of layers that stand for their weights and tables, which are not among
            `weights` and `vectors`.
    """

    weights: list[Any]
    vectors: list[tf.Tensor]
    unscaled: Unscaled
    taps: tuple[Tap | LookupTap, ...] = ()


def gramian_of_parameters(
    tape: tf.GradientTape, cotangents: Cotangents, sources: Sources
) -> tuple[tf.Tensor, list[Tapped | LookupTapped]]:
    """Return the Gramian of the tasks' gradients by the shared weights, shape `(K, K)`.

    It is the sum of one Gramian a weight, so that no more than one weight's K gradients are put
    side by side. Of a layer that has a tap not even these are made, see `gramian_of_dense`.

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
    tapped: list[Tapped | LookupTapped] = []
    for position, each in enumerate(zip(*by_task, strict=True)):
        reached = [task for task, gradient in enumerate(each) if gradient is not None]
        if not reached:
            continue
        gradients = [each[task] for task in reached]
        if position < len(outputs):
            tap = sources.taps[position]
            tapped.append(tapped_gradients(tap, reached, gradients, sources.unscaled))
            own = tapped[-1].gramian()
        else:
            own = Stacked.of(dense(gradients)).map(sources.unscaled).products()
        parts.append(cotangents.spread(own, reached))
    return tf.add_n(parts), tapped


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
            both = dense([*(ours[k] for k in reached), *(theirs[k] for k in reached)])
            left, right = (
                Stacked.of(half).map(sources.unscaled)
                for half in (both[: len(reached)], both[len(reached) :])
            )
            parts.append(first.spread(left.products(right), reached))
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


def dense(gradients: Sequence[Any]) -> list[tf.Tensor]:
    """Return gradients of one tensor with all their numbers, in the same places.

    Sparse ones, of a table that is looked up inside the graph, are laid out over the rows that any
    of them touches.
    """
    if not all(isinstance(gradient, tf.IndexedSlices) for gradient in gradients):
        return [tf.convert_to_tensor(gradient) for gradient in gradients]
    indices = tf.concat([tf.reshape(each.indices, (-1,)) for each in gradients], axis=0)
    touched, places = tf.unique(indices)
    sizes = [tf.size(each.indices) for each in gradients]
    return [
        tf.math.unsorted_segment_sum(each.values, own, tf.size(touched))
        for each, own in zip(gradients, tf.split(places, sizes), strict=True)
    ]

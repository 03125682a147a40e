"""The gradients of each task's loss by the features where the shared part ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

Unscaled = Callable[[tf.Tensor], tf.Tensor]

# Up to how many rows inner products are taken with one of them at a time.
_FEW = 16


@dataclass(frozen=True)
class Feature:
    """One feature, with the gradients of the tasks that read it.

    Attributes:
        value: The feature, shape `(batch, …)`.
        tasks: The positions of the tasks that read it.
        gradients: Theirs, stacked, shape `(readers, batch, …)`, of the scaled losses.
    """

    value: tf.Tensor
    tasks: tuple[int, ...]
    gradients: tf.Tensor


class Cotangents:
    """What comes back to the shared part from the heads.

    Args:
        features: The features.
        readers: For each task, the positions of the features that it reads.
        gradients: For each task, its gradients by these, None where nothing reaches one.
        unscaled: Undoes the scaling of the loss.
    """

    def __init__(
        self,
        features: Sequence[tf.Tensor],
        readers: Sequence[Sequence[int]],
        gradients: Sequence[Sequence[Any]],
        unscaled: Unscaled,
    ) -> None:
        self.count = len(readers)
        self._unscaled = unscaled
        self.features = []
        for position, value in enumerate(features):
            reached = {
                task: gradients[task][read.index(position)]
                for task, read in enumerate(readers)
                if position in read and gradients[task][read.index(position)] is not None
            }
            if reached:
                stacked = tf.stack(list(reached.values()))
                self.features.append(Feature(value, tuple(reached), stacked))

    @property
    def values(self) -> list[tf.Tensor]:
        """The features that some task's gradient reaches."""
        return [feature.value for feature in self.features]

    def of(self, task: int) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """Return the features that one task's gradient reaches, and that gradient."""
        own = [feature for feature in self.features if task in feature.tasks]
        return [feature.value for feature in own], [
            feature.gradients[feature.tasks.index(task)] for feature in own
        ]

    def gramian(self) -> tf.Tensor:
        """Return the inner products of the tasks' gradients by all features, shape `(K, K)`."""
        parts = [tf.zeros((self.count, self.count))]
        for feature in self.features:
            flat = tf.reshape(feature.gradients, (len(feature.tasks), -1))
            parts.append(self.spread(products(self._unscaled(flat)), feature.tasks))
        return tf.add_n(parts)

    def combined(self, weights: tf.Tensor) -> list[tf.Tensor]:
        """Return Σ_k w_k of the tasks' gradients, for each of `values`, in the features' types."""
        found = []
        for feature in self.features:
            own = tf.gather(weights, feature.tasks)[tf.newaxis]
            flat = tf.reshape(feature.gradients, (len(feature.tasks), -1))
            # In single precision: a weight may be larger than float16 holds.
            summed = tf.matmul(own, tf.cast(flat, tf.float32))
            found.append(tf.cast(tf.reshape(summed, tf.shape(feature.value)), feature.value.dtype))
        return found

    def rows(self) -> list[tf.Tensor]:
        """Return for each of `values` the gradients of all K tasks, unscaled, zeros for others."""
        return [
            self._unscaled(
                feature.gradients
                if len(feature.tasks) == self.count
                else self._filled(feature.gradients, feature.tasks)
            )
            for feature in self.features
        ]

    def spread(self, gramian: tf.Tensor, tasks: Sequence[int]) -> tf.Tensor:
        """Put the Gramian of some tasks in its place in that of all."""
        if len(tasks) == self.count:
            return gramian
        places = tf.one_hot(tasks, self.count, dtype=gramian.dtype)
        return tf.matmul(places, tf.matmul(gramian, places), transpose_a=True)

    def _filled(self, gradients: tf.Tensor, tasks: Sequence[int]) -> tf.Tensor:
        shape = tf.concat(([self.count], tf.shape(gradients)[1:]), axis=0)
        return tf.scatter_nd(tf.constant(tasks)[:, tf.newaxis], gradients, shape)


def products(rows: tf.Tensor, others: Sequence[tf.Tensor] | None = None) -> tf.Tensor:
    """Return the inner products of K rows with each other, or with K others, shape `(K, K)`.

    Args:
        rows: Shape `(K, size)`.
        others: Each of `size` numbers; a tensor of shape `(K, size)` or a list.
    """
    flat = [
        tf.reshape(other, (1, -1)) for other in (tf.unstack(rows) if others is None else others)
    ]
    if len(flat) > _FEW:
        return tf.matmul(rows, rows if others is None else tf.concat(flat, 0), transpose_b=True)
    # A product with a single row is several times as fast as one matrix product of few rows.
    return tf.concat([tf.matmul(rows, other, transpose_b=True) for other in flat], axis=1)


def by_task(gradients: Mapping[str, Sequence[Any]], names: Sequence[str]) -> list[Sequence[Any]]:
    """Return gradients by position from those by name."""
    return [gradients[name] for name in names]

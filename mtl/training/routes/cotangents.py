"""The gradients of each task's loss by the features where the shared part ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import tensorflow as tf

from mtl.training.routes.stacked import Stacked

Unscaled = Callable[[tf.Tensor], tf.Tensor]


@dataclass(frozen=True)
class Feature:
    """One feature, with the gradients of the tasks that read it.

    Attributes:
        value: The feature, shape `(batch, …)`.
        tasks: The positions of the tasks that read it.
        gradients: Theirs, each of the feature's shape, of the scaled losses.
    """

    value: tf.Tensor
    tasks: tuple[int, ...]
    gradients: tuple[tf.Tensor, ...]

    @cached_property
    def stacked(self) -> Stacked:
        """The gradients, an example a row."""
        return Stacked.of(self.gradients)


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
                self.features.append(Feature(value, tuple(reached), tuple(reached.values())))

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
            own = feature.stacked.map(self._unscaled).products()
            parts.append(self.spread(own, feature.tasks))
        return tf.add_n(parts)

    def combined(self, weights: tf.Tensor) -> list[tf.Tensor]:
        """Return Σ_k w_k of the tasks' gradients, for each of `values`, in the features' types."""
        found = []
        for feature in self.features:
            # In single precision: a weight may be larger than float16 holds.
            single = feature.stacked.map(lambda values: tf.cast(values, tf.float32))
            summed = single.combined(tf.gather(weights, feature.tasks))
            found.append(tf.cast(tf.reshape(summed, tf.shape(feature.value)), feature.value.dtype))
        return found

    def rows(self) -> list[tf.Tensor]:
        """Return for each of `values` the gradients of all K tasks, unscaled, zeros for others."""
        return [
            self._unscaled(
                tf.stack(feature.gradients)
                if len(feature.tasks) == self.count
                else self._filled(feature)
            )
            for feature in self.features
        ]

    def spread(self, gramian: tf.Tensor, tasks: Sequence[int]) -> tf.Tensor:
        """Put the Gramian of some tasks in its place in that of all."""
        if len(tasks) == self.count:
            return gramian
        places = tf.one_hot(tasks, self.count, dtype=gramian.dtype)
        return tf.matmul(places, tf.matmul(gramian, places), transpose_a=True)

    def _filled(self, feature: Feature) -> tf.Tensor:
        """Return the gradients of all K tasks, zeros for those that do not read the feature."""
        rows = [tf.zeros_like(feature.value)] * self.count
        for task, gradient in zip(feature.tasks, feature.gradients, strict=True):
            rows[task] = gradient
        return tf.stack(rows)


def by_task(gradients: Mapping[str, Sequence[Any]], names: Sequence[str]) -> list[Sequence[Any]]:
    """Return gradients by position from those by name."""
    return [gradients[name] for name in names]

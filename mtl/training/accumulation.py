"""Adding up the gradients of several batches for one update."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf


@dataclass(frozen=True)
class Gradients:
    """What moves the weights.

    Attributes:
        touched: The numbers of each table's rows, each once.
        d_vectors: The gradients of those rows; None where nothing reaches them.
        gradients: By a weight's `id`; None where nothing reaches it.
        d_further: Those of variables that are not the model's.
    """

    touched: Mapping[str, tf.Tensor]
    d_vectors: Mapping[str, Any]
    gradients: Mapping[int, Any]
    d_further: Sequence[Any] = ()


class Accumulation:
    """The sum of the gradients since the last update.

    As Keras's optimizers do it: the gradients of n batches are added up, and the n-th makes an
    update with their mean, which is then clipped. Groups go on over the end of an epoch; one
    that the training ends within is lost. A batch without a gradient for a weight counts as one
    of 0.

    A table has a sum of its own shape, of which only touched rows are read and written; those
    that any batch of the group touched move.

    Args:
        steps: n.
        weights: The weights that are moved whole.
        tables: The tables of which a batch touches some rows, by their layers' names.
        further: Variables that are not the model's.
    """

    def __init__(
        self,
        steps: int,
        weights: Iterable[keras.Variable],
        tables: Mapping[str, keras.Variable],
        further: Sequence[keras.Variable],
    ) -> None:
        self.steps = steps
        self.count = tf.Variable(0, trainable=False, dtype=tf.int64)
        self._weights = {id(weight): _zeros(weight) for weight in weights}
        self._tables = {name: _zeros(table) for name, table in tables.items()}
        self._touched = {
            name: tf.Variable(tf.zeros(table.shape[0], tf.bool), trainable=False)
            for name, table in tables.items()
        }
        self._further = [_zeros(each) for each in further]

    @property
    def variables(self) -> list[tf.Variable]:
        """The sums, and how many batches they hold."""
        tables = [*self._tables.values(), *self._touched.values()]
        return [self.count, *self._weights.values(), *tables, *self._further]

    def add(self, given: Gradients, update: Callable[[Gradients], None]) -> tf.Tensor:
        """Take in a batch, and hand the mean of n batches on with every n-th.

        Args:
            given: The gradients of the batch.
            update: Moves the weights.

        Returns:
            Whether the weights were moved, a scalar.
        """
        names = [name for name in self._tables if given.d_vectors.get(name) is not None]
        keys = [key for key in self._weights if given.gradients[key] is not None]
        for name in names:
            rows, table = given.touched[name], self._tables[name]
            table.scatter_add(tf.IndexedSlices(tf.cast(given.d_vectors[name], table.dtype), rows))
            self._touched[name].scatter_update(tf.IndexedSlices(tf.ones_like(rows, tf.bool), rows))
        for key in keys:
            total = self._weights[key]
            total.assign_add(tf.cast(given.gradients[key], total.dtype))
        for total, gradient in zip(self._further, given.d_further, strict=False):
            if gradient is not None:
                total.assign_add(gradient)
        self.count.assign_add(1)

        def make_update() -> tf.Tensor:
            update(self._mean(given, names, keys))
            self._reset(names, keys)
            return tf.constant(True)

        return tf.cond(self.count >= self.steps, make_update, lambda: tf.constant(False))

    def _mean(self, given: Gradients, names: Sequence[str], keys: Sequence[int]) -> Gradients:
        touched = {
            name: tf.cast(tf.where(self._touched[name])[:, 0], given.touched[name].dtype)
            for name in names
        }
        d_vectors: dict[str, Any] = dict.fromkeys(given.d_vectors)
        d_vectors |= {
            name: tf.gather(self._tables[name], touched[name]) / self.steps for name in names
        }
        gradients: dict[int, Any] = dict.fromkeys(given.gradients)
        gradients |= {key: self._weights[key] / self.steps for key in keys}
        return Gradients(
            touched, d_vectors, gradients, [total / self.steps for total in self._further]
        )

    def _reset(self, names: Sequence[str], keys: Sequence[int]) -> None:
        for name in names:
            rows = tf.where(self._touched[name])[:, 0]
            width = self._tables[name].shape[1]
            zeros = tf.zeros((tf.shape(rows)[0], width), self._tables[name].dtype)
            self._tables[name].scatter_update(tf.IndexedSlices(zeros, rows))
            self._touched[name].assign(tf.zeros_like(self._touched[name]))
        for total in (*(self._weights[key] for key in keys), *self._further):
            total.assign(tf.zeros_like(total))
        self.count.assign(0)


def _zeros(like: keras.Variable) -> tf.Variable:
    return tf.Variable(tf.zeros(like.shape, like.dtype), trainable=False)

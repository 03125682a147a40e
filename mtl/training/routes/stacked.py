"""Tensors of one shape, one a task, and what is computed from all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import tensorflow as tf

# From how many numbers in a row on it pays to multiply rows apart.
_LONG = 64

# So many rows of a triangle are multiplied at once.
_BLOCK = 64


@dataclass(frozen=True)
class Stacked:
    """K tensors T_k of n rows of m numbers, whose rows lie side by side.

    That is what makes inner products of many fast: one matrix product of K rows of n · m numbers
    takes up to four times as long as n products of K rows of m, which fit into the caches.

    Attributes:
        values: Shape `(n, K, m)`.
    """

    values: tf.Tensor

    @classmethod
    def of(cls, tensors: Sequence[tf.Tensor]) -> Stacked:
        """Stack tensors of one shape: n is the first axis, m all others; a vector is one row."""
        return cls(tf.stack([_in_rows(each) for each in tensors], axis=1))

    @property
    def count(self) -> int:
        """K."""
        return int(self.values.shape[1])

    @property
    def rows(self) -> int | None:
        """n; None where it is known only when the graph runs."""
        return self.values.shape[0]

    def map(self, function: Callable[[tf.Tensor], tf.Tensor]) -> Stacked:
        """Return what a function makes of `values`."""
        return replace(self, values=function(self.values))

    def products(self, others: Stacked | None = None) -> tf.Tensor:
        """Return the inner products of each tensor with each, or with each other, `(K, K)`."""
        ours, theirs = self.values, self.values if others is None else others.values
        size = self.values.shape[-1]
        if size is not None and size < _LONG:
            ours, theirs = (
                tf.reshape(tf.transpose(each, (1, 0, 2)), (self.count, -1))
                for each in (ours, theirs)
            )
            return tf.matmul(ours, theirs, transpose_b=True)
        return tf.reduce_sum(tf.matmul(ours, theirs, transpose_b=True), axis=0)

    def products_through(self, matrix: tf.Tensor) -> tf.Tensor:
        """Return ⟨T_i, A T_j⟩, shape `(K, K)`, of a symmetric matrix A, shape `(n, n)`.

        With L what is below A's diagonal and half of the diagonal, A = L + Lᵀ, so that
        M = ⟨T_i, L T_j⟩ gives M + Mᵀ, and what is above the diagonal need not be multiplied.
        """
        rows = self.rows
        assert rows is not None, "the number of rows has to be known before the graph runs"
        lower = tf.linalg.band_part(matrix, -1, 0)
        lower = tf.linalg.set_diag(lower, tf.linalg.diag_part(matrix) / 2)
        parts = []
        for start in range(0, rows, _BLOCK):
            stop = min(start + _BLOCK, rows)
            before = Stacked(self.values[:stop]).before(lower[start:stop, :stop])
            parts.append(Stacked(self.values[start:stop]).products(before))
        half = tf.add_n(parts)
        return half + tf.transpose(half)

    def after(self, matrix: tf.Tensor) -> Stacked:
        """Return T_k A of a matrix A, shape `(m, columns)`."""
        return self.map(lambda values: tf.matmul(values, matrix))

    def before(self, matrix: tf.Tensor) -> Stacked:
        """Return A T_k of a matrix A, shape `(rows, n)`."""
        size = tf.shape(self.values)[-1]
        wide = tf.matmul(matrix, tf.reshape(self.values, (-1, self.count * size)))
        found = tf.reshape(wide, (-1, self.count, size))
        return Stacked(tf.ensure_shape(found, (matrix.shape[0], *self.values.shape[1:])))

    def sums(self) -> tf.Tensor:
        """Return the sum of each tensor's rows, shape `(K, m)`."""
        return tf.reduce_sum(self.values, axis=0)

    def combined(self, weights: tf.Tensor) -> tf.Tensor:
        """Return Σ_k w_k T_k, shape `(n, m)`, of weights of shape `(K,)`."""
        return tf.matmul(weights[tf.newaxis, tf.newaxis], self.values)[:, 0]


def _in_rows(tensor: tf.Tensor) -> tf.Tensor:
    """Return a tensor with its first axis as rows, or a vector as a single one."""
    if tensor.shape.rank < 2:
        return tf.reshape(tensor, (1, -1))
    sizes = tensor.shape.as_list()
    if None not in sizes[1:]:
        return tf.reshape(tensor, (-1, tf.TensorShape(sizes[1:]).num_elements()))
    return tf.reshape(tensor, (tf.shape(tensor)[0], -1))

"""What strategies that read each task's gradient have in common: presence, norms and sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from mtl.errors import MtlError


@dataclass(frozen=True)
class Part:
    """Who takes part in a step.

    Attributes:
        tasks: The tasks that are present and have a gradient, shape `(K,)`, bool; none where a
            gradient or a loss is not finite, as where float16 overflows: no state may move then.
        finite: Whether they all are finite, a scalar.
        norms: Each task's ‖g_k‖ over all tensors together, shape `(K,)`.
    """

    tasks: tf.Tensor
    finite: tf.Tensor
    norms: tf.Tensor

    def seen(self, weights: tf.Tensor) -> tf.Tensor:
        """Return weights, or NaN where the gradients are not finite: the update is seen to be."""
        return tf.where(self.finite, weights, tf.fill(tf.shape(weights), float("nan")))


def part(rows: Sequence[tf.Tensor], losses: tf.Tensor, present: tf.Tensor) -> Part:
    """Return who takes part.

    Args:
        rows: For each shared tensor the gradients, shape `(K, *shape)`.
        losses: The ℓ_k, shape `(K,)`; 0 where a task is absent, as its gradients are.
        present: Which tasks have labels in the batch, shape `(K,)`.
    """
    norms = tf.sqrt(squared_norms(rows))
    finite = tf.reduce_all(tf.math.is_finite(norms) & tf.math.is_finite(losses))
    return Part(present & (norms > 0) & finite, finite, norms)


def squared_norms(rows: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return Σ g_k² over all tensors together, shape `(K,)`."""
    flat = [flattened(row) for row in rows]
    return tf.add_n([tf.einsum("kp,kp->k", each, each) for each in flat])


def flattened(row: tf.Tensor) -> tf.Tensor:
    """Return a tensor's gradients as K vectors, shape `(K, size)`."""
    return tf.reshape(row, (row.shape[0], -1))


def weighted_sum(weights: tf.Tensor, row: tf.Tensor) -> tf.Tensor:
    """Return Σ_k w_k of a tensor's gradients, without a weighted copy of each."""
    return tf.tensordot(weights, row, axes=1)


def across(vector: tf.Tensor, row: tf.Tensor) -> tf.Tensor:
    """Return a number for each task in a shape that goes with a tensor's gradients."""
    return tf.reshape(vector, (-1, *[1] * (row.shape.rank - 1)))


def refuse_features(gradients: str, reason: str) -> None:
    """Raise MtlError where `gradients` is not `parameters`."""
    if gradients != "parameters":
        raise MtlError(f"balancing.gradients={gradients!r}. Expected parameters: {reason}.")

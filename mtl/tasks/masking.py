"""Missing labels: NaN in a task's labels, taken out so that neither values nor gradients see it."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from mtl.errors import MtlError


class Masked(NamedTuple):
    """A batch in which every number is finite where its weight is 0.

    Attributes:
        labels: Shape `(batch, columns)`, float32; 0 where the label is missing.
        predictions: Shape `(batch, units)`, float32; `neutral` where no label of the row, or of
            the row's column, is there. A prediction's gradient is exactly 0 there.
        weights: Shape `(batch, columns)`, float32; 0 where the label is missing.
    """

    labels: tf.Tensor
    predictions: tf.Tensor
    weights: tf.Tensor


def masked(
    y_true: tf.Tensor,
    y_pred: tf.Tensor,
    weights: tf.Tensor | None = None,
    *,
    exclusive: bool = False,
    neutral: float = 0.5,
) -> Masked:
    """Take missing labels and labels of weight 0 out of a batch.

    Both branches of a `where` are differentiated, and 0 · NaN is NaN, so labels and predictions
    are replaced before anything is computed from them, rather than losses afterwards.

    Exclusive classes may have several positions an example (the words of a sentence, say): each
    position then counts as an example of its own.

    Args:
        y_true: Labels, shape `(batch,)` or `(batch, columns)`; NaN where one is missing. With
            positions `(batch, positions)`.
        y_pred: Predictions, shape `(batch, units)`, or `(batch,)` for one unit. With positions
            `(batch, positions, units)`.
        weights: Shape `(batch,)` or `(batch, columns)`; 1 by default.
        exclusive: Whether labels are class numbers, one for each row; otherwise there are as many
            columns as units.
        neutral: A prediction of which every loss is finite.

    Raises:
        MtlError: Labels and predictions do not match.
    """
    if exclusive and len(y_pred.shape) == 3:
        y_true, y_pred, weights = _positions_as_examples(y_true, y_pred, weights)
    labels = _two_dimensional(y_true)
    predictions = _two_dimensional(y_pred)
    columns, units = labels.shape[1], predictions.shape[1]
    if columns != (1 if exclusive else units):
        raise MtlError(
            f"Labels of shape {tuple(labels.shape)} do not fit an output of shape"
            f" {tuple(predictions.shape)}. Expected an output of"
            f" {'one unit for each class' if exclusive else f'shape (batch, {columns})'}."
        )
    given = tf.ones_like(labels) if weights is None else _two_dimensional(weights)
    present = tf.logical_and(tf.logical_not(tf.math.is_nan(labels)), given > 0)
    return Masked(
        tf.where(present, labels, tf.zeros_like(labels)),
        tf.where(present, predictions, tf.constant(neutral, tf.float32)),
        tf.where(present, tf.broadcast_to(given, tf.shape(labels)), tf.zeros_like(labels)),
    )


def _positions_as_examples(
    y_true: tf.Tensor, y_pred: tf.Tensor, weights: tf.Tensor | None
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor | None]:
    """Put the positions of all examples below each other."""
    same = len(y_true.shape) == 2 and y_true.shape[1] in (None, y_pred.shape[1] or y_true.shape[1])
    if not same:
        raise MtlError(
            f"Labels of shape {tuple(y_true.shape)} do not fit an output of shape"
            f" {tuple(y_pred.shape)}. Expected a label a position: a target column of arrays."
        )
    if weights is not None:
        every = weights if len(weights.shape) == 2 else weights[:, None]
        weights = tf.reshape(tf.broadcast_to(every, tf.shape(y_true)), [-1])
    return tf.reshape(y_true, [-1]), tf.reshape(y_pred, [-1, y_pred.shape[-1]]), weights


def _two_dimensional(values: tf.Tensor) -> tf.Tensor:
    tensor = tf.cast(tf.convert_to_tensor(values), tf.float32)
    return tensor[:, None] if tensor.shape.rank == 1 else tensor

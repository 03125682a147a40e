"""The losses of all tasks on a batch, in the form in which batches can be added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf

from mtl.tasks.task import Task


def loss_sums(
    tasks: Mapping[str, Task],
    outputs: Mapping[str, tf.Tensor],
    targets: Mapping[str, tf.Tensor],
    weights: Mapping[str, tf.Tensor],
) -> tf.Tensor:
    """Return every task's weighted sum of losses and sum of weights, shape `(2, K)`.

    Call it in the function that computed the outputs: a loss of probabilities is computed from
    their logits, which Keras keeps beside an output only there.
    """
    pairs = [task.loss(targets[n], outputs[n], weights[n]) for n, task in tasks.items()]
    return tf.stack([tf.stack(column) for column in zip(*pairs, strict=True)])


def labelled(
    names: Sequence[str], targets: Mapping[str, tf.Tensor], weights: Mapping[str, tf.Tensor]
) -> tf.Tensor:
    """Return which tasks have a label of some weight in a batch, shape `(K,)`.

    It is what the sums of weights of `loss_sums` show, without any output.

    Args:
        names: The tasks.
        targets: Their labels, NaN where one is missing.
        weights: The examples' weights, shape `(batch,)` or that of the labels.
    """
    found = []
    for name in names:
        there = tf.logical_not(tf.math.is_nan(targets[name]))
        counted = weights[name] > 0
        more = there.shape.rank - counted.shape.rank
        counted = tf.reshape(counted, tf.concat([tf.shape(counted), [1] * more], axis=0))
        found.append(tf.reduce_any(there & counted))
    return tf.stack(found)

"""The losses of all tasks on a batch, in the form in which batches can be added up."""

from __future__ import annotations

from collections.abc import Mapping

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

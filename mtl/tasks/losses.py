"""A task's loss: one of Keras's or a plugin's, over labelled examples only, in float32."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from mtl.errors import MtlError
from mtl.tasks.masking import masked
from mtl.tasks.names import SHIPPED_LOSSES
from mtl.tasks.options import Choice
from mtl.tasks.registered import registered_losses

_WITH_LOGITS = {
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "sparse_categorical_crossentropy",
}
_SIGNED = {"hinge", "squared_hinge"}


class TaskLoss:
    """A loss that counts labelled examples only.

    `hinge` and `squared_hinge` compare labels of -1 and 1 with 2p - 1 for a probability p, because
    that is what heads give. Where a prediction still carries the logits from which a sigmoid or
    softmax made it, crossentropies are computed from these, as Keras itself does.

    A plugin's loss gets labels and predictions of shape `(labels, 1)`, all columns below each
    other. For exclusive classes it gets `(batch, units)`, the labels one-hot, or, if its name
    begins with `sparse`, class numbers of shape `(batch,)`. It returns one loss for each row.

    Args:
        choice: The loss's name, no alias, and its parameters.
        exclusive: Whether labels are class numbers; see `mtl.tasks.kinds.base.Kind`.

    Raises:
        MtlError: No loss has the name, or a plugin's loss refuses its parameters.
    """

    def __init__(self, choice: Choice, *, exclusive: bool) -> None:
        self.name = choice.name
        self.exclusive = exclusive
        shipped = self.name in SHIPPED_LOSSES
        self._takes_logits = shipped and self.name in _WITH_LOGITS
        self._signed = shipped and self.name in _SIGNED
        bare_name = self.name.rpartition(">")[2].lower()
        self._class_numbers = bare_name.startswith("sparse")
        make = _keras_function if shipped else _plugin_function
        self._function = make(self.name, choice.parameters)

    def sums(
        self, y_true: tf.Tensor, y_pred: tf.Tensor, weights: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return Σ w·l and Σ w over labelled examples, two float32 scalars.

        Without any labelled example both are 0, and so is every gradient.

        Args:
            y_true: Labels, shape `(batch,)` or `(batch, units)`; NaN where one is missing.
            y_pred: Predictions, shape `(batch, units)`, or `(batch,)` for one unit.
            weights: Shape `(batch,)` or `(batch, units)`; 1 by default.
        """
        logits = getattr(y_pred, "_keras_logits", None) if self._takes_logits else None
        source = y_pred if logits is None else logits
        batch = masked(y_true, source, weights, exclusive=self.exclusive)
        losses = self.each(batch.labels, batch.predictions, from_logits=logits is not None)
        return tf.reduce_sum(losses * batch.weights), tf.reduce_sum(batch.weights)

    def each(
        self, labels: tf.Tensor, predictions: tf.Tensor, *, from_logits: bool = False
    ) -> tf.Tensor:
        """Return the loss of each label, shape `(batch, columns)`.

        Args:
            labels: Shape `(batch, columns)`, without NaN.
            predictions: Shape `(batch, units)`.
            from_logits: Whether `predictions` are logits.
        """
        extra = {"from_logits": True} if from_logits else {}
        shape = tf.shape(labels)
        if self.exclusive and self._class_numbers:
            labels = tf.cast(labels[:, 0], tf.int32)
        elif self.exclusive:
            labels = tf.one_hot(tf.cast(labels[:, 0], tf.int32), predictions.shape[1])
        else:
            labels, predictions = tf.reshape(labels, [-1, 1]), tf.reshape(predictions, [-1, 1])
        if self._signed:
            labels, predictions = 2 * labels - 1, 2 * predictions - 1
        losses = tf.cast(self._function(labels, predictions, **extra), tf.float32)
        if losses.shape.rank not in (1, 2) or losses.shape[1:].num_elements() != 1:
            raise MtlError(
                f"The loss {self.name!r} returned shape {tuple(losses.shape)}. Expected one loss"
                " for each row, (batch,): reduce the last axis and no other."
            )
        return tf.reshape(losses, shape)


def _keras_function(name: str, parameters: Mapping[str, Any]) -> Callable[..., tf.Tensor]:
    return partial(getattr(keras.losses, name), **parameters)


def _plugin_function(name: str, parameters: Mapping[str, Any]) -> Callable[..., tf.Tensor]:
    found = registered_losses().get(name)
    if found is None:
        raise MtlError(f"No loss is called {name!r}.")
    if not isinstance(found, type):
        return partial(found, **parameters)
    try:
        loss = found(**parameters)
    except (TypeError, ValueError) as error:
        raise MtlError(f"The loss {name!r} refuses its parameters: {error}") from error
    function: Callable[..., tf.Tensor] = loss.call
    return function

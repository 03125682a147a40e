"""Updating only those rows of an embedding that a batch touched.

Keras's optimizers move every row of a table at every step, although for most rows nothing changes.
The classes here give the same table from the touched rows alone, and only where that is exact: a
row without a gradient must stay where it is, and what its moments lose meanwhile is made up when it
is touched again. For Adam, which moves untouched rows too, there is the lazy form that does not;
it is another optimizer and is taken only when asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import keras
import tensorflow as tf


class RowUpdate(ABC):
    """The update of one table's touched rows, with its own moments.

    Args:
        optimizer: The Keras optimizer whose rule and parameters are used.
        table: The variable of shape `(rows, width)`.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, table: keras.Variable) -> None:
        self.optimizer = optimizer
        self.table = table
        self.slots = self.build()

    @abstractmethod
    def build(self) -> dict[str, tf.Variable]:
        """Make the moments."""

    @abstractmethod
    def change(
        self, rows: tf.Tensor, gradient: tf.Tensor, learning_rate: tf.Tensor, step: tf.Tensor
    ) -> tf.Tensor:
        """Update the moments of some rows and return what is to be subtracted from them.

        Args:
            rows: The rows' numbers, each once. Shape `(touched,)`.
            gradient: Their gradients. Shape `(touched, width)`.
            learning_rate: A scalar.
            step: How many updates came before this one. A scalar integer.
        """

    def apply(
        self, rows: tf.Tensor, gradient: tf.Tensor, learning_rate: tf.Tensor, step: tf.Tensor
    ) -> None:
        """Move the given rows of the table; the arguments are those of `change`."""
        dtype = self.table.dtype
        gradient, learning_rate = tf.cast(gradient, dtype), tf.cast(learning_rate, dtype)
        change = self.change(rows, gradient, learning_rate, step)
        self.table.value.scatter_sub(tf.IndexedSlices(change, rows))

    def slot(self, name: str, value: float = 0.0) -> tf.Variable:
        """Make a moment of the table's shape, filled with a value."""
        initial = tf.fill(self.table.shape, tf.cast(value, self.table.dtype))
        return tf.Variable(initial, trainable=False, name=f"{self.table.name}/{name}")


class SGDRows(RowUpdate):
    """Gradient descent without momentum: exact, since a row without a gradient does not move."""

    def build(self) -> dict[str, tf.Variable]:
        """Make the moments: there are none."""
        return {}

    def change(
        self, rows: tf.Tensor, gradient: tf.Tensor, learning_rate: tf.Tensor, step: tf.Tensor
    ) -> tf.Tensor:
        """Return η g."""
        return learning_rate * gradient


class AdagradRows(RowUpdate):
    """Adagrad: exact, since a row without a gradient keeps its accumulator."""

    def build(self) -> dict[str, tf.Variable]:
        """Make the accumulator."""
        return {"accumulator": self.slot("accumulator", self.optimizer.initial_accumulator_value)}

    def change(
        self, rows: tf.Tensor, gradient: tf.Tensor, learning_rate: tf.Tensor, step: tf.Tensor
    ) -> tf.Tensor:
        """Return η g / √(a + ε) after a ← a + g²."""
        accumulator = tf.gather(self.slots["accumulator"], rows) + tf.square(gradient)
        self.slots["accumulator"].scatter_update(tf.IndexedSlices(accumulator, rows))
        return learning_rate * gradient / tf.sqrt(accumulator + self.optimizer.epsilon)


class RMSpropRows(RowUpdate):
    """RMSprop without momentum: exact but for rounding.

    A row without a gradient does not move and its moments shrink by ρ a step. The step of each
    row's last update is kept, and the moments are multiplied by ρ^(steps since) when it is touched.
    """

    def build(self) -> dict[str, tf.Variable]:
        """Make the moments and each row's last step."""
        slots = {"velocity": self.slot("velocity")}
        if self.optimizer.centered:
            slots["average_gradient"] = self.slot("average_gradient")
        rows = self.table.shape[0]
        slots["last_step"] = tf.Variable(tf.zeros(rows, tf.int64), trainable=False)
        return slots

    def change(
        self, rows: tf.Tensor, gradient: tf.Tensor, learning_rate: tf.Tensor, step: tf.Tensor
    ) -> tf.Tensor:
        """Return η g / √(v + ε) after v ← ρ^n v + (1 - ρ) g², n the steps since the last one."""
        step = tf.cast(step, tf.int64) + 1
        since = tf.cast(step - tf.gather(self.slots["last_step"], rows), gradient.dtype)
        decay = tf.pow(tf.cast(self.optimizer.rho, gradient.dtype), since)[:, tf.newaxis]
        denominator = self._moved("velocity", rows, decay, tf.square(gradient))
        if self.optimizer.centered:
            denominator -= tf.square(self._moved("average_gradient", rows, decay, gradient))
        last_step = tf.fill(tf.shape(rows), step)
        self.slots["last_step"].scatter_update(tf.IndexedSlices(last_step, rows))
        return learning_rate * gradient / tf.sqrt(denominator + self.optimizer.epsilon)

    def _moved(self, name: str, rows: tf.Tensor, decay: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
        slot = self.slots[name]
        moved = decay * tf.gather(slot, rows) + (1 - self.optimizer.rho) * value
        slot.scatter_update(tf.IndexedSlices(moved, rows))
        return moved


class LazyAdamRows(RowUpdate):
    """Adam on the touched rows alone, their moments unchanged while they are untouched.

    This is not Keras's Adam, which goes on moving a row after its last gradient.
    """

    def build(self) -> dict[str, tf.Variable]:
        """Make both moments."""
        return {"momentum": self.slot("momentum"), "velocity": self.slot("velocity")}

    def change(
        self, rows: tf.Tensor, gradient: tf.Tensor, learning_rate: tf.Tensor, step: tf.Tensor
    ) -> tf.Tensor:
        """Return η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε), t counting all steps."""
        optimizer = self.optimizer
        count = tf.cast(step, gradient.dtype) + 1
        momentum = self._moved("momentum", rows, optimizer.beta_1, gradient)
        velocity = self._moved("velocity", rows, optimizer.beta_2, tf.square(gradient))
        correction = tf.sqrt(1 - tf.pow(optimizer.beta_2, count)) / (
            1 - tf.pow(optimizer.beta_1, count)
        )
        return learning_rate * correction * momentum / (tf.sqrt(velocity) + optimizer.epsilon)

    def _moved(self, name: str, rows: tf.Tensor, beta: float, value: tf.Tensor) -> tf.Tensor:
        slot = self.slots[name]
        before = tf.gather(slot, rows)
        moved = before + (value - before) * (1 - beta)
        slot.scatter_update(tf.IndexedSlices(moved, rows))
        return moved


EXACT: dict[type[keras.optimizers.Optimizer], type[RowUpdate]] = {
    keras.optimizers.SGD: SGDRows,
    keras.optimizers.RMSprop: RMSpropRows,
    keras.optimizers.Adagrad: AdagradRows,
}
LAZY: dict[type[keras.optimizers.Optimizer], type[RowUpdate]] = {
    **EXACT,
    keras.optimizers.Adam: LazyAdamRows,
}


def row_update(
    optimizer: keras.optimizers.Optimizer, mode: str
) -> tuple[type[RowUpdate] | None, str]:
    """Choose how an optimizer updates the touched rows of a table.

    Args:
        optimizer: Any Keras optimizer.
        mode: `exact` (the rows' update where it gives the table that the optimizer gives), `lazy`
            (also where it does not) or `dense` (never).

    Returns:
        The update's class, or None where the whole table is to be updated; and the reason, empty
        where there is an update.
    """
    name = type(optimizer).__name__
    known = {"exact": EXACT, "lazy": LAZY, "dense": {}}[mode]
    hindrances = {
        "training.embedding_updates is dense": mode == "dense",
        f"{name} moves rows that have no gradient": type(optimizer) not in known,
        f"{name} with momentum moves rows that have no gradient": bool(
            getattr(optimizer, "momentum", 0.0)
        ),
        f"{name} with weight decay moves rows that have no gradient": bool(optimizer.weight_decay),
        f"{name} with amsgrad keeps a maximum for each row": getattr(optimizer, "amsgrad", False),
        "the moving average of the weights reads every row": optimizer.use_ema,
        "gradients are accumulated over several steps": bool(optimizer.gradient_accumulation_steps),
    }
    reason = next((text for text, holds in hindrances.items() if holds), "")
    return (None, reason) if reason else (known[type(optimizer)], "")

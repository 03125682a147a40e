"""One task a step, in turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import tensorflow as tf

from mtl.balancing.base import TurnBalancer
from mtl.balancing.per_task import check_names, is_number
from mtl.errors import MtlError
from mtl.registry import balancer


@balancer("alternating")
class Alternating(TurnBalancer):
    """Each loss is back-propagated by a step of its own, in turn.

    The turn goes round robin in the order of the tasks, or in a given ratio: after a tasks' own
    number of steps in a row it is the next one's. The weight of the task whose turn it is is 1, the
    others' 0. A task without labels in the batch hands its turn on to the next one that has some,
    and the order goes on after that one: no step is spent on a task that has nothing to learn. A
    batch without any label is nobody's turn.

    Sharing one optimizer is the simple way. Its moments, as Adam has, then mix all tasks'
    gradients, and shared weights are moved by what earlier turns left in the momentum. With an
    optimizer for each task they do not, at the price of one set of moments a task.

    Args:
        weights: See `Balancer`.
        ratio: How many steps in a row each task has, by name, 1 or more, in the order of the turns:
            `{main: 2, aux: 1}` is main, main, aux, main, … None: one each, in the order of the
            tasks.
        optimizers: `shared`, one optimizer, the default, or `own`, one for each task.
        learning_rate_factors: With optimizers of their own, by what the learning rate is multiplied
            for each task, by name, above 0; 1 for those that it does not name. A schedule is
            multiplied too.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        ratio: Mapping[str, int] | None = None,
        optimizers: Literal["shared", "own"] = "shared",
        learning_rate_factors: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(weights)
        if optimizers not in ("shared", "own"):
            raise MtlError(f"balancing.optimizers={optimizers!r}. Expected shared or own.")
        ratio = dict.fromkeys(self.names, 1) if ratio is None else ratio
        check_names("ratio", ratio, self.names, complete=True)
        if not all(type(count) is int and count >= 1 for count in ratio.values()):
            raise MtlError(
                f"balancing.ratio={dict(ratio)!r}. Expected a whole number of steps, 1 or more,"
                " for each task."
            )
        factors = learning_rate_factors or {}
        check_names("learning_rate_factors", factors, self.names, complete=False)
        if not all(is_number(factor) and factor > 0 for factor in factors.values()):
            raise MtlError(
                f"balancing.learning_rate_factors={dict(factors)!r}. Expected numbers above 0."
            )
        if factors and optimizers == "shared":
            raise MtlError(
                f"balancing.learning_rate_factors={dict(factors)!r}. Expected none with one"
                " optimizer for all tasks; balancing.optimizers=own gives each its own."
            )
        self.own_optimizers = optimizers == "own"
        self.learning_rate_factors = factors
        self._cycle = [
            self.names.index(name) for name, count in ratio.items() for _ in range(count)
        ]

        self.shift = self.remember("shift", 0, dtype="int64")

    def turn(self, present: tf.Tensor) -> tf.Tensor:
        """Return the position of the task whose turn it is, and note what was handed on."""
        length = len(self._cycle)
        start = (self.step.value + self.shift.value) % length
        order = tf.gather(
            tf.constant(self._cycle), (start + tf.range(length, dtype=start.dtype)) % length
        )
        there = tf.gather(present, order)
        handed_on = tf.argmax(tf.cast(there, tf.int32))  # the first, and 0 where there is none
        self.shift.assign_add(tf.where(tf.reduce_any(there), handed_on, -1))
        return tf.gather(order, handed_on)

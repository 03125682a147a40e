"""Moving the weights: clipping, the optimizer, and the rows of tables that a batch touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any

import keras
import tensorflow as tf

from mtl.training.accumulation import Accumulation, Gradients
from mtl.training.optimizers import Clipping
from mtl.training.rows import RowUpdate, row_update


class Updates:
    """Moves weights and tables by their gradients.

    Args:
        weights: The weights that are moved whole.
        tables: The tables of which a batch touches some rows, by their layers' names.
        optimizer: The optimizer, not built yet and without clipping of its own.
        clipping: Bounds the gradients.
        embedding_updates: `exact`, `lazy` or `dense`; see `mtl.training.rows.row_update`.
        further: Variables that are not the model's, which are neither clipped nor decayed.

    Attributes:
        rows: How the touched rows of tables are updated, by the table's name; none where whole
            tables are.
        reason: Why whole tables are updated.
    """

    def __init__(
        self,
        weights: Iterable[keras.Variable],
        tables: Mapping[str, keras.Variable],
        optimizer: keras.optimizers.Optimizer,
        clipping: Clipping,
        embedding_updates: str,
        further: Sequence[keras.Variable] = (),
    ) -> None:
        self.optimizer = optimizer
        self.clipping = clipping
        self.tables = dict(tables)
        self.further = list(further)
        found, self.reason = row_update(optimizer, embedding_updates)
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            found, self.reason = None, "the loss is scaled"
        self.rows: dict[str, RowUpdate] = {}
        if found is not None:
            self.rows = {name: found(optimizer, table) for name, table in self.tables.items()}
        self.weights = list(weights)
        self._reached: set[int] | None = None
        self._accumulation: Accumulation | None = None
        whole = [table for name, table in self.tables.items() if name not in self.rows]
        if self.further:
            optimizer.exclude_from_weight_decay(var_list=self.further)
        optimizer.build([*self.weights, *whole, *self.further])

    def limited_to(self, reached: set[int]) -> Updates:
        """Return the same that leaves all weights and tables but some alone.

        Args:
            reached: The `id` of those.
        """
        limited = copy(self)
        limited._reached = reached  # noqa: SLF001 a copy of this very class
        return limited

    def accumulated_over(self, steps: int) -> Updates:
        """Return the same that moves the weights once in so many calls of `apply`.

        A scaled loss is the optimizer's affair: it leaves out gradients that overflowed, so it
        counts those that it adds up itself.
        """
        if steps == 1 or self._accumulates_inside:
            return self
        accumulating = copy(self)
        accumulating._accumulation = Accumulation(  # noqa: SLF001 a copy of this very class
            steps,
            filter(self._reaches, self.weights),
            {name: table for name, table in self.tables.items() if self._reaches(table)},
            self.further,
        )
        return accumulating

    @property
    def variables(self) -> list[Any]:
        """What the updates remember: moments, steps and sums of gradients."""
        slots = [slot for rows in self.rows.values() for slot in rows.slots.values()]
        sums = [] if self._accumulation is None else self._accumulation.variables
        return [*self.optimizer.variables, *slots, *sums]

    def apply(
        self,
        touched: Mapping[str, tf.Tensor],
        d_vectors: Mapping[str, Any],
        gradients: Mapping[int, Any],
        d_further: Sequence[Any] = (),
    ) -> tf.Tensor | bool:
        """Clip all gradients together and move the weights.

        Args:
            touched: The numbers of each table's rows in the batch, each once.
            d_vectors: The gradients of those rows.
            gradients: By a weight's `id`; None where nothing reaches it.
            d_further: The gradients of `further`.

        Returns:
            Whether the weights were moved: not where gradients are still added up.
        """
        given = Gradients(touched, d_vectors, gradients, d_further)
        if self._accumulation is not None:
            return self._accumulation.add(given, self._move)
        if not self._accumulates_inside:
            self._move(given)
            return True
        further = [*d_further, *[None] * (len(self.further) - len(d_further))]
        zeros = [
            tf.zeros_like(each.value) if gradient is None else gradient
            for each, gradient in zip(self.further, further, strict=True)
        ]
        before = tf.identity(self.optimizer.iterations)
        self._move(Gradients(touched, d_vectors, gradients, zeros))
        return self.optimizer.iterations > before

    def _move(self, given: Gradients) -> None:
        touched, d_vectors, gradients = given.touched, given.d_vectors, given.gradients
        names = [
            name
            for name, table in self.tables.items()
            if d_vectors[name] is not None and self._reaches(table)
        ]
        dense = [
            (weight, gradients[id(weight)])
            for weight in self.weights
            if gradients[id(weight)] is not None and self._reaches(weight)
        ]
        clipped = self.clipping(
            [summed(d_vectors[name]) for name in names] + [summed(g) for _, g in dense]
        )
        by_table = dict(zip(names, clipped, strict=False))
        pairs = [(w, g) for (w, _), g in zip(dense, clipped[len(names) :], strict=True)]
        for name in names:
            if name not in self.rows:
                table = self.tables[name]
                pairs.append((table, whole_table(table, touched[name], by_table[name])))
        pairs += [
            (each, gradient)
            for each, gradient in zip(self.further, given.d_further, strict=False)
            if gradient is not None
        ]
        rate = tf.convert_to_tensor(self.optimizer.learning_rate)
        step = tf.convert_to_tensor(self.optimizer.iterations)
        for name in names:
            if name in self.rows:
                self.rows[name].apply(touched[name], by_table[name], rate, step)
        if pairs:
            self.optimizer.apply([g for _, g in pairs], [w for w, _ in pairs])
        elif not self._accumulates_inside:
            self.optimizer.iterations.assign_add(1)  # apply() does not count an empty update

    @property
    def _accumulates_inside(self) -> bool:
        """Whether the optimizer adds up gradients itself."""
        inner = getattr(self.optimizer, "inner_optimizer", self.optimizer)
        return bool(inner.gradient_accumulation_steps)

    def _reaches(self, weight: keras.Variable) -> bool:
        return self._reached is None or id(weight) in self._reached


def whole_table(table: keras.Variable, rows: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    """Return the gradient of a whole table from that of some of its rows, each once."""
    return tf.scatter_nd(rows[:, tf.newaxis], gradient, tuple(table.shape))


def summed(gradient: Any) -> tf.Tensor | None:
    """Sum the rows that occur several times in a sparse gradient."""
    return None if gradient is None else tf.convert_to_tensor(gradient)


def added(gradient: Any, more: Any) -> Any:
    """Return the sum of two gradients, either of which may be None."""
    if gradient is None or more is None:
        return more if gradient is None else gradient
    return gradient + more

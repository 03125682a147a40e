"""For strategies that read the tasks' gradients themselves, one row a task."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import keras
import tensorflow as tf

from mtl.balancing.base import RowBalancer
from mtl.layers.recurrence import compiled_apart
from mtl.training.routes.cotangents import Cotangents
from mtl.training.routes.parameters import rows
from mtl.training.routes.parts import Forward, PartsRoute
from mtl.training.routes.route import Computed, Tensors
from mtl.training.updates import added, summed, whole_table


class RowsRoute(PartsRoute):
    """Hands the strategy every task's gradient, and takes the update from it.

    At the features that costs no more than any other strategy. In the parameters it takes one pass
    through the trunk for each task and memory for K gradients, and tables are updated whole: what
    a strategy remembers of a row may move it when the batch does not touch it.
    """

    balancer: RowBalancer

    @property
    def shared(self) -> list[keras.Variable]:
        """The shared weights and tables, in the order in which the strategy sees them."""
        weights, tables = self._shared()
        return [*weights, *(self.graph.tables[name] for name in tables)]

    def __call__(self, inputs: Tensors, targets: Tensors, weights: Tensors) -> Computed:
        """Compute a batch."""
        apart = compiled_apart() if self.compilation.loops_apart else nullcontext()
        with apart:
            forward = self.forward(inputs, targets, weights)
            cotangents, d_heads = self.back_to_features(forward, forward.losses)
            balance = {}
            gramian, _ = self._gramian(forward, cotangents)
            if gramian is not None:
                balance["gramian"] = self.shown(gramian)
            if self.balancer.gradients == "features":
                factors, features = self._at_features(forward, cotangents)
                updates: list[tf.Tensor] = []
            else:
                factors, updates = self._in_parameters(forward, cotangents)
                features = cotangents.combined(factors)
            d_trunk = self.back_through_trunk(forward, cotangents.values, features)
        balance["weights"] = self.reported(factors)
        found = self.gathered(forward, factors, d_heads, d_trunk, [], balance)
        return self._with_updates(found, forward, updates) if updates else found

    def _at_features(
        self, forward: Forward, cotangents: Cotangents
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Return the weights to report and the combined gradient by each feature."""
        features = cotangents.values
        given = [tf.cast(each, tf.float32) for each in features]
        combined, factors = self._combine(cotangents.rows(), given, forward)
        return factors, [
            tf.cast(self.scaled(update), feature.dtype)
            for update, feature in zip(combined, features, strict=True)
        ]

    def _in_parameters(
        self, forward: Forward, cotangents: Cotangents
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Return the weights to report and the combined gradient by each of `shared`."""
        by_task = rows(forward.tape, cotangents, self._sources(forward))
        stacked = [
            tf.stack([self._row(gradient, weight, forward) for gradient in each])
            for weight, each in zip(self.shared, zip(*by_task, strict=True), strict=True)
        ]
        combined, factors = self._combine(stacked, None, forward)
        return factors, [
            tf.cast(self.scaled(update), weight.dtype)
            for weight, update in zip(self.shared, combined, strict=True)
        ]

    def _combine(
        self, stacked: Sequence[tf.Tensor], features: Sequence[tf.Tensor] | None, forward: Forward
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        present = forward.present
        combined, factors = self.balancer.combine(stacked, features, forward.losses, present)
        scaled = [self.balancer.scaled(each, present) for each in (*combined, factors)]
        return scaled[:-1], scaled[-1]

    def _row(self, gradient: Any, weight: keras.Variable, forward: Forward) -> tf.Tensor:
        """Return one task's gradient by a shared weight or a whole table, in its shape."""
        if gradient is None:
            return tf.zeros(weight.shape)
        dense = self.unscaled(summed(gradient))
        name = self._table_name(weight)
        return dense if name is None else self._whole(name, forward, dense)

    def _with_updates(
        self, found: Computed, forward: Forward, updates: Sequence[tf.Tensor]
    ) -> Computed:
        """Put the strategy's updates in the place of weighted sums, and tables among weights."""
        gradients = dict(found.gradients)
        for name, table in self.graph.tables.items():
            gradients[id(table)] = self._whole(name, forward, found.d_vectors[name])
        shared, tables = self._shared()
        regularising = self._regularising(forward, shared, tables)
        by_table = [
            self._whole(name, forward, touched)
            for name, touched in zip(tables, regularising["vectors"], strict=True)
        ]
        more = [*regularising["weights"], *by_table]
        for weight, update, each in zip(self.shared, updates, more, strict=True):
            gradients[id(weight)] = added(update, each)
        return replace(found, gradients=gradients, d_vectors={})

    def _whole(self, name: str, forward: Forward, touched: Any) -> Any:
        """Return the gradient of a whole table from that of its touched rows; None of None."""
        if touched is None:
            return None
        return whole_table(self.graph.tables[name], forward.fetched.rows[name], touched)

    def _table_name(self, weight: keras.Variable) -> str | None:
        return next((name for name, table in self.graph.tables.items() if table is weight), None)

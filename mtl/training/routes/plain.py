"""One backward pass: for strategies that read the losses alone, and for one task a step."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from mtl.balancing.base import LossBalancer
from mtl.tasks.sums import loss_sums
from mtl.training.routes.route import (
    Computed,
    Ingredients,
    Route,
    Tensors,
    compiled_by_xla,
    values,
)
from mtl.training.updates import added, summed


class PlainRoute(Route):
    """Differentiates the strategy's total.

    The graph is divided at its embeddings (`mtl.graph.division`): each distinct id of the batch is
    looked up once, and the rest may be compiled by XLA.

    Args:
        given: What the step is made of.
        turn: The position of the only task that is trained; None for all of them.
    """

    def __init__(self, given: Ingredients, *, turn: int | None = None) -> None:
        super().__init__(given)
        self.turn = turn
        self.core_compiled = compiled_by_xla(self._core)

    def __call__(self, inputs: Tensors, targets: Tensors, weights: Tensors) -> Computed:
        """Compute a batch."""
        fetched = self.graph.fetch(inputs)
        with tf.GradientTape() as tape:
            tape.watch(fetched.vectors)
            fed = self.graph.feed(fetched)
        sums, outputs, gradients = self.run(
            self._core, self.core_compiled, inputs, fed, targets, weights
        )
        d_fed, d_weights, d_further, factors = gradients
        by_weight = dict(zip(map(id, self.weights), d_weights, strict=True))
        d_vectors: dict[str, Any] = dict.fromkeys(self.graph.tables)
        if fed:
            d_vectors, d_projecting = tape.gradient(
                fed, (fetched.vectors, values(self.weights)), output_gradients=d_fed
            )
            for weight, gradient in zip(self.weights, d_projecting, strict=True):
                by_weight[id(weight)] = added(by_weight[id(weight)], gradient)
        losses, present = self.losses(sums)
        return Computed(
            sums,
            outputs,
            losses,
            present,
            fetched.rows,
            d_vectors,
            by_weight,
            d_further,
            {"weights": self.reported(tf.where(present, factors, tf.zeros_like(factors)))},
        )

    def _core(
        self, inputs: Tensors, fed: list[tf.Tensor], targets: Tensors, weights: Tensors
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor], tuple[Any, ...]]:
        """Compute losses, outputs and gradients from what was looked up."""
        with tf.GradientTape() as tape:
            tape.watch(fed)
            outputs = self.graph(inputs, fed, training=True)
            sums = loss_sums(self.tasks, outputs, targets, weights)
            losses, present = self.losses(sums)
            tape.watch(losses)  # of a graph without weights too
            total = self._total(losses, present)
            regularisation = self.regularisation()
            minimised = total if regularisation is None else total + regularisation
            minimised = self.scaled(minimised)
        further = values(self.balancer.trainable)
        d_fed, d_weights, d_further, factors = tape.gradient(
            minimised, (fed, values(self.weights), further, losses)
        )
        d_fed = [
            tf.zeros_like(value) if gradient is None else gradient
            for value, gradient in zip(fed, d_fed, strict=True)
        ]
        if isinstance(self.balancer, LossBalancer):
            factors = self.balancer.check_reads_losses(factors)
        factors = self.unscaled(factors)
        return sums, outputs, (d_fed, [summed(g) for g in d_weights], d_further, factors)

    def _total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return what is minimised beside the regularisation."""
        if self.turn is not None:
            return losses[self.turn]
        if isinstance(self.balancer, LossBalancer):
            return self.balancer.scaled_total(losses, present)
        return tf.reduce_sum(losses)  # a single task, whose gradient is the update

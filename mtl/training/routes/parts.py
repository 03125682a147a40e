"""One pass to the features where the shared part ends, a solver, and one pass through the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mtl.graph.branches import Branches
from mtl.graph.division import Fetched
from mtl.graph.taps import LookupTap, Tap
from mtl.layers.recurrence import compiled_apart
from mtl.tasks.sums import loss_sums
from mtl.training.routes.cotangents import Cotangents, by_task
from mtl.training.routes.parameters import (
    Sources,
    gramian_of_halves,
    gramian_of_parameters,
)
from mtl.training.routes.route import Computed, Ingredients, Route, Tensors, values
from mtl.training.routes.tapped import LookupTapped, Tapped
from mtl.training.updates import added, summed


@dataclass(frozen=True)
class Forward:
    """A pass through the graph, to be differentiated.

    Attributes:
        tape: Persistent.
        fetched: What was looked up.
        outputs: By name.
        features: Where the trunk ends.
        copies: Each task's own copies of those that it reads.
        sums: Every task's loss sum and weight sum.
        losses: The ℓ_k.
        present: Which of the strategy's tasks have labels.
        regularisation: What the layers add to the loss; None where none does.
        halves: The ℓ_k of the batch's first half and of its second, where the strategy reads them.
        taps: Those of the trunk, where the Gramian is that of the parameters.
    """

    tape: tf.GradientTape
    fetched: Fetched
    outputs: dict[str, tf.Tensor]
    features: list[tf.Tensor]
    copies: dict[str, list[tf.Tensor]]
    sums: tf.Tensor
    losses: tf.Tensor
    present: tf.Tensor
    regularisation: tf.Tensor | None
    halves: list[tf.Tensor]
    taps: list[Tap | LookupTap]


class PartsRoute(Route):
    """Tells the tasks' gradients apart.

    Each head reads copies of its own of the features, so that one backward pass through all heads
    gives every task's gradient by the features and every head's own gradient. From these the
    strategy's weights follow, or with `gradients=parameters` from one more pass through the trunk
    for each task, whose result is reduced to inner products. One pass through the trunk with the
    weighted sum gives what moves it.

    Args:
        given: What the step is made of; the graph is divided by tasks, and XLA compiles loops at
            most.
        fresh: Whether the strategy's weights are computed anew, or stay as they were.
    """

    def __init__(self, given: Ingredients, *, fresh: bool = True) -> None:
        super().__init__(given)
        assert self.graph.branches is not None
        self.branches: Branches = self.graph.branches
        self.fresh = fresh
        self._unseen = self._pairs_unseen()
        trunk = {
            id(weight)
            for call in self.branches.trunk
            for weight in getattr(call.operation, "trainable_weights", ())
        }
        self._trunk = [weight for weight in self.weights if id(weight) in trunk]
        self._after = [weight for weight in self.weights if id(weight) not in trunk]
        self._heads = [w for w in self._after if self.branches.served.get(id(w))]
        self._trunk_tables = [n for n, table in self.graph.tables.items() if id(table) in trunk]
        self._tables_after = [n for n in self.graph.tables if n not in self._trunk_tables]
        self._head_tables = [
            name
            for name in self._tables_after
            if self.branches.served.get(id(self.graph.tables[name]))
        ]

    def __call__(self, inputs: Tensors, targets: Tensors, weights: Tensors) -> Computed:
        """Compute a batch."""
        apart = compiled_apart() if self.compilation.loops_apart else nullcontext()
        with apart:
            forward = self.forward(inputs, targets, weights)
            cotangents, d_heads = self.back_to_features(forward, forward.losses)
            gramian, tapped = self._gramian(forward, cotangents)
            factors, d_further, balance = self.weigh(forward, gramian)
            if self._all_in(tapped):
                d_trunk = self._from_taps(forward, tapped, factors)
            else:
                d_trunk = self.back_through_trunk(
                    forward, cotangents.values, cotangents.combined(factors)
                )
        return self.gathered(forward, factors, d_heads, d_trunk, d_further, balance)

    def forward(self, inputs: Tensors, targets: Tensors, weights: Tensors) -> Forward:
        """Compute the graph and the losses."""
        fetched = self.graph.fetch(inputs)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(fetched.vectors)
            fed = self.graph.feed(fetched)
            outputs, features, copies, taps = self.graph(
                inputs,
                fed,
                training=True,
                apart=True,
                tapping=fetched if self._reads_taps else None,
            )
            sums = loss_sums(self.tasks, outputs, targets, weights)
            losses, present = self.losses(sums)
            regularisation = self.regularisation()
            halves = []
            if self.balancer.reads == "halves" and self.fresh:
                halves = self._losses_of_halves(outputs, targets, weights)
        return Forward(
            tape,
            fetched,
            outputs,
            features,
            copies,
            sums,
            losses,
            present,
            regularisation,
            halves,
            taps,
        )

    def back_to_features(
        self, forward: Forward, losses: tf.Tensor
    ) -> tuple[Cotangents, dict[str, list[Any]]]:
        """Return the tasks' gradients by the features, and those of the heads.

        Args:
            forward: The pass.
            losses: Those to differentiate, on its tape, shape `(K,)`.
        """
        vectors = [forward.fetched.vectors[name] for name in self._head_tables]
        copies, d_heads, d_vectors = forward.tape.gradient(
            losses,
            (forward.copies, values(self._heads), vectors),
            output_gradients=self.scaled(tf.ones_like(losses)),
        )
        names = self.balancer.names
        found = Cotangents(
            forward.features,
            by_task(self.branches.readers, names),
            by_task(copies, names),
            self.unscaled,
        )
        return found, {"weights": d_heads, "vectors": d_vectors}

    def weigh(
        self, forward: Forward, gramian: tf.Tensor | None
    ) -> tuple[tf.Tensor, list[Any], dict[str, tf.Tensor]]:
        """Return the w_k, the gradients of the strategy's variables, and what there is to show."""
        if not self.fresh:
            kept = self.balancer.variables["weights"].value
            alone = tf.reduce_sum(tf.cast(forward.present, tf.int32)) == 1
            kept = tf.where(alone, tf.ones_like(kept), kept)  # its plain gradient
            factors = tf.where(forward.present, kept, tf.zeros_like(kept))
            return factors, [], {"weights": self.reported(factors)}
        losses, present = forward.losses, forward.present
        d_further: list[Any] = []
        if self.balancer.reads == "gramian":
            factors = self.balancer.weigh(losses, present, gramian)  # type: ignore[attr-defined]
        elif self.balancer.reads == "halves":
            across = self._gramian_of_halves(forward)
            factors = self.balancer.weigh(losses, present, across)  # type: ignore[attr-defined]
        else:
            factors, d_further = self.balancer.weigh(losses, present)  # type: ignore[attr-defined]
            d_further = [None if g is None else self.scaled(g) for g in d_further]
        if self.balancer.every > 1:
            kept = self.balancer.variables["weights"]
            stays = tf.logical_and(present, tf.math.is_finite(factors))
            kept.assign(tf.where(stays, factors, kept.value))
        balance = {"weights": self.reported(factors)}
        if gramian is not None:
            balance["gramian"] = self.shown(gramian)
        return factors, d_further, balance

    def shown(self, gramian: tf.Tensor) -> tf.Tensor:
        """Return the Gramian with NaN where it says nothing: see `_pairs_unseen`."""
        if not self._unseen.any():
            return gramian
        return tf.where(self._unseen, tf.fill(tf.shape(gramian), float("nan")), gramian)

    def _pairs_unseen(self) -> np.ndarray:
        """Return which pairs of tasks have nothing in common by which gradients are measured."""
        names = self.balancer.names
        unseen = np.zeros((len(names), len(names)), bool)
        if self.balancer.gradients == "features":
            for first, second in self.branches.apart(names):
                i, j = names.index(first), names.index(second)
                unseen[i, j] = unseen[j, i] = True
        return unseen

    @property
    def _reads_taps(self) -> bool:
        reads = self.balancer.reads == "gramian" or self.balancer.monitor
        return reads and self.fresh and self.balancer.gradients == "parameters"

    def _gramian(
        self, forward: Forward, cotangents: Cotangents
    ) -> tuple[tf.Tensor | None, list[Tapped | LookupTapped]]:
        """Return the Gramian that the strategy reads or the monitor shows, and what taps gave."""
        if not self.fresh or (self.balancer.reads != "gramian" and not self.balancer.monitor):
            return None, []
        if self.balancer.gradients == "features":
            return cotangents.gramian(), []
        return gramian_of_parameters(forward.tape, cotangents, self._tapped_sources(forward))

    def _all_in(self, tapped: Sequence[Tapped | LookupTapped]) -> bool:
        """Whether the gradients of all that the trunk trains can be had from taps."""
        there = {id(weight) for each in tapped for weight in each.tap.weights}
        trained = [*self._trunk, *(self.graph.tables[name] for name in self._trunk_tables)]
        return bool(trained) and all(id(weight) in there for weight in trained)

    def _from_taps(
        self, forward: Forward, tapped: Sequence[Tapped | LookupTapped], factors: tf.Tensor
    ) -> dict[str, list[Any]]:
        """Return what `back_through_trunk` does, from what the taps gave, without another pass."""
        found: dict[int, Any] = {}
        for each in tapped:
            found |= each.combined(factors)
        more = self._regularising(forward, self._trunk, self._trunk_tables)
        tables = [self.graph.tables[name] for name in self._trunk_tables]
        return {
            kind: [
                added(self.scaled(found[id(variable)]), each)
                for variable, each in zip(variables, more[kind], strict=True)
            ]
            for kind, variables in (("weights", self._trunk), ("vectors", tables))
        }

    def _losses_of_halves(
        self, outputs: Tensors, targets: Tensors, weights: Tensors
    ) -> list[tf.Tensor]:
        found = []
        for first in (True, False):
            kept = {name: _half(each, first=first) for name, each in weights.items()}
            found.append(self.losses(loss_sums(self.tasks, outputs, targets, kept))[0])
        return found

    def _gramian_of_halves(self, forward: Forward) -> tf.Tensor:
        """Return the products of gradients of the batch's first half with those of the second."""
        first, second = (self.back_to_features(forward, half)[0] for half in forward.halves)
        return gramian_of_halves(forward.tape, first, second, self._sources(forward))

    def _sources(self, forward: Forward) -> Sources:
        weights, tables = self._shared()
        vectors = [forward.fetched.vectors[name] for name in tables]
        return Sources(values(weights), vectors, self.unscaled)

    def _tapped_sources(self, forward: Forward) -> Sources:
        """Return the shared weights with taps in place of those that have some."""
        shared, tables = self._shared()
        among = {id(weight) for weight in shared}
        taps = [tap for tap in forward.taps if id(tap.weights[0]) in among]
        stood_for = {id(weight) for tap in taps for weight in tap.weights}
        return Sources(
            values([weight for weight in shared if id(weight) not in stood_for]),
            [
                forward.fetched.vectors[name]
                for name in tables
                if id(self.graph.tables[name]) not in stood_for
            ],
            self.unscaled,
            tuple(taps),
        )

    def _shared(self) -> tuple[list[keras.Variable], list[str]]:
        """Return the shared weights, and the names of the shared tables."""
        shared = {id(weight) for weight in self.branches.shared}
        return (
            [weight for weight in self._trunk if id(weight) in shared],
            [name for name in self._trunk_tables if id(self.graph.tables[name]) in shared],
        )

    def back_through_trunk(
        self, forward: Forward, features: Sequence[tf.Tensor], combined: Sequence[tf.Tensor]
    ) -> dict[str, list[Any]]:
        """Return the gradients of the trunk's weights and of the rows of its tables."""
        targets, cotangents = list(features), list(combined)
        if forward.regularisation is not None:
            targets.append(forward.regularisation)
            cotangents.append(self.scaled(tf.ones_like(forward.regularisation)))
        vectors = [forward.fetched.vectors[name] for name in self._trunk_tables]
        sources = (values(self._trunk), vectors)
        if not targets:
            return {"weights": [None] * len(self._trunk), "vectors": [None] * len(vectors)}
        d_weights, d_vectors = forward.tape.gradient(targets, sources, output_gradients=cotangents)
        return {"weights": d_weights, "vectors": d_vectors}

    def gathered(
        self,
        forward: Forward,
        factors: tf.Tensor,
        d_heads: Mapping[str, Sequence[Any]],
        d_trunk: Mapping[str, Sequence[Any]],
        d_further: list[Any],
        balance: dict[str, tf.Tensor],
    ) -> Computed:
        """Put all gradients together."""
        own = tf.unstack(self.balancer.head_weights(factors, forward.present))
        gradients: dict[int, Any] = {id(weight): None for weight in self.weights}
        gradients |= dict(zip(map(id, self._trunk), map(summed, d_trunk["weights"]), strict=True))
        for weight, gradient in zip(self._heads, d_heads["weights"], strict=True):
            gradients[id(weight)] = self._of_head(weight, summed(gradient), own)
        d_vectors: dict[str, Any] = dict.fromkeys(self.graph.tables)
        d_vectors |= dict(zip(self._trunk_tables, map(summed, d_trunk["vectors"]), strict=True))
        for name, gradient in zip(self._head_tables, d_heads["vectors"], strict=True):
            d_vectors[name] = self._of_head(self.graph.tables[name], summed(gradient), own)
        more = self._regularising(forward, self._after, self._tables_after)
        for weight, gradient in zip(self._after, more["weights"], strict=True):
            gradients[id(weight)] = added(gradients[id(weight)], gradient)
        for name, gradient in zip(self._tables_after, more["vectors"], strict=True):
            d_vectors[name] = added(d_vectors[name], gradient)
        return Computed(
            forward.sums,
            forward.outputs,
            forward.losses,
            forward.present,
            forward.fetched.rows,
            d_vectors,
            gradients,
            d_further,
            balance,
        )

    def _of_head(self, weight: keras.Variable, gradient: Any, own: Sequence[tf.Tensor]) -> Any:
        """Multiply the gradient of a weight that serves one task by what its heads are due."""
        (name,) = self.branches.served[id(weight)]
        if gradient is None:
            return None
        return gradient * tf.cast(own[self.balancer.names.index(name)], gradient.dtype)

    def _regularising(
        self, forward: Forward, weights: Sequence[keras.Variable], tables: Sequence[str]
    ) -> dict[str, list[Any]]:
        """Return the gradients by the regularisation of weights and of the rows of tables."""
        if forward.regularisation is None:
            return {"weights": [None] * len(weights), "vectors": [None] * len(tables)}
        d_weights, d_vectors = forward.tape.gradient(
            forward.regularisation,
            (values(weights), [forward.fetched.vectors[name] for name in tables]),
            output_gradients=self.scaled(tf.ones_like(forward.regularisation)),
        )
        return {
            "weights": [summed(gradient) for gradient in d_weights],
            "vectors": [summed(gradient) for gradient in d_vectors],
        }


def _half(weights: tf.Tensor, *, first: bool) -> tf.Tensor:
    """Set the weights of the examples in the other half of the batch to 0."""
    count = tf.shape(weights)[0]
    early = tf.range(count) < (count + 1) // 2
    kept = tf.cast(early if first else tf.logical_not(early), weights.dtype)
    return weights * tf.reshape(kept, (-1, *[1] * (weights.shape.rank - 1)))

"""A graph divided at its lookups: they stay outside, the rest is one layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from mtl.graph.branches import Branches, branches
from mtl.graph.calls import Call, input_names, output_names
from mtl.graph.lookups import Cut, Lookup, cut
from mtl.graph.nested import unfolded_calls
from mtl.graph.taps import LookupTap, Tap, can_be_tapped, lookup_can_be_tapped, tapped
from mtl.layers.lstm import by_time
from mtl.layers.recurrence import Loop


@dataclass(frozen=True, eq=False)
class Fetched:
    """What a batch looked up.

    Attributes:
        rows: For each table, by its layer's name, the numbers of its distinct rows in the
            batch, shape `(distinct,)`.
        vectors: Those rows, shape `(distinct, width)`, to be watched by a gradient tape.
        positions: For each lookup, which of the distinct rows each position holds.
    """

    rows: dict[str, tf.Tensor]
    vectors: dict[str, tf.Tensor]
    positions: tuple[tf.Tensor, ...]


class DividedGraph(keras.layers.Layer):
    """Computes a functional model from looked-up vectors instead of ids.

    `fetch` reads the tables, `feed` makes what the graph reads in place of its ids,
    and calling the layer computes the rest. Only `fetch` and `feed` touch a table, so the layer can
    be compiled by XLA. It shares the model's layers and weights and is never saved.

    Args:
        model: A functional model.
        tasks: The trained outputs, where what they share and what each has to itself is to be
            computed apart.
    """

    def __init__(self, model: keras.Model, tasks: Sequence[str] | None = None) -> None:
        super().__init__(autocast=False, name=f"divided_{model.name}")
        self.model = model
        self.calls = unfolded_calls(model)
        self.branches: Branches | None = None
        if tasks is None:
            self.cut: Cut = cut(model, self.calls)
        else:
            self.branches = branches(model, tasks, self.calls)
            self.cut = cut(model, self.calls, self.branches.branch)
        self.input_names = input_names(model)
        self.output_names = output_names(model)
        self._tappable = {
            id(lookup.projected[0]): lookup
            for lookup in self.cut.lookups
            if lookup_can_be_tapped(lookup, self.calls)
        }
        self.built = True

    @property
    def tables(self) -> dict[str, keras.Variable]:
        """The tables that are looked up outside, by their layers' names: `tower/words`."""
        return {lookup.name: lookup.table for lookup in self.cut.lookups}

    def fetch(self, inputs: Mapping[str, tf.Tensor]) -> Fetched:
        """Read the distinct rows that a batch needs.

        Args:
            inputs: The graph's inputs, by name.
        """
        values = self._input_values(inputs)
        for call in self.cut.before:
            self._store(values, call.outputs, call.compute(values))
        ids = [tf.cast(values[id(lookup.ids)], tf.int32) for lookup in self.cut.lookups]
        rows, vectors = {}, {}
        positions: dict[int, tf.Tensor] = {}
        for name, table in self.tables.items():
            own = [i for i, lookup in enumerate(self.cut.lookups) if lookup.table is table]
            flat = [tf.reshape(ids[i], (-1,)) for i in own]
            rows[name], inverse = tf.unique(tf.concat(flat, axis=0))
            vectors[name] = tf.gather(table.value, rows[name])
            parts = tf.split(inverse, [tf.size(part) for part in flat])
            for i, part in zip(own, parts, strict=True):
                positions[i] = tf.reshape(part, tf.shape(ids[i]))
        return Fetched(rows, vectors, tuple(positions[i] for i in range(len(ids))))

    def feed(self, fetched: Fetched) -> list[tf.Tensor]:
        """Return what the graph reads instead of looking ids up.

        A projection is by time first, as an LSTM's loop reads it.

        Differentiable in `fetched.vectors` and in the weights of the projections.
        """
        return [
            value
            for lookup, positions in zip(self.cut.lookups, fetched.positions, strict=True)
            for value in self._feed_one(lookup, fetched.vectors[lookup.name], positions)
        ]

    def _feed_one(
        self, lookup: Lookup, vectors: tf.Tensor, positions: tf.Tensor
    ) -> list[tf.Tensor]:
        vectors = tf.cast(vectors, lookup.layer.compute_dtype)
        rows = [tf.gather(vectors, positions)] if lookup.needs_rows else []
        projections = [lookup.project(reader, vectors) for reader in lookup.projected]
        return rows + [tf.gather(source, by_time(positions)) for source in projections]

    def call(
        self,
        inputs: Mapping[str, tf.Tensor],
        fed: list[tf.Tensor],
        training: bool | None = None,  # noqa: FBT001 Keras's signature
        apart: bool = False,  # noqa: FBT001, FBT002
        tapping: Fetched | None = None,
    ) -> Any:
        """Compute the outputs from the inputs and what `feed` returned.

        Args:
            inputs: By name.
            fed: What `feed` returned.
            training: Whether this is training.
            apart: Whether each task's head is to read copies of its own of the features where the
                trunk of the branches ends.
            tapping: What `fetch` returned, where layers of the trunk are to be computed with taps.

        Returns:
            The outputs by name. With `apart` also the features, in the order of the branches'
            `frontier`, for each task its copies of those that it reads, in the order of
            `readers`, so that what reaches a task by the trunk comes through them alone, and the
            taps.
        """
        values, given = self._start(inputs, fed)
        if not apart:
            self._compute(self.calls, values, given, training)
            return self._outputs(values)
        assert self.branches is not None
        taps: list[Tap | LookupTap] = []
        for call in self.branches.trunk:
            if tapping is not None and id(call) in self._tappable:
                projected, mask = given[id(call)]
                loops: list[Loop] = []
                made_here = call.operation.recur(projected, mask, loops)
                taps.append(self._lookup_tap(call, tapping, loops[0]))
                self._store(values, call.outputs, [made_here])
            elif tapping and id(call) not in given and can_be_tapped(call, self.calls):
                tap, made_here = tapped(call.operation, values[id(call.inputs[0])])
                taps.append(tap)
                self._store(values, call.outputs, [_with_mask_of(tap.inputs, made_here)])
            else:
                self._compute([call], values, given, training)
        features = [values[id(tensor)] for tensor in self.branches.frontier]
        copies, outputs = {}, {}
        made = dict(values)
        for name, head in self.branches.heads.items():
            read = self.branches.readers[name]
            copies[name] = [_copied(features[i]) for i in read]
            tensors = [self.branches.frontier[i] for i in read]
            own = values | dict(zip(map(id, tensors), copies[name], strict=True))
            self._compute(head, own, given, training)
            # A lookup that only an LSTM reads is never made: the LSTM goes on from its projection.
            made |= {id(t): own[id(t)] for call in head for t in call.outputs if id(t) in own}
            outputs[name] = own[id(self.model.outputs[self.output_names.index(name)])]
        self._compute(self.branches.rest, made, given, training)
        return self._outputs(made) | outputs, features, copies, taps

    def _lookup_tap(self, call: Call, fetched: Fetched, loop: Loop) -> LookupTap:
        lookup = self._tappable[id(call)]
        return LookupTap(
            call.operation,
            lookup.table,
            fetched.vectors[lookup.name],
            by_time(fetched.positions[self.cut.lookups.index(lookup)]),
            loop,
        )

    def _start(
        self, inputs: Mapping[str, tf.Tensor], fed: list[tf.Tensor]
    ) -> tuple[dict[int, Any], dict[int, Any]]:
        """Return the values of the inputs and of what was looked up, and what to make of calls."""
        values = self._input_values(inputs)
        for call in self.cut.before:
            self._store(values, call.outputs, call.compute(values))
        return values, self._place_feeds(values, fed)

    def _compute(
        self,
        some: Iterable[Call],
        values: dict[int, Any],
        given: Mapping[int, Any],
        training: bool | None,  # noqa: FBT001 Keras's spelling
    ) -> None:
        """Compute calls in their order and put what they make among the values."""
        for call in some:
            if id(call) not in given:
                self._store(values, call.outputs, call.compute(values, training=training))
            elif given[id(call)] is not None:
                projected, mask = given[id(call)]
                self._store(
                    values,
                    call.outputs,
                    keras.tree.flatten(call.operation.recur(projected, mask)),
                )

    def _outputs(self, values: Mapping[int, Any]) -> dict[str, Any]:
        outputs = zip(self.output_names, self.model.outputs, strict=True)
        return {name: values[id(tensor)] for name, tensor in outputs}

    def _place_feeds(self, values: dict[int, Any], fed: list[tf.Tensor]) -> dict[int, Any]:
        """Put fed vectors in place and say which calls are not to be computed from their inputs.

        Returns:
            By the call's `id`: None for a call whose value stands already, else the projection
            and the mask that the call goes on from.
        """
        given: dict[int, Any] = {id(call): None for call in self.cut.before}
        remaining = iter(fed)
        for lookup in self.cut.lookups:
            mask = lookup.mask(values[id(lookup.ids)])
            given[id(lookup.call)] = None
            if lookup.needs_rows:
                vectors = next(remaining)
                if mask is not None:
                    vectors._keras_mask = mask  # noqa: SLF001 where Keras keeps masks
                values[id(lookup.call.outputs[0])] = vectors
            for reader in lookup.projected:
                given[id(reader)] = (next(remaining), mask)
        return given

    def _input_values(self, inputs: Mapping[str, tf.Tensor]) -> dict[int, Any]:
        tensors = zip(self.input_names, self.model.inputs, strict=True)
        return {id(tensor): inputs[name] for name, tensor in tensors}

    @staticmethod
    def _store(
        values: dict[int, Any], outputs: tuple[keras.KerasTensor, ...], computed: list[Any]
    ) -> None:
        for tensor, value in zip(outputs, computed, strict=True):
            values[id(tensor)] = value


def _copied(value: tf.Tensor) -> tf.Tensor:
    """Return a tensor of the same value, with Keras's mask, whose gradient is its own."""
    return _with_mask_of(value, tf.identity(value))


def _with_mask_of(value: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    mask = getattr(value, "_keras_mask", None)
    if mask is not None:
        other._keras_mask = mask  # noqa: SLF001 where Keras keeps masks
    return other

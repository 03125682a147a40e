"""A graph divided by tasks: what several of them share, and what each has to itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import keras

from mtl.graph.calls import Call, output_names, outputs_served
from mtl.graph.nested import unfolded_calls


@dataclass(frozen=True, eq=False)
class Branches:
    """The calls of a graph by the tasks that they serve.

    A call is shared where several tasks depend on it or on a weight that it trains. The trunk is
    what is shared with everything before it, so that each call after it serves one task.

    Attributes:
        trunk: The calls of the shared part, in order.
        heads: For each task the calls after the trunk that it alone depends on, in order.
        rest: Calls that no task depends on.
        frontier: The tensors that leave the trunk, floating-point numbers all of them.
        readers: For each task, which of `frontier` it reads, by position.
        shared: The trainable weights on which several tasks depend.
        served: By a trainable weight's `id`, the tasks that depend on it.
    """

    trunk: tuple[Call, ...]
    heads: dict[str, tuple[Call, ...]]
    rest: tuple[Call, ...]
    frontier: tuple[keras.KerasTensor, ...]
    readers: dict[str, tuple[int, ...]]
    shared: tuple[keras.Variable, ...]
    served: dict[int, frozenset[str]]

    def apart(self, tasks: Sequence[str]) -> list[tuple[str, str]]:
        """Return the pairs of tasks that read no tensor of `frontier` in common, in order."""
        return [
            (first, second)
            for position, second in enumerate(tasks)
            for first in tasks[:position]
            if not set(self.readers[first]) & set(self.readers[second])
        ]

    def branch(self, call: Call) -> str | None:
        """Return the task that a call after the trunk serves; None for one in the trunk."""
        return next((name for name, own in self.heads.items() if call in own), None)


def branches(
    model: keras.Model, tasks: Sequence[str], graph: Sequence[Call] | None = None
) -> Branches:
    """Divide a functional model by the outputs that are trained.

    Args:
        model: A functional model. Nested models are seen through, see `mtl.graph.nested`.
        tasks: The names of the trained outputs.
        graph: Its calls, which the result is made of; None to read them.
    """
    graph = unfolded_calls(model) if graph is None else graph
    named = zip(output_names(model), model.outputs, strict=True)
    outputs = {name: tensor for name, tensor in named if name in tasks}
    serves = outputs_served(graph, outputs)
    served: dict[int, set[str]] = {}
    for call in graph:
        for weight in _trainable(call):
            served.setdefault(id(weight), set()).update(serves[id(call)])
    inside = _served_inside(graph, serves)
    common = [
        call
        for call in graph
        if len(serves[id(call)]) > 1
        or any(len(served[id(weight)]) > 1 for weight in _trainable(call))
        or len(inside.get(call.place, ())) > 1
    ]
    trunk = _closed(common, graph)
    among = {id(call) for call in trunk}
    after = [call for call in graph if id(call) not in among]
    heads = {name: tuple(call for call in after if serves[id(call)] == {name}) for name in outputs}
    made = [t for call in trunk for t in call.outputs if keras.backend.is_float_dtype(t.dtype)]
    reads = {
        name: {id(t) for call in heads[name] for t in call.inputs} | {id(outputs[name])}
        for name in outputs
    }
    frontier = tuple(t for t in made if any(id(t) in read for read in reads.values()))
    weights = {id(weight): weight for call in trunk for weight in _trainable(call)}
    return Branches(
        trunk=tuple(trunk),
        heads=heads,
        rest=tuple(call for call in after if not serves[id(call)]),
        frontier=frontier,
        readers={
            name: tuple(i for i, tensor in enumerate(frontier) if id(tensor) in reads[name])
            for name in outputs
        },
        shared=tuple(w for key, w in weights.items() if len(served[key]) > 1),
        served={key: frozenset(names) for key, names in served.items()},
    )


def _trainable(call: Call) -> list[keras.Variable]:
    return list(getattr(call.operation, "trainable_weights", ()))


def _served_inside(graph: Sequence[Call], serves: Mapping[int, set[str]]) -> dict[int, set[str]]:
    """Return by `place` the outputs that depend on what is in nested models that are trained.

    A model that is called for several outputs is not left in its midst: what follows its last
    weights still belongs to it.
    """
    found: dict[int, set[str]] = {}
    for call in graph:
        if any(model.trainable_weights for model in call.within):
            found.setdefault(call.place, set()).update(serves[id(call)])
    return found


def _closed(wanted: Collection[Call], graph: Sequence[Call]) -> list[Call]:
    """Return calls with everything before them, and all calls of the weights among these."""
    found = _with_ancestors(wanted, graph)
    weights = {id(weight) for call in found for weight in _trainable(call)}
    again = [
        call
        for call in graph
        if call in found or any(id(weight) in weights for weight in _trainable(call))
    ]
    return found if len(again) == len(found) else _closed(again, graph)


def _with_ancestors(wanted: Collection[Call], graph: Sequence[Call]) -> list[Call]:
    """Return calls and everything that they are computed from, in the graph's order."""
    chosen = {id(call) for call in wanted}
    needed: set[int] = set()
    found = []
    for call in reversed(graph):
        if id(call) in chosen or any(id(made) in needed for made in call.outputs):
            found.append(call)
            needed |= {id(read) for read in call.inputs}
    return found[::-1]

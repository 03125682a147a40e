"""Whether a description has cycles, and whether everything in it is needed."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from mtl.errors import Problem
from mtl.graph.description.arguments import layers_named_by
from mtl.graph.description.cycles import cycles
from mtl.graph.description.parts import Parts


def check_use(parts: Parts) -> list[Problem]:
    """Return the cycles of nodes and of layers, and what no output needs."""
    return [
        *_layers_hold_no_cycle(parts),
        *_nodes_hold_no_cycle(parts),
        *_everything_is_needed(parts),
        *_copies_are_not_shared(parts),
    ]


def _nodes_hold_no_cycle(parts: Parts) -> Iterator[Problem]:
    reads = {
        name: expression.names if expression else () for name, expression in parts.nodes.items()
    }
    for cycle in cycles(reads):
        found = f"these nodes need each other: {' → '.join(cycle)}"
        expected = "Expected nodes that can be computed one after the other."
        yield Problem(parts.node_path(cycle[0]), found, expected)


def _layers_hold_no_cycle(parts: Parts) -> Iterator[Problem]:
    for cycle in cycles(_layers_in_layers(parts)):
        found = f"these layers hold each other: {' → '.join(cycle)}"
        yield Problem(parts.layer_path(cycle[0]), found, "Expected layers that can be made.")


def _everything_is_needed(parts: Parts) -> Iterator[Problem]:
    if not parts.outputs:
        return
    expressions = [expression for _, expression in parts.expressions()]
    meant = parts.mentioned | _meant(parts)
    named = meant.union(*(expression.names for expression in expressions))
    held = _layers_in_layers(parts).values()
    called = meant.union(*(expression.functions for expression in expressions), *held)
    needed = _needed(parts, meant)
    for name in _readable(parts.inputs):
        if name not in named:
            yield Problem(parts.input_path(name), "no node reads this input", "Remove or use it.")
    for name in _readable(parts.layers):
        if name not in called:
            yield Problem(parts.layer_path(name), "no node calls this layer", "Remove or use it.")
    for name in _readable(parts.nodes):
        if name not in needed:
            yield Problem(parts.node_path(name), "no output needs this node", "Remove or use it.")


def _readable(entries: Mapping[str, object]) -> list[str]:
    """Return the entries that could be read; the others were complained of."""
    return [name for name, entry in entries.items() if entry is not None]


def _meant(parts: Parts) -> set[str]:
    """Return the names nearest to those that do not exist: complaining of these is enough."""
    tensors = {*parts.inputs, *parts.nodes}
    meant = []
    for _, expression in parts.expressions():
        for names, known in ((expression.names, tensors), (expression.functions, {*parts.layers})):
            for name in set(names) - known:
                meant += difflib.get_close_matches(name, known, n=1)
    return set(meant)


def _copies_are_not_shared(parts: Parts) -> Iterator[Problem]:
    """Yield each layer that Bidirectional holds, as a copy, and that something else uses too."""
    users = Counter(name for _, expression in parts.expressions() for name in expression.functions)
    users.update(name for names in _layers_in_layers(parts).values() for name in names)
    for name, settings in parts.layers.items():
        if settings is not None and settings.get("type") == "Bidirectional":
            for parameter in ("layer", "backward_layer"):
                held = settings.get(parameter)
                if isinstance(held, str) and held in parts.layers and users[held] > 1:
                    found = f"a Bidirectional copies {held!r}, which something else uses too"
                    expected = "They would share no weights. Describe it inline, {type: …}."
                    yield Problem(f"{parts.layer_path(name)}.{parameter}", found, expected)


def _needed(parts: Parts, meant: Collection[str]) -> set[str]:
    """Return the names of all tensors that some output, or what was meant, is computed from."""
    needed: set[str] = set()
    waiting = [name for output in parts.outputs.values() if output for name in output.names]
    waiting += meant
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            expression = parts.nodes.get(name)
            waiting += expression.names if expression else ()
    return needed


def _layers_in_layers(parts: Parts) -> dict[str, list[str]]:
    """Return for each layer the other layers that its settings name."""
    return {
        name: list(layers_named_by(settings or {}, parts.layers))
        for name, settings in parts.layers.items()
    }

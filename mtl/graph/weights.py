"""Weights by paths that stay the same when a graph is saved, loaded or built again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import keras

from mtl.graph.calls import calls, graph_of, wrapped_graph


def weights_by_path(
    model: keras.Model, beside: keras.Model | None = None
) -> dict[str, keras.Variable]:
    """Return a graph's weights by their paths, `lstm/kernel` or `vision/conv_1/bias`.

    A path is the names of the nested models and the layer that a weight is in, and the weight's own
    name; a wrapper around a nested model, such as `TimeDistributed`, is left out. Keras's own paths
    are others after loading for layers in wrappers, and leave nested models out. Within a layer,
    weights of one name are numbered, `both_ways/kernel#2`.

    Keras names a layer after its class, with a number over the whole process, where nobody else
    does, so that such numbers may differ between two builds of one graph. Beside another graph,
    layers of one class with such names go by their names if the lowest number is the same in both.
    Those left over, or else all, go by their place among those of their class where there are as
    many in both, `dense(2 of 3)`.

    Args:
        model: A functional model.
        beside: The functional model whose weights are to be told by the same paths; its paths are
            those beside `model`.
    """
    found: dict[str, keras.Variable] = {}
    seen: set[int] = set()
    for path, weight in _weights(model, beside, ""):
        if id(weight) in seen:
            continue
        seen.add(id(weight))
        numbered, number = path, 1
        while numbered in found:
            number += 1
            numbered = f"{path}#{number}"
        found[numbered] = weight
    return found


def _weights(
    model: keras.Model, beside: keras.Model | None, prefix: str
) -> Iterator[tuple[str, keras.Variable]]:
    layers, others = _layers(model), [] if beside is None else _layers(beside)
    counterparts = dict(zip(_names(others, layers), others, strict=True))
    for layer, name in zip(layers, _names(layers, others), strict=True):
        nested = graph_of(layer)
        if nested is not None:
            yield from _weights(nested, graph_of(counterparts.get(name)), f"{prefix}{name}/")
        else:
            for weight in layer.weights:
                yield f"{prefix}{name}/{weight.name}", weight


def _layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers with weights, and before a wrapper the nested model that it wraps."""
    found: dict[keras.layers.Layer, None] = {}
    for call in calls(model):
        if getattr(call.operation, "weights", ()):
            if wrapped_graph(call.operation) is not None:
                found[call.operation.layer] = None
            found[call.operation] = None
    return list(found)


def _names(layers: list[keras.layers.Layer], others: list[keras.layers.Layer]) -> list[str]:
    """Return what layers are called beside those of another model."""
    groups, other_groups = _named_after_their_class(layers), _named_after_their_class(others)
    names = {layer: layer.name for layer in layers}
    for spelt, group in groups.items():
        beside = other_groups.get(spelt, [])
        common = _common(spelt, group, beside)
        left = [layer for layer in group if layer.name not in common]
        if beside and (not common or len(group) == len(beside)):
            names |= {
                layer: f"{spelt}({place} of {len(left)})"
                for place, layer in enumerate(left, start=1)
            }
    return list(names.values())


def _named_after_their_class(
    layers: list[keras.layers.Layer],
) -> dict[str, list[keras.layers.Layer]]:
    """Return the layers whose name is their class's as Keras spells it, numbered or not."""
    groups: dict[str, list[keras.layers.Layer]] = {}
    for layer in layers:
        spelt = re.sub(r"\W+", "", type(layer).__name__)
        spelt = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", spelt)
        spelt = re.sub(r"([a-z])([A-Z])", r"\1_\2", spelt).lower()
        if re.fullmatch(rf"{re.escape(spelt)}(_\d+)?", layer.name):
            groups.setdefault(spelt, []).append(layer)
    return groups


def _common(
    spelt: str, group: list[keras.layers.Layer], beside: list[keras.layers.Layer]
) -> set[str]:
    """Return the names that mean the same in two groups: none if the numbers start elsewhere."""
    names, others = ({layer.name for layer in each} for each in (group, beside))
    starts = {
        min((int(name.removeprefix(spelt).lstrip("_") or 0) for name in each), default=-1)
        for each in (names, others)
    }
    return names & others if len(starts) == 1 else set()

"""Weights by paths that stay the same when a graph is saved, loaded or built again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import keras

from mtl.graph.calls import calls, graph_of


def weights_by_path(model: keras.Model) -> dict[str, keras.Variable]:
    """Return a graph's weights by their paths, `lstm/kernel` or `vision/conv_1/bias`.

    A path is the names of the nested models and the layer that a weight is in, and the weight's own
    name. Keras's own paths are others after loading for layers in wrappers, and leave nested models
    out. Within a layer, weights of one name are numbered, `both_ways/kernel#2`. A layer that Keras
    named after its class, with a number over the whole process, goes by its place among those of
    its class in the graph instead, `dense(2 of 3)`.

    Args:
        model: A functional model.
    """
    found: dict[str, keras.Variable] = {}
    seen: set[int] = set()
    for path, weight in _weights(model, ""):
        if id(weight) in seen:
            continue
        seen.add(id(weight))
        numbered, number = path, 1
        while numbered in found:
            number += 1
            numbered = f"{path}#{number}"
        found[numbered] = weight
    return found


def _weights(model: keras.Model, prefix: str) -> Iterator[tuple[str, keras.Variable]]:
    operations = dict.fromkeys(call.operation for call in calls(model))
    layers = [each for each in operations if getattr(each, "weights", ())]
    for layer, name in zip(layers, _names(layers), strict=True):
        nested = graph_of(layer)
        if nested is not None:
            yield from _weights(nested, f"{prefix}{name}/")
        else:
            for weight in layer.weights:
                yield f"{prefix}{name}/{weight.name}", weight


def _names(layers: list[keras.layers.Layer]) -> list[str]:
    classes = [_class_named_after(layer) for layer in layers]
    names = []
    for position, (layer, own) in enumerate(zip(layers, classes, strict=True)):
        if own is None:
            names.append(layer.name)
        else:
            names.append(f"{own}({classes[: position + 1].count(own)} of {classes.count(own)})")
    return names


def _class_named_after(layer: keras.layers.Layer) -> str | None:
    """Return the class's name as Keras spells it, where the layer's name is that with a number."""
    spelt = re.sub(r"\W+", "", type(layer).__name__)
    spelt = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", spelt)
    spelt = re.sub(r"([a-z])([A-Z])", r"\1_\2", spelt).lower()
    return spelt if re.fullmatch(rf"{re.escape(spelt)}(_\d+)?", layer.name) else None

"""Which outputs of a graph each of its layers serves."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from mtl.graph.calls import calls, output_names, outputs_served


@dataclass(frozen=True)
class Service:
    """What a layer is used for.

    Attributes:
        layer: A layer with weights; a nested model counts as one.
        outputs: The names of the outputs that depend on it, in the graph's order.
        calls: How often the graph calls it.
    """

    layer: keras.layers.Layer
    outputs: tuple[str, ...]
    calls: int

    @property
    def shared(self) -> bool:
        """Whether several outputs depend on the layer, or several calls use its weights."""
        return len(self.outputs) > 1 or self.calls > 1


def services(model: keras.Model) -> list[Service]:
    """Return the layers with weights, from the inputs on, and the outputs that each serves.

    Args:
        model: A functional model.
    """
    graph = calls(model)
    outputs_by_name = dict(zip(output_names(model), model.outputs, strict=True))
    serving = outputs_served(graph, outputs_by_name)
    found: dict[int, Service] = {}
    for call in graph:
        layer = call.operation
        if not isinstance(layer, keras.layers.Layer) or not layer.weights:
            continue
        own = [other for other in graph if other.operation is layer]
        reached = set().union(*(serving[id(other)] for other in own))
        outputs = tuple(name for name in output_names(model) if name in reached)
        found.setdefault(id(layer), Service(layer, outputs, len(own)))
    return list(found.values())

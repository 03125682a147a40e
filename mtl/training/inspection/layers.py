"""The layers of a graph: their parameters, who shares them, and who trains each weight."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import keras

from mtl.graph.calls import graph_of, wrapped_graph
from mtl.graph.dependence import Dependence
from mtl.graph.node import read_nodes
from mtl.graph.unfolding import Unfolded
from mtl.reporting.inspection.facts import LayerFacts, WeightFacts


class LayerReader:
    """Describes the layers of a graph, each once.

    Args:
        graph: The whole graph.
        trained: The outputs that have a part in training.
        unfolded: The graph without nested models.
        dependence: What its computations and weights are there for.
    """

    def __init__(
        self,
        graph: keras.Model,
        trained: Collection[str],
        unfolded: Unfolded,
        dependence: Dependence,
    ) -> None:
        self._trainable = {id(weight) for weight in graph.trainable_weights}
        self._trained = set(trained)
        self._uses = unfolded.uses
        self._dependence = dependence
        self._seen: set[int] = set()

    def of(self, model: keras.Model, scope: str) -> list[LayerFacts]:
        """Return the layers of a model that have not been described yet."""
        found: list[LayerFacts] = []
        for node in read_nodes(model):
            layer = node.layer
            if isinstance(layer, keras.layers.Layer) and id(layer) not in self._seen:
                self._seen.add(id(layer))
                nested = graph_of(layer) or wrapped_graph(layer)
                name = f"{scope}{layer.name}"
                inside = [] if nested is None else self.of(nested, f"{name}/")
                within = nested.weights if nested is not None else []
                found += [self._describe(layer, name, inside, within), *inside]
        return found

    def _describe(
        self,
        layer: keras.layers.Layer,
        name: str,
        inside: list[LayerFacts],
        within: list[keras.Variable],
    ) -> LayerFacts:
        weights = [self._weight(weight) for weight in layer.weights]
        others = {id(weight) for weight in within}
        own = [
            facts
            for weight, facts in zip(layer.weights, weights, strict=True)
            if id(weight) not in others
        ]
        outputs = self._dependence.of_weights(layer.weights)
        if not weights:
            below = {output for each in inside for output in each.outputs}
            below.update(self._dependence.of_operation(layer))
            outputs = self._dependence.ordered(below)
        calls = self._uses[id(layer)]
        return LayerFacts(
            name=name,
            kind=type(layer).__name__,
            level=name.count("/"),
            parameters=size_of(layer.weights),
            trainable=size_of(w for w in layer.weights if id(w) in self._trainable),
            calls=calls,
            shared=calls > 1 or (bool(weights) and len(outputs) > 1),
            outputs=outputs,
            trained_by=self._dependence.ordered(
                output for weight in weights for output in weight.trained_by
            ),
            weights=own,
        )

    def _weight(self, weight: keras.Variable) -> WeightFacts:
        trainable = id(weight) in self._trainable
        trained = [name for name in self._dependence.training(weight) if name in self._trained]
        return WeightFacts(
            weight.path,
            tuple(weight.shape),
            str(weight.dtype),
            trainable,
            tuple(trained) if trainable else (),
        )


def size_of(weights: Iterable[keras.Variable]) -> int:
    """Return how many numbers some weights have, each weight once."""
    return sum(
        int(weight.value.shape.num_elements())
        for weight in {id(weight): weight for weight in weights}.values()
    )

"""The calls of a graph, and those inside its nested models."""

from __future__ import annotations

import keras

from mtl.graph.calls import graph_of, wrapped_graph
from mtl.graph.node import LayerNode, NamedTensor, named_inputs, read_nodes
from mtl.reporting.inspection.facts import ModelFacts, NodeFacts, TensorFacts


class NodeReader:
    """Describes the calls of a graph and of the models inside it, each model once.

    Attributes:
        nodes: The graph's own.
        models: The models inside it.
    """

    def __init__(self, graph: keras.Model) -> None:
        self.models: list[ModelFacts] = []
        self._names: dict[int, str] = {}
        self._layers: dict[int, str] = {}
        self.nodes = self._of(graph, "")

    def _of(self, model: keras.Model, scope: str) -> list[NodeFacts]:
        return [self._describe(node, scope) for node in read_nodes(model)]

    def _describe(self, node: LayerNode, scope: str) -> NodeFacts:
        layer = self._layers.setdefault(id(node.layer), f"{scope}{node.layer.name}")
        wrapped = wrapped_graph(node.layer)
        nested = graph_of(node.layer) or wrapped
        if nested is not None and id(nested) not in self._names:
            self._names[id(nested)] = layer
            place = len(self.models)
            inside = self._of(nested, f"{layer}/")
            self.models.insert(
                place, self._model(nested, layer, inside, wrapped=wrapped is not None)
            )
        return NodeFacts(
            name=node.name,
            layer=layer,
            kind=type(node.layer).__name__,
            index=node.index,
            inputs=[_tensor(entry) for entry in node.inputs],
            outputs=[_tensor(entry) for entry in node.outputs],
            model=None if nested is None else self._names[id(nested)],
        )

    @staticmethod
    def _model(
        model: keras.Model, name: str, inside: list[NodeFacts], *, wrapped: bool
    ) -> ModelFacts:
        names = tensor_names(model)
        return ModelFacts(
            name,
            [_tensor(entry) for entry in named_inputs(model)],
            [_tensor(NamedTensor(names[id(tensor)], tensor)) for tensor in model.outputs],
            inside,
            wrapped,
        )


def tensor_names(model: keras.Model) -> dict[int, str]:
    """Return the names of a model's tensors by their `id`."""
    made = [entry for node in read_nodes(model) for entry in node.outputs]
    return {id(entry.tensor): entry.name for entry in [*named_inputs(model), *made]}


def _tensor(entry: NamedTensor) -> TensorFacts:
    return TensorFacts(entry.name, entry.shape, entry.dtype)

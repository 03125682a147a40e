"""Every call of a layer as a node, with the names and shapes of what it reads and makes.

A layer that is called on several inputs has a node for each call, so that "the output of the layer"
may be any of several. `nodes` answers where there is one answer, and says what there is to choose
from where there are more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import keras

from mtl.errors import MtlError, nearest
from mtl.graph.calls import graph_of, input_names
from mtl.graph.node import LayerNode, Shape, read_nodes


class Nodes(Sequence[LayerNode]):
    """The nodes of a functional model, each after those that it reads from, branch by branch.

    Layers are asked for by name, as themselves, or with the nested model they are in: `tower/conv`.

    Args:
        model: A functional model. Its inputs are no nodes.
    """

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._nodes = read_nodes(model)

    @overload
    def __getitem__(self, index: int) -> LayerNode: ...

    @overload
    def __getitem__(self, index: slice) -> list[LayerNode]: ...

    def __getitem__(self, index: int | slice) -> LayerNode | list[LayerNode]:
        """Return a node by its place."""
        return self._nodes[index]

    def __len__(self) -> int:
        return len(self._nodes)

    def __repr__(self) -> str:
        """Return a line for each node, those inside a model indented after its first call."""
        return "\n".join("  " * path.count("/") + str(node) for path, node in _paths(self))

    def of(self, layer: str | object) -> list[LayerNode]:
        """Return the nodes of a layer in the order of calling.

        Args:
            layer: Its name, `model/name` for one in a nested model, or the layer itself.

        Raises:
            MtlError: The model does not call such a layer.
        """
        if isinstance(layer, str):
            found = [node for path, node in _paths(self) if path == layer]
        else:
            found = [node for node in self if node.layer is layer]
            found = found or [node for _, node in _paths(self) if node.layer is layer]
        if not found:
            known = sorted({path for path, _ in _paths(self)})
            name = layer if isinstance(layer, str) else getattr(layer, "name", repr(layer))
            if name in input_names(self._model):
                raise MtlError(f"{name!r} is an input of the model: no layer that it calls.")
            raise MtlError(f"The model calls no layer {name!r}. {nearest(str(name), known)}")
        return sorted(found, key=lambda node: node.index)

    def input(self, layer: str | object) -> keras.KerasTensor | list[keras.KerasTensor]:
        """Return what a layer that is called once reads.

        Raises:
            MtlError: The layer is called several times, or not at all.
        """
        return self._the("input", layer, lambda node: node.input)

    def output(self, layer: str | object) -> keras.KerasTensor | list[keras.KerasTensor]:
        """Return what a layer that is called once makes.

        Raises:
            MtlError: The layer is called several times, or not at all.
        """
        return self._the("output", layer, lambda node: node.output)

    def input_shape(self, layer: str | object) -> Shape | list[Shape]:
        """Return the shape that a layer reads in each of its calls, batch included.

        Raises:
            MtlError: Its calls read different shapes, or there are none.
        """
        return self._the("input_shape", layer, lambda node: node.input_shape)

    def output_shape(self, layer: str | object) -> Shape | list[Shape]:
        """Return the shape that a layer makes in each of its calls, batch included.

        Raises:
            MtlError: Its calls make different shapes, or there are none.
        """
        return self._the("output_shape", layer, lambda node: node.output_shape)

    def _the(self, what: str, layer: str | object, read: Callable[[LayerNode], Any]) -> Any:
        own = self.of(layer)
        answers = [read(node) for node in own]
        same = all(answer is answers[0] for answer in answers)
        if same or ("shape" in what and all(answer == answers[0] for answer in answers)):
            return answers[0]
        path = next(path for path, node in _paths(self) if node is own[0])
        shown = what.removesuffix("_shape")
        each = ", ".join(f"{node.name} {getattr(node, f'{shown}_shape')}" for node in own)
        raise MtlError(
            f"Layer {path!r} has {len(own)} nodes, one for each call, hence the notion of "
            f'"layer {what.replace("_", " ")}" is ill-defined. Found: {each}. '
            f"Ask for one of them: nodes(model).of({path!r})[0].{what}."
        )


def nodes(model: keras.Model) -> Nodes:
    """Return every call of a layer in a model.

        nodes(model).of("lstm")[1].output
        nodes(model).input_shape("conv")

    Args:
        model: A functional model, or a sequential one that is built.

    Raises:
        MtlError: It is neither.
    """
    graph = graph_of(model)
    if graph is None:
        raise MtlError(
            f"Expected a functional keras.Model, or a sequential one that is built, whose layers "
            f"and calls are known. Received: {model!r}"
        )
    return Nodes(graph)


def _paths(found: Sequence[LayerNode]) -> Iterator[tuple[str, LayerNode]]:
    """Yield every node, and after it the ones inside, with the path of its layer."""
    opened = set()
    for node in found:
        yield node.layer.name, node
        if node.inside is not None and node.layer.name not in opened:
            opened.add(node.layer.name)
            for path, within in _paths(node.inside):
                yield f"{node.layer.name}/{path}", within

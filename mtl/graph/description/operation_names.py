"""Names for the operations that an expression makes, after the node that they belong to.

Keras numbers operations over the whole process (`add_17`); here the last operation of a node has
the node's name and those before it have it too, with their own behind it: `joined`, `joined_abs`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

import keras


def name_operations(value: Any, name: str, read: Collection[int], names_taken: set[str]) -> None:
    """Name the operations between known tensors and a new one.

    Args:
        value: The tensor, or tensors, that an expression made.
        name: The node's name.
        read: The `id` of each tensor that the expression may have read.
        names_taken: The names of the graph so far; the new ones are added. Layers keep theirs.
    """
    made = [tensor for tensor in keras.tree.flatten(value) if isinstance(tensor, keras.KerasTensor)]
    last = {id(tensor._keras_history.operation) for tensor in made}  # noqa: SLF001
    for operation in _operations(made, read):
        own = re.sub(r"_\d+$", "", operation.name)
        wanted = name if id(operation) in last else f"{name}_{own}"
        operation.name = _unique(wanted, names_taken)


def _operations(tensors: list[keras.KerasTensor], read: Collection[int]) -> Iterator[Any]:
    """Yield each operation that is no layer, going back from tensors to those that were read."""
    seen = set(read)
    waiting = list(tensors)
    while waiting:
        tensor = waiting.pop(0)
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        operation, node_index, _ = tensor._keras_history  # noqa: SLF001
        node = operation._inbound_nodes[node_index]  # noqa: SLF001
        seen.update(id(other) for other in node.outputs)
        if not isinstance(operation, keras.layers.Layer):
            yield operation
        waiting += node.input_tensors


def _unique(wanted: str, names_taken: set[str]) -> str:
    name, number = wanted, 1
    while name in names_taken:
        number += 1
        name = f"{wanted}_{number}"
    names_taken.add(name)
    return name

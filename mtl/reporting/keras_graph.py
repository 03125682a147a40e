"""A functional model as the graph of layers that TensorBoard draws.

TensorBoard reads `model.to_json()` itself, but fails on outputs that are a dict and on arguments
that are numbers, and leaves out edges of tensors passed by keyword, into and out of models inside
models, and of a model that is called twice. So the edges are worked out here, models inside models
become scopes (`tower/dense`), and what is handed over is one flat list of layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

Config = Mapping[str, Any]
TENSOR = "__keras_tensor__"


@dataclass
class Node:
    """One layer or operation of the graph.

    Attributes:
        name: With the names of the models it is in, `tower/dense`.
        kind: The class of the layer.
        dtype: What it computes in, or None.
        sources: The names of the nodes it reads, once for each time it is called.
    """

    name: str
    kind: str
    dtype: str | None = None
    sources: list[str] = field(default_factory=list)


Reader = Callable[[Config, str, Sequence[Sequence[str]]], tuple[list[Node], list[str]]]


def layer_graph(model: keras.Model) -> list[Node] | None:
    """Return the layers of a model with their edges.

    Args:
        model: A functional or sequential model. Outputs named by a dict whose keys are not names of
            layers get a node each of the kind `Output`.

    Returns:
        Every layer once, a shared one with the edges of all its calls; None for a model that is no
        graph of layers (subclassed, or not yet built).
    """
    import keras

    if not getattr(model, "inputs", None) or not getattr(model, "outputs", None):
        return None
    outputs = list(model.outputs)
    config = keras.Model(model.inputs, outputs).get_config()
    nodes, ends = _functional(config, "", [])
    names = {node.name for node in nodes}
    for key, end in zip(_keys(model), ends, strict=False):
        if key != end:
            nodes.append(Node(f"output/{key}" if key in names else key, "Output", None, [end]))
    return nodes


def tensorboard_json(nodes: Sequence[Node]) -> Config:
    """Return the nodes in the form of a Keras model's JSON, as TensorBoard's graph page reads it.

    Args:
        nodes: What `layer_graph` returns.
    """
    layers = [
        {
            "name": node.name,
            "class_name": node.kind.encode("ascii", "replace").decode(),
            "config": {"name": node.name, "dtype": node.dtype},
            "inbound_nodes": [
                {
                    "args": [
                        [
                            {"class_name": TENSOR, "config": {"keras_history": [source, 0, 0]}}
                            for source in node.sources
                        ]
                    ]
                }
            ],
        }
        for node in nodes
    ]
    # With a name the page would open on a single box of that name, to be opened by hand.
    return {"class_name": "Functional", "config": {"name": "", "layers": layers}}


def _keys(model: keras.Model) -> list[str]:
    """Return the keys of a model's outputs in the order of `model.outputs`, or no key."""
    import keras

    # A sequential model that has not been called itself knows no `output`.
    outputs = None if isinstance(model, keras.Sequential) else model.output
    if not isinstance(outputs, Mapping) or len(outputs) != len(model.outputs):
        return []
    return list(keras.tree.flatten({key: str(key) for key in outputs}))


def _functional(
    config: Config, scope: str, calls: Sequence[Sequence[str]]
) -> tuple[list[Node], list[str]]:
    """Return a functional model's nodes, and the name of the node behind each of its outputs.

    `calls` holds the names that the model reads, for each time that it is called.
    """
    layers: Sequence[Config] = config["layers"]
    # Two rounds: where a model inside ends must be known before the edges that leave it.
    ends = {layer["name"]: _ends(layer, scope) for layer in layers}
    nodes: list[Node] = []
    for layer in layers:
        reads = [
            [_end(ends, name, index) for name, index in _histories(node)]
            for node in layer.get("inbound_nodes", [])
        ]
        nodes += _nodes(layer, scope, reads)
    inputs = [scope + name for name, _ in _triples(config["input_layers"])]
    by_name = {node.name: node for node in nodes}
    for call in calls:
        for name, source in zip(inputs, call, strict=False):
            by_name[name].sources.append(source)
    return nodes, [_end(ends, name, index) for name, index in _triples(config["output_layers"])]


def _sequential(
    config: Config, scope: str, calls: Sequence[Sequence[str]]
) -> tuple[list[Node], list[str]]:
    """Return a sequential model's nodes, and the name of the last one."""
    nodes: list[Node] = []
    for layer in config["layers"]:
        nodes += _nodes(layer, scope, calls)
        calls = [_ends(layer, scope)]
    return nodes, [name for call in calls for name in call]


def _nodes(layer: Config, scope: str, reads: Sequence[Sequence[str]]) -> list[Node]:
    """Return the node of a layer, or the nodes of a model that is used as one."""
    name = scope + _name(layer)
    if _is_model(layer):
        return _inside(layer)(layer["config"], f"{name}/", reads)[0]
    sources = [source for call in reads for source in call]
    return [Node(name, layer["class_name"], _dtype(layer["config"].get("dtype")), sources)]


def _ends(layer: Config, scope: str) -> list[str]:
    """Return the names of the nodes behind a layer's outputs."""
    name = scope + _name(layer)
    return _inside(layer)(layer["config"], f"{name}/", [])[1] if _is_model(layer) else [name]


def _end(ends: Mapping[str, list[str]], name: str, index: int) -> str:
    """Return the node behind one output of a layer; a plain layer is one node for all of them."""
    found = ends[name]
    return found[index] if index < len(found) else found[-1]


def _inside(layer: Config) -> Reader:
    return _functional if "input_layers" in layer["config"] else _sequential


def _is_model(layer: Config) -> bool:
    inside = layer["config"].get("layers")
    return (
        isinstance(inside, list)
        and bool(inside)
        and all(isinstance(entry, Mapping) and "class_name" in entry for entry in inside)
    )


def _name(layer: Config) -> str:
    return str(layer.get("name") or layer["config"]["name"])


def _dtype(policy: object) -> str | None:
    """Return the data type of a policy as configured: mixed precision computes in its half."""
    if isinstance(policy, Mapping):
        policy = policy.get("config", {}).get("name")
    return str(policy).removeprefix("mixed_") if policy else None


def _histories(value: object) -> Iterator[tuple[str, int]]:
    """Find the tensors in the arguments of a call: the layer each is from, and which output."""
    if isinstance(value, Mapping):
        if value.get("class_name") == TENSOR:
            name, _, index = value["config"]["keras_history"]
            yield name, index
        else:
            for key in sorted(value):
                yield from _histories(value[key])
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _histories(entry)


def _triples(value: Any) -> Iterator[tuple[str, int]]:
    """Find the `[layer, node, tensor]` in a list, a dict or a single one of them."""
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield from _triples(value[key])
    elif len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int):
        yield value[0], value[2]
    else:
        for entry in value:
            yield from _triples(entry)

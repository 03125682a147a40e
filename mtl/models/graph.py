"""Any directed acyclic graph of layers and operations, written in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import keras

from mtl.config.check import bind_signature
from mtl.errors import ConfigError, MtlError, Problem
from mtl.graph.description.building import build
from mtl.graph.description.unknown import has_unknown_names
from mtl.plugins import installed_plugins
from mtl.registry import builder

NOTHING: Mapping[str, Any] = MappingProxyType({})


@builder("graph")
def graph(
    *,
    inputs: Mapping[str, Any] = NOTHING,
    layers: Mapping[str, Any] = NOTHING,
    nodes: Mapping[str, Any] = NOTHING,
    outputs: Mapping[str, Any] = NOTHING,
) -> keras.Model:
    """Build the graph that a config describes.

    Layers are those of `keras.layers`, by their bare names, and registered ones, `mtl>LSTM` or a
    plug-in's `shop>Basket`; operations are those of `keras.ops` and functions registered by
    `keras.saving.register_keras_serializable`. Nothing else can be called.

    Args:
        inputs: For each input its `shape` without the batch (null for any size) and its `dtype`, by
            default float32.
        layers: For each layer its `type` and its constructor's arguments. The key is the layer's
            name, and so its weights'. A wrapper names the layer that it holds
            (`{type: TimeDistributed, layer: vision}`) or describes it inline. `type: graph` with
            `inputs`, `layers`, `nodes` and `outputs` of its own is a nested model; if it has one
            output, `outputs` may be the expression alone. Initializers, regularizers and
            constraints with arguments are mappings, `{name: l2, l2: 0.01}`. A vocabulary is a list:
            a graph reads no files.
        nodes: For each node an expression, such as `lstm(words)` or `abs(x) + abs(y)`, in any
            order. A layer that is named twice is shared. Axis 0 of a tensor is the batch, and is
            not indexed: `x[:, 5]`. A list is no node. A constant, such as `ones([3, 2])`, has at
            most 10,000,000 numbers.
        outputs: For each output an expression.

    Raises:
        ConfigError: With everything that is wrong: unknown names with the nearest ones, cycles,
            whatever no output needs, arguments that a layer does not have, shapes that do not fit,
            indices out of range, outputs that have not one row for each example.

    Example:
        >>> model = graph(
        ...     inputs={"x": {"shape": [3]}, "y": {"shape": [3]}},
        ...     layers={"head": {"type": "Dense", "units": 1}},
        ...     nodes={"both": "abs(x) + abs(y)"},
        ...     outputs={"score": "head(both)"},
        ... )
        >>> model.output["score"].shape
        (None, 1)
    """
    description = {"inputs": inputs, "layers": layers, "nodes": nodes, "outputs": outputs}
    # A layer may be an installed plug-in's that nothing has imported yet. Building first and again
    # after the import would give other initial weights: each layer that is made uses up seeds.
    broken = _import_plugins() if has_unknown_names(description) else []
    try:
        return build(description, _check_arguments)
    except ConfigError as error:
        raise ConfigError([*error.problems, *broken]) from None


def _import_plugins() -> list[Problem]:
    """Import what is installed; return why something does not import."""
    broken = []
    for plugin in installed_plugins():
        try:
            plugin.load()
        except MtlError as error:
            broken.append(Problem("plugins", str(error).rstrip("."), "What it has is unknown."))
    return broken


def _check_arguments(layer: type, arguments: Mapping[str, Any], path: str) -> list[Problem]:
    return bind_signature(layer, arguments, path, provided=(), refuses_others=True)

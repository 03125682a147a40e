"""What a graph would do in every cell of every map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import keras
import numpy as np
import tensorflow as tf

_CELLS_AT_ONCE = 2**15
_PAIRS_AT_ONCE = 2**24  # of states and cells: 64 MB of one-hot rows


def likeliest_moves(
    graph: keras.Model, maps: np.ndarray, *, output: str, map_input: str, state_input: str
) -> np.ndarray:
    """Return the likeliest move in every cell, obstacles too, planning once a map.

    Args:
        graph: Reads maps and states, gives each state's probabilities of moves.
        maps: What the graph reads as maps, shape `(maps, height, width, channels)`.
        output: The graph's output that holds the probabilities.
        map_input: The graph's input that takes the maps.
        state_input: The graph's input that takes the states.

    Returns:
        Whole numbers, shape `(maps, height, width)`.
    """
    height, width = maps.shape[1:3]
    cells = np.argwhere(np.ones((height, width), bool)).astype(np.int32)[np.newaxis]
    found = []
    for part in _parts(maps):
        states = np.repeat(cells, len(part), axis=0)
        inputs = {map_input: tf.constant(part), state_input: tf.constant(states)}
        found.append(np.asarray(graph(inputs, training=False)[output]).argmax(axis=-1))
    return np.concatenate(found).reshape(len(maps), height, width)


def read_layers(
    graph: keras.Model, maps: np.ndarray, names: Mapping[str, str], map_input: str
) -> dict[str, np.ndarray]:
    """Return what layers make of maps, the maximum over their channels.

    Args:
        graph: The graph.
        maps: What the graph reads as maps, shape `(maps, height, width, channels)`.
        names: The layers, by what to call their maps. One that the graph lacks is left out.
        map_input: The graph's input that takes the maps.

    Returns:
        By name, shape `(maps, height, width)`.
    """
    layers = {layer.name: layer for layer in graph.layers}
    outputs = {key: layers[name].output for key, name in names.items() if name in layers}
    if not outputs:
        return {}
    read = keras.Model({map_input: graph.input[map_input]}, outputs)
    found = [read({map_input: tf.constant(part)}, training=False) for part in _parts(maps)]
    return {
        key: np.concatenate([np.asarray(each[key]) for each in found]).max(axis=-1)
        for key in outputs
    }


def _parts(maps: np.ndarray) -> Iterator[np.ndarray]:
    cells = maps.shape[1] * maps.shape[2]
    size = max(1, min(_CELLS_AT_ONCE // cells, _PAIRS_AT_ONCE // cells**2))
    for start in range(0, len(maps), size):
        yield maps[start : start + size]

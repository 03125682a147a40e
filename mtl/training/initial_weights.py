"""Weights of another run, put into a graph by their paths."""

from __future__ import annotations

import keras

from mtl.config.check.wording import some_of
from mtl.errors import ConfigError, Problem
from mtl.graph.weights import weights_by_path

SETTING = "training.initial_weights"


def give_weights(graph: keras.Model, trained: keras.Model) -> None:
    """Give a graph that was built anew, with other parameters, all its weights.

    Args:
        graph: What gets them.
        trained: The graph that was trained.

    Raises:
        ConfigError: The weights of both are not the same, by path and shape.
    """
    own, others = weights_by_path(graph, trained), weights_by_path(trained, graph)
    differing = [
        path
        for path in dict.fromkeys([*own, *others])
        if path not in own
        or path not in others
        or tuple(own[path].shape) != tuple(others[path].shape)
    ]
    if differing:
        found = f"these weights are not the trained ones: {some_of(differing, 6)}"
        expected = "Expected parameters that leave the weights' names and shapes as they are."
        raise ConfigError([Problem("model", found, expected)])
    for path, weight in own.items():
        weight.assign(others[path].value)


def take_weights(graph: keras.Model, source: keras.Model, name: str) -> list[str]:
    """Give a graph the weights of another one that have the same paths and shapes.

    What has another shape there, such as the head of a task with more classes, stays new; so does
    the rest of its layer.

    Args:
        graph: What gets them.
        source: What has them.
        name: Of the source, for messages.

    Returns:
        Sentences that say which weights were taken and which were not.

    Raises:
        ConfigError: No layer is the same in both.
    """
    own, others = weights_by_path(graph, source), weights_by_path(source, graph)
    unlike: dict[str, str] = {}
    for path in own:
        here, there = tuple(own[path].shape), tuple(others[path].shape) if path in others else None
        if there is not None and there != here:
            unlike.setdefault(_layer(path), f"{path} has the shape {there} there and {here} here")
    lacking = {_layer(path) for path in {*own} ^ {*others}}
    common = [path for path in own if _layer(path) not in {*unlike, *lacking}]
    if not common:
        ours, theirs = some_of(list(own), 6), some_of(list(others), 6)
        found = f"no layer is the same in {name}, which has {theirs}; here {ours}"
        reasons = "".join(f" {reason}." for reason in unlike.values())
        expected = f"Expected a run of a model with the same layers.{reasons}"
        raise ConfigError([Problem(SETTING, found, expected)])
    for path in common:
        own[path].assign(others[path].value)
    notes = [f"{len(common)} of {len(own)} weights start as those of {name}."]
    notes += [f"New, as {reason}: {layer}." for layer, reason in unlike.items()]
    fresh = sorted({_layer(path) for path in own} & lacking)
    if fresh:
        notes.append(f"Not in {name} and new: {some_of(fresh, 6)}.")
    return notes


def _layer(path: str) -> str:
    """Return the layer that a weight is in."""
    return path.rpartition("/")[0]

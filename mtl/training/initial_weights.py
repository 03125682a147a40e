"""Weights of another run, put into a graph by their paths."""

from __future__ import annotations

from collections.abc import Mapping

import keras

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
    own, others = weights_by_path(graph), weights_by_path(trained)
    differing = [
        path
        for path in dict.fromkeys([*own, *others])
        if path not in own
        or path not in others
        or tuple(own[path].shape) != tuple(others[path].shape)
    ]
    if differing:
        found = f"these weights are not the trained ones: {_some(differing)}"
        expected = "Expected parameters that leave the weights' names and shapes as they are."
        raise ConfigError([Problem("model", found, expected)])
    for path, weight in own.items():
        weight.assign(others[path].value)


def take_weights(graph: keras.Model, source: keras.Model, name: str) -> list[str]:
    """Give a graph the weights of another one that have the same paths.

    Args:
        graph: What gets them.
        source: What has them.
        name: Of the source, for messages.

    Returns:
        Sentences that say which weights were taken and which were not.

    Raises:
        ConfigError: A weight has another shape in the source, or none is in both.
    """
    own, others = weights_by_path(graph), weights_by_path(source)
    common = [path for path in own if path in others]
    problems = [
        Problem(
            SETTING,
            f"the weight {path!r} has the shape {tuple(others[path].shape)} in {name}, here "
            f"{tuple(own[path].shape)}",
            "Expected the same sizes: change the model's parameters, or leave this setting null.",
        )
        for path in common
        if tuple(own[path].shape) != tuple(others[path].shape)
    ]
    if not common:
        found = (
            f"no weight of {name} has a path of this graph's: {_some(others)}; here {_some(own)}"
        )
        problems.append(Problem(SETTING, found, "Expected a run of a model with the same layers."))
    if problems:
        raise ConfigError(problems)
    for path in common:
        own[path].assign(others[path].value)
    notes = [f"{len(common)} weights start as those of {name}."]
    fresh = [path for path in own if path not in others]
    if fresh:
        notes.append(f"Not in {name} and new: {_some(fresh)}.")
    return notes


def _some(paths: Mapping[str, object] | list[str], count: int = 6) -> str:
    listed = list(paths)
    more = f" and {len(listed) - count} more" if len(listed) > count else ""
    return ", ".join(listed[:count]) + more

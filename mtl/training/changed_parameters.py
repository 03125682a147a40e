"""Whether a parameter of the model means anything once its weights are the trained ones."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from mtl.data.inputs import InputSpecification
from mtl.errors import MtlError, Problem
from mtl.graph.weights import weights_by_path
from mtl.tasks.task import Task
from mtl.training.building import build_graph

_NUMBERED = re.compile(r'"(\w+?)(?:_(\d+))?"')
_ABSENT = object()


def check_changes_take_effect(
    config: Mapping[str, Any],
    trained: Mapping[str, Any],
    specifications: Mapping[str, InputSpecification],
    tasks: Mapping[str, Task],
) -> list[Problem]:
    """Return a problem for each changed parameter that trained weights would take the place of.

    Each is set back alone and the graph built anew. Its effect is lost where a weight starts from
    other numbers that follow from the parameters and not from the seed, and where the graphs do
    not differ at all: what it chooses from the training examples is in the trained weights.

    Args:
        config: The resolved config with the changed section `model`.
        trained: The section `model` with which the run was trained.
        specifications: The data's inputs.
        tasks: The fitted tasks.
    """
    changed = config["model"]
    if changed["name"] != trained["name"]:
        return []

    def built(model: Mapping[str, Any]) -> _Built:
        return _Built({**config, "model": model}, specifications, tasks)

    keys = [
        key
        for key in dict.fromkeys([*changed, *trained])
        if changed.get(key, _ABSENT) != trained.get(key, _ABSENT)
    ]
    new = built(changed)
    problems = []
    for key in keys:
        try:
            old = built(_with(changed, key, trained.get(key, _ABSENT)))
        except MtlError:  # it fits the other changes only, so that it has an effect
            continue
        lost = new.differing_weights(old)
        if lost:
            effect = f"sets the weights {', '.join(lost)}"
        elif new.structure == old.structure:
            effect = "changes nothing in the graph but weights"
        else:
            continue
        found = f"found {changed.get(key)!r}, which {effect}, and these are the trained ones"
        expected = "Leave it as it was trained, or train a model with it."
        problems.append(Problem(f"model.{key}", found, expected))
    return problems


def _with(section: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    others = {name: each for name, each in section.items() if name != key}
    return others if value is _ABSENT else {**others, key: value}


class _Built:
    """A graph, built with two seeds.

    Attributes:
        structure: What it is made of; the numbers in names that Keras gives are counted anew.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        specifications: Mapping[str, InputSpecification],
        tasks: Mapping[str, Task],
    ) -> None:
        seeds = (config["training"]["seed"], config["training"]["seed"] + 1)
        self._graphs = [
            build_graph(
                {**config, "training": {**config["training"], "seed": seed}}, specifications, tasks
            )
            for seed in seeds
        ]
        self.structure = _structure(self._graphs[0])

    def differing_weights(self, other: _Built) -> list[str]:
        """Return the paths of weights that both are given, without drawing, as other numbers."""
        own, theirs = self._given(other), other._given(self)
        return [
            path
            for path, values in own.items()
            if path in theirs
            and values.shape == theirs[path].shape
            and not np.array_equal(values, theirs[path])
        ]

    def _given(self, other: _Built) -> dict[str, np.ndarray]:
        """Return the weights that do not follow from the seed."""
        first, second = (
            {path: weight.numpy() for path, weight in weights_by_path(graph, beside).items()}
            for graph, beside in zip(self._graphs, other._graphs, strict=True)
        )
        return {path: each for path, each in first.items() if np.array_equal(each, second[path])}


def _structure(graph: keras.Model) -> str:
    places: dict[str, int] = {}

    def renumbered(match: re.Match[str]) -> str:
        name, place = match[0], len(places)
        return f'"{match[1]}#{places.setdefault(name, place)}"'

    return _NUMBERED.sub(renumbered, json.dumps(json.loads(graph.to_json()), sort_keys=True))

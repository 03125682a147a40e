"""The names that a config may choose from, and the parameters of what it chose."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any

from mtl.config.check import Known, TaskKind, bind_signature
from mtl.config.check.evaluations import (
    evaluation_exists,
    evaluation_is_a_mapping,
    evaluation_is_of_a_task,
)
from mtl.config.check.signature import HANDED_IN
from mtl.data.columns import COLUMN_KINDS
from mtl.errors import Problem
from mtl.registry import balancers, builders, evaluations, generators, kinds
from mtl.tasks.names import loss_names, metric_names, option_names
from mtl.training.optimizers import OPTIMIZERS, SCHEDULES, check_optimizer
from mtl.training.problems import Problems


def known_names() -> Known:
    """Return every name that a choice of the config may have."""
    return Known(
        builders=builders.names(),
        generators=generators.names(),
        balancers=balancers.names(),
        evaluations=evaluations.names(),
        optimizers=list(OPTIMIZERS),
        schedules=list(SCHEDULES),
        column_kinds=COLUMN_KINDS,
        task_kinds={
            name: TaskKind(loss_names(name), metric_names(name), option_names(name))
            for name in kinds.names()
        },
    )


def check_signatures(config: Mapping[str, Any], problems: Problems) -> list[Problem]:
    """Hold the chosen functions' keyword parameters against the config's keys.

    Args:
        config: The resolved config.
        problems: Takes in why a function cannot be had, a plug-in that does not import, say.
    """
    found = check_optimizer(config.get("optimizer", {}))
    generator = config.get("data", {}).get("generator") or {}
    for path, registry, section in (
        ("model", builders, config.get("model", {})),
        ("balancing", balancers, config.get("balancing", {})),
        ("data.generator", generators, generator),
        *_evaluations(config),
    ):
        name = section.get("name")
        if name not in registry.names():
            continue
        called = problems.attempt(f"{path}.name", partial(registry.get, name))
        values = {key: value for key, value in section.items() if key != "name"}
        handed_in = {"weights"} if registry is balancers else HANDED_IN
        if called is not None:
            words = name if inspect.isclass(called) else None  # no user knows a class's name
            found += bind_signature(called, values, path, provided=handed_in, called=words)
    return found


def check_model(config: Mapping[str, Any]) -> list[Problem]:
    """Hold the section `model` against its builder's parameters."""
    section = config["model"]
    values = {key: value for key, value in section.items() if key != "name"}
    return bind_signature(builders.get(section["name"]), values, "model")


def check_evaluations(config: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the sections `evaluations` of a trained run's config.

    Args:
        config: `evaluations` and `tasks`.
    """
    found = [
        *evaluation_is_a_mapping(config),
        *evaluation_exists(config, Known(evaluations=evaluations.names())),
        *evaluation_is_of_a_task(config),
    ]
    for path, registry, section in _evaluations(config):
        if section.get("name") in registry.names():
            values = {key: value for key, value in section.items() if key != "name"}
            found += bind_signature(registry.get(section["name"]), values, path)
    return found


def _evaluations(config: Mapping[str, Any]) -> list[tuple[str, Any, Mapping[str, Any]]]:
    """Return path, registry and section of each evaluation."""
    asked = config.get("evaluations") or {}
    return [
        (f"evaluations.{label}", evaluations, section)
        for label, section in asked.items()
        if isinstance(section, Mapping)
    ]

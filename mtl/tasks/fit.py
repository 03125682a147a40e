"""Fitting every task of a config to the training split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from mtl.errors import ConfigError, MtlError, Problem, nearest
from mtl.registry import kinds
from mtl.tasks.kind_rules import name_problems
from mtl.tasks.kinds.base import find_kind
from mtl.tasks.options import TaskOptions, plain, read_options
from mtl.tasks.targets import TargetError, Targets
from mtl.tasks.task import Task
from mtl.tasks.weights import class_weight_problems, example_weights, fit_class_weights


def fit_tasks(
    task_configs: Mapping[str, Mapping[str, Any] | None],
    training_table: pl.DataFrame,
    rows: np.ndarray | None = None,
) -> dict[str, Task]:
    """Fit the tasks, in the order of the config.

    Args:
        task_configs: The section `tasks`: each output's task. An output whose task is null is left
            out, and so is one without a target that is not trained.
        training_table: The rows of the training split.
        rows: The numbers of these rows in the user's table, from 0, for error messages.

    Returns:
        The tasks by output name.

    Raises:
        ConfigError: With every problem of every task.
    """
    tasks: dict[str, Task] = {}
    problems: list[Problem] = []
    for name, config in task_configs.items():
        if config is None or _has_nothing_to_learn(config):
            continue
        found = _fit_task(str(name), config, Targets(str(name), training_table, rows))
        if isinstance(found, Task):
            tasks[found.name] = found
        else:
            problems.extend(found)
    if problems:
        raise ConfigError(problems)
    return tasks


def main_task(tasks: Mapping[str, Task]) -> str:
    """Return the first trained task that is no auxiliary one, or else the first that there is.

    Raises:
        MtlError: There is no task.
    """
    if not tasks:
        raise MtlError("There is no task. Expected at least one under `tasks`.")
    trained = [name for name, task in tasks.items() if task.trained]
    main = [name for name in trained if tasks[name].auxiliary_of is None]
    return next(iter([*main, *trained, *tasks]))


def _fit_task(name: str, config: Mapping[str, Any], targets: Targets) -> Task | list[Problem]:
    options = read_options(name, config)
    if not isinstance(options, TaskOptions):
        return options
    try:
        kind = find_kind(options.kind)
    except MtlError as error:
        known = kinds.names()
        expected = str(error) if options.kind in known else nearest(options.kind, known)
        return [Problem(f"{options.path}.kind", f"no kind {options.kind!r}", expected)]
    problems = list(name_problems(options, kind.names))
    try:
        fitted = kind.fit(options, targets)
        encoded = fitted.encode(targets)
    except TargetError as error:
        return [*problems, error.problem]
    problems += class_weight_problems(options, fitted)
    try:
        example_weights(encoded, None, options.sample_weight, targets)
    except TargetError as error:
        problems.append(error.problem)
    if problems:
        return problems
    try:
        return Task(options, fitted, fit_class_weights(options, fitted, encoded))
    except MtlError as error:
        return [Problem(options.path, "found a loss or metric that cannot be made", str(error))]


def _has_nothing_to_learn(config: Mapping[str, Any]) -> bool:
    section = plain(config)
    return section.get("target") is None and (
        section.get("untrained") is True or section.get("weight") == 0
    )

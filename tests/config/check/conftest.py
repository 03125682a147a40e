"""A config without a mistake, a way to change it, and the wording every problem is held to."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from mtl.config.check import Known, TaskKind
from mtl.errors import Problem

HEADLINE: dict[str, Any] = {
    "name": "headline",
    "model": {"name": "headline", "vocabulary_size": 10_000},
    "data": {
        "path": None,
        "generator": {"name": "headlines", "rows": 12_000, "seed": 0},
        "columns": {
            "link_name": {"kind": "text", "vocabulary_size": 10_000, "padding": "left"},
            "page": {"kind": "categorical", "encoding": "target_mean", "of": "main_output"},
            "status_published": {"kind": "datetime", "features": ["hour", "weekday"]},
        },
        "split": {
            "by": "time",
            "column": "status_published",
            "validation": 0.15,
            "test": 0.15,
            "seed": 0,
        },
    },
    "inputs": {"main_input": "link_name", "aux_input": ["status_published", "page"]},
    "tasks": {
        "main_output": {"target": "num_reactions", "kind": "binary", "above": "median"},
        "aux_output": {
            "target": "num_reactions",
            "kind": "binary",
            "above": "median",
            "weight": 0.2,
            "auxiliary_of": "main_output",
        },
    },
    "balancing": {"name": "fixed"},
    "optimizer": {"name": "rmsprop", "learning_rate": 0.001, "clipnorm": None, "schedule": None},
    "training": {
        "epochs": 10,
        "batch_size": 32,
        "seed": 0,
        "shuffle": True,
        "monitor": "validation/loss",
        "monitor_mode": "auto",
        "patience": 3,
        "minimum_improvement": 0.0,
        "restore_best": True,
        "precision": "float32",
        "xla": "auto",
        "embedding_updates": "exact",
        "deterministic": False,
        "limit_batches": None,
        "evaluation_batch_size": 512,
    },
    "plugins": None,
    "run": None,
    "debug": False,
    "runs": "runs",
}


def text_options(*, vocabulary_size: int = 10_000, padding: str = "left") -> None:
    """Stand for the options of the kind of column `text`."""


def categorical_options(*, encoding: str = "index", of: str | None = None) -> None:
    """Stand for the options of the kind of column `categorical`."""


def datetime_options(*, features: list[str], offset: str | None = None) -> None:
    """Stand for the options of the kind of column `datetime`."""


@pytest.fixture
def known() -> Known:
    """Return a small set of names of each sort."""
    return Known(
        builders=["headline", "tweets"],
        generators=["headlines"],
        balancers=["fixed", "pcgrad"],
        optimizers=["adam", "rmsprop", "sgd"],
        schedules=["cosine", "exponential"],
        column_kinds={
            "text": text_options,
            "categorical": categorical_options,
            "datetime": datetime_options,
        },
        task_kinds={
            "binary": TaskKind(
                losses=["binary_crossentropy", "focal"],
                metrics=["accuracy", "auc"],
                options=["above", "equals", "class_weights"],
            ),
            "regression": TaskKind(losses=["mse", "huber"], metrics=["r2"], options=["transform"]),
        },
    )


@pytest.fixture
def config() -> dict[str, Any]:
    """Return a config without a mistake, free to be changed."""
    return copy.deepcopy(HEADLINE)


@pytest.fixture
def changed(config: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Return a function that sets paths of the config: `changed({"training.epochs": 0})`."""

    def change(values: dict[str, Any]) -> dict[str, Any]:
        for path, value in values.items():
            *keys, last = path.split(".")
            place = config
            for key in keys:
                place = place.setdefault(key, {})
            place[last] = value
        return config

    return change


@pytest.fixture
def said() -> Callable[[Iterable[Problem]], list[str]]:
    """Return a function that gives the problems' messages, each held to the common wording."""

    def say(problems: Iterable[Problem]) -> list[str]:
        listed = list(problems)
        for problem in listed:
            assert problem.path, problem
            assert " " not in problem.path, problem
            assert problem.found, problem
            assert problem.found[-1] not in ". ", problem
            assert len(problem.expected) > 5, problem
            assert problem.expected.endswith((".", "?")), problem
            assert not problem.expected.endswith(".."), problem
            assert problem.expected == problem.expected.strip(), problem
            assert "  " not in str(problem), problem
            assert "None" not in problem.found, problem
        return [str(problem) for problem in listed]

    return say

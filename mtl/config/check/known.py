"""The names that exist, handed to the rules so that these import nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class TaskKind:
    """What a task of one kind may say.

    Attributes:
        losses: The names `loss` may have.
        metrics: The names `metrics` may list.
        options: The keys beyond those of every task: `above`, `transform`, `class_weights`, ….
    """

    losses: Collection[str]
    metrics: Collection[str]
    options: Collection[str]


@dataclass(frozen=True, kw_only=True)
class Known:
    """The names a config may choose from; the rules on a list that is None are left out.

    Attributes:
        builders: Names of `model`.
        generators: Names of `data.generator`.
        balancers: Names of `balancing`.
        optimizers: Names of `optimizer`.
        schedules: Names of `optimizer.schedule`.
        evaluations: Names of `evaluations`.
        column_kinds: For each kind of column, the function or class whose keyword parameters are
            its options.
        task_kinds: What each kind of task may say.
    """

    builders: Collection[str] | None = None
    generators: Collection[str] | None = None
    balancers: Collection[str] | None = None
    optimizers: Collection[str] | None = None
    schedules: Collection[str] | None = None
    evaluations: Collection[str] | None = None
    column_kinds: Mapping[str, Callable[..., object]] | None = None
    task_kinds: Mapping[str, TaskKind] | None = None

"""Rules on what each task says by itself: its keys, their values, its loss and its metrics."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from mtl.config.check.expectations import (
    Expectation,
    choice,
    either,
    is_number,
    number_from,
    or_null,
    switch,
    text,
    texts,
    value_is_as_expected,
)
from mtl.config.check.known import Known, TaskKind
from mtl.config.check.sections import Config, is_trained, listed, tasks
from mtl.config.check.wording import shown, unknown_name
from mtl.errors import Problem, nearest

WEIGHTED = "weighted_"
NAMED = Expectation(
    lambda value: isinstance(_name(value), str) and _name(value) != "",
    "a name, or a mapping with a name and parameters",
)
NAMES = Expectation(
    lambda value: all(map(NAMED.holds, listed(value))),
    "a list of metrics, each a name or a mapping with a name and parameters",
)
CLASS_WEIGHTS = Expectation(
    lambda value: value == "balanced" or isinstance(value, Mapping),
    "balanced, or a mapping of classes to numbers of 0 or more",
)
SINGLE = Expectation(
    lambda value: isinstance(value, str | bool) or is_number(value), "one value of the target"
)
COMMON: dict[str, Expectation] = {
    "target": or_null(either(text("the name of a column"), texts("a list of names"))),
    "kind": or_null(text("the name of a kind")),
    "weight": or_null(number_from(0), "1"),
    "loss": or_null(NAMED, "the kind's own"),
    "metrics": or_null(NAMES, "the kind's own"),
    "sample_weight": or_null(text("the name of a column")),
    "auxiliary_of": or_null(text("the name of another task")),
    "untrained": or_null(switch()),
}
OPTIONS: dict[str, Expectation] = {
    "above": or_null(either(Expectation(is_number, "a number"), choice("median", "mean"))),
    "equals": or_null(SINGLE),
    "class_weights": or_null(CLASS_WEIGHTS),
    "separator": or_null(text("the text between two labels")),
    "transform": or_null(either(text("the name of a transform"), texts("a list of names"))),
}


def task_values_are_as_expected(config: Config) -> Iterator[Problem]:
    """Yield a problem for each value of a task that is of the wrong type or out of its range."""
    for name, task in tasks(config).items():
        for key, expectation in {**COMMON, **OPTIONS}.items():
            if key in task:
                yield from value_is_as_expected(task[key], f"tasks.{name}.{key}", expectation)


def task_keys_are_known(config: Config, known: Known) -> Iterator[Problem]:
    """Yield a problem for each key that tasks of this kind do not have."""
    for name, task in tasks(config).items():
        kind = _kind(task, known)
        options = set(OPTIONS) if kind is None else set(kind.options)
        for key in task:
            if key not in COMMON and key not in OPTIONS and key not in options:
                expected = nearest(str(key), {*COMMON, *options})
                yield Problem(f"tasks.{name}.{key}", f"a task has no key {key!r}", expected)


def option_is_of_the_kind(config: Config, known: Known) -> Iterator[Problem]:
    """Yield a problem for each option of another kind of task, such as `transform` on a binary."""
    for name, task in tasks(config).items():
        kind = _kind(task, known)
        for key in OPTIONS if kind is not None else ():
            if task.get(key) is not None and kind is not None and key not in kind.options:
                kinds = known.task_kinds or {}
                owners = sorted(owner for owner in kinds if key in kinds[owner].options)
                whose = f"{key} is for the kind {' or '.join(owners)}. " if owners else ""
                found = f"found {shown(task[key])} in a task of the kind {task['kind']!r}"
                expected = f"{whose}Set it to null, or change the kind."
                yield Problem(f"tasks.{name}.{key}", found, expected)


def target_is_given(config: Config) -> Iterator[Problem]:
    """Yield a problem for each trained task without a target column."""
    for name, task in tasks(config).items():
        if not listed(task.get("target")) and is_trained(task):
            expected = "Expected the name of a column (or untrained: true)."
            yield Problem(f"tasks.{name}.target", "missing", expected)


def kind_exists(config: Config, known: Known) -> Iterator[Problem]:
    """Yield a problem for each task with a target whose kind is missing or unknown."""
    for name, task in tasks(config).items():
        kind, kinds = task.get("kind"), known.task_kinds
        if kind is None and listed(task.get("target")):
            listing = f" {nearest('', kinds)}" if kinds is not None else ""
            yield Problem(f"tasks.{name}.kind", "missing", f"Expected the kind of task.{listing}")
        elif isinstance(kind, str) and kinds is not None and kind not in kinds:
            yield unknown_name(f"tasks.{name}.kind", "a kind of task", kind, kinds)


def loss_exists(config: Config, known: Known) -> Iterator[Problem]:
    """Yield a problem for each loss that the task's kind does not have."""
    for name, task in tasks(config).items():
        kind, loss = _kind(task, known), _name(task.get("loss"))
        if kind is not None and isinstance(loss, str) and loss not in kind.losses:
            thing = f"a loss of the kind {task['kind']!r}"
            yield unknown_name(f"tasks.{name}.loss", thing, loss, kind.losses)


def metrics_exist(config: Config, known: Known) -> Iterator[Problem]:
    """Yield a problem for each metric that the task's kind does not have, also as `weighted_…`."""
    for name, task in tasks(config).items():
        kind = _kind(task, known)
        for metric in map(_name, listed(task.get("metrics"))) if kind is not None else ():
            if kind is not None and isinstance(metric, str) and not _has(kind.metrics, metric):
                thing = f"a metric of the kind {task['kind']!r}"
                yield unknown_name(f"tasks.{name}.metrics", thing, metric, kind.metrics)


def above_or_equals(config: Config) -> Iterator[Problem]:
    """Yield a problem for each task whose label is derived in two ways."""
    for name, task in tasks(config).items():
        if task.get("above") is not None and task.get("equals") is not None:
            found = f"found above: {shown(task['above'])} and equals: {shown(task['equals'])}"
            yield Problem(f"tasks.{name}", found, "Expected one of them: set the other to null.")


def class_weights_are_numbers(config: Config) -> Iterator[Problem]:
    """Yield a problem for each class weight that is negative or no finite number."""
    for name, task in tasks(config).items():
        weights, path = task.get("class_weights"), f"tasks.{name}.class_weights"
        if not isinstance(weights, Mapping):
            continue
        for label, weight in weights.items():
            yield from value_is_as_expected(weight, f"{path}.{label}", number_from(0))
        if all(is_number(weight) and weight == 0 for weight in weights.values()):
            yield Problem(path, f"found {shown(weights)}", "Expected one weight or more above 0.")


def _kind(task: Config, known: Known) -> TaskKind | None:
    return (known.task_kinds or {}).get(str(task.get("kind")))


def _has(names: Collection[str], metric: str) -> bool:
    return metric in names or metric.removeprefix(WEIGHTED) in names


def _name(value: object) -> object:
    """Return the name in `huber` and in `{name: huber, delta: 0.5}`."""
    return value.get("name") if isinstance(value, Mapping) else value

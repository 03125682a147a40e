"""Rules on the tasks together: that there are some, their names, and how they serve each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mtl.config.check.sections import Config, is_trained, section, tasks
from mtl.config.check.wording import shown, unknown_name
from mtl.errors import Problem, nearest

RESERVED = {
    "mean": "the mean over tasks",
    "total": "the weighted total of the losses",
}


def some_task(config: Config) -> Iterator[Problem]:
    """Yield a problem where no task is left."""
    if not any(task is not None for task in section(config, "tasks").values()):
        expected = "Expected one task or more, each under the name of an output of the model."
        yield Problem("tasks", "no task is given", expected)


def some_task_is_trained(config: Config) -> Iterator[Problem]:
    """Yield a problem where no task has part in the training."""
    given = tasks(config)
    if given and not any(is_trained(task) for task in given.values()):
        expected = "Expected one task or more with a weight above 0 and not untrained."
        yield Problem("tasks", "no task is trained", expected)


def task_is_a_mapping(config: Config) -> Iterator[Problem]:
    """Yield a problem for each task that is neither a mapping nor null."""
    for name, task in section(config, "tasks").items():
        if task is not None and not isinstance(task, Mapping):
            expected = "Expected a mapping such as {target: <column>, kind: binary}, or null."
            yield Problem(f"tasks.{name}", f"found {shown(task)}", expected)


def output_name_is_free(config: Config) -> Iterator[Problem]:
    """Yield a problem for a reserved name, and for a slash, which parts the names of figures."""
    for name, task in section(config, "tasks").items():
        if task is None:
            continue
        if name in RESERVED:
            expected = f"Rename the output: mtl reports {RESERVED[name]} under this name."
            yield Problem(f"tasks.{name}", f"{name!r} is a reserved name", expected)
        elif "/" in str(name):
            expected = "Rename the output: a slash parts the names of figures."
            yield Problem(f"tasks.{name}", "the name has a slash", expected)


def auxiliary_serves_another_task(config: Config) -> Iterator[Problem]:
    """Yield a problem for each `auxiliary_of` that names no task, the task itself or a circle."""
    given = tasks(config)
    for name, task in given.items():
        served, path = task.get("auxiliary_of"), f"tasks.{name}.auxiliary_of"
        others = [other for other in given if other != name]
        if not isinstance(served, str):
            continue
        if served == name:
            yield Problem(path, "the task serves itself", nearest(name, others))
        elif served not in given:
            yield unknown_name(path, "another task", served, others)
        elif name in (chain := _served_by(given, name)):
            circle = " → ".join([name, *chain])
            expected = "Set auxiliary_of: null for the main one of them."
            yield Problem(path, f"the tasks serve each other in a circle: {circle}", expected)


def _served_by(given: Mapping[str, Config], name: str) -> list[str]:
    """Return the tasks that `name` serves, one after the other, up to the first seen before."""
    chain: list[str] = []
    served = given[name].get("auxiliary_of")
    while isinstance(served, str) and served in given and served not in chain:
        chain.append(served)
        served = given[served].get("auxiliary_of")
    return chain

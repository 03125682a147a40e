"""What a task may say given its kind: losses, metrics, options. Imports no TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from mtl.errors import Problem, nearest
from mtl.tasks.names import KINDS, WEIGHTED, KindNames, Parameters
from mtl.tasks.options import Choice, TaskOptions
from mtl.tasks.registered import registered_losses, registered_metrics


def name_problems(options: TaskOptions, names: KindNames) -> Iterator[Problem]:
    """Yield what is wrong with the loss, the metrics and the options for a task of this kind.

    Names of plugins' losses and metrics are accepted with any parameters.
    """
    plugins = set(registered_losses())
    if options.loss is not None:
        known = names.loss_parameters()
        yield from choice_problems(options.loss, f"{options.path}.loss", "loss", known, plugins)
    plugins |= set(registered_metrics())
    seen: set[str] = set()
    for choice in options.metrics or ():
        path = f"{options.path}.metrics"
        known = names.metric_parameters()
        bare = Choice(choice.name.removeprefix(WEIGHTED), choice.parameters)
        yield from choice_problems(bare, path, "metric", known, plugins)
        if choice.name in seen:
            yield Problem(path, f"found {choice.name!r} twice", "Expected each metric once.")
        seen.add(choice.name)
    used = {
        "above": options.above,
        "equals": options.equals,
        "transform": options.transform or None,
        "separator": options.separator,
        "class_weights": options.class_weights,
    }
    for option, value in used.items():
        if value is not None and option not in names.options:
            owners = " or ".join(kind for kind, other in KINDS.items() if option in other.options)
            found = f"found it with kind {options.kind}"
            expected = f"It is for kind {owners}. Remove it, or change the kind."
            yield Problem(f"{options.path}.{option}", found, expected)


def choice_problems(
    choice: Choice, path: str, what: str, known: Mapping[str, Parameters], plugins: set[str]
) -> Iterator[Problem]:
    """Yield what is wrong with the name and the parameters of a loss or metric."""
    if choice.name not in known:
        if choice.name not in plugins:
            found = f"no {what} {choice.name!r} for this kind of task"
            yield Problem(path, found, nearest(choice.name, {*known, *plugins}))
        return
    for parameter, value in choice.parameters.items():
        place = f"{path}.{parameter}"
        if parameter not in known[choice.name]:
            found = f"the {what} {choice.name!r} has no parameter {parameter!r}"
            yield Problem(place, found, nearest(parameter, known[choice.name]))
            continue
        wanted = known[choice.name][parameter]
        if not _is_a(wanted, value):
            expected = {
                "number": "Expected a number of 0 or more.",
                "whole": "Expected a whole number of 1 or more.",
                "switch": "Expected true or false.",
            }[wanted]
            yield Problem(place, f"found {value!r}", expected)


def _is_a(wanted: str, value: object) -> bool:
    if wanted == "switch" or isinstance(value, bool):
        return wanted == "switch" and isinstance(value, bool)
    if wanted == "whole":
        return isinstance(value, int) and value >= 1
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0

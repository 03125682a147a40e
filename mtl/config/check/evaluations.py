"""Rules on the section `evaluations`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mtl.config.check.known import Known
from mtl.config.check.sections import Config, section, tasks
from mtl.config.check.wording import shown, unknown_name
from mtl.errors import Problem, nearest


def evaluation_is_a_mapping(config: Config) -> Iterator[Problem]:
    """Yield a problem for each evaluation that is no mapping."""
    for label, value in section(config, "evaluations").items():
        if not isinstance(value, Mapping):
            expected = "Expected a mapping such as {name: rollout, output: action}."
            yield Problem(f"evaluations.{label}", f"found {shown(value)}", expected)


def evaluation_exists(config: Config, known: Known) -> Iterator[Problem]:
    """Yield a problem for each evaluation without a name, or with one that does not exist."""
    for label in section(config, "evaluations"):
        path, name = f"evaluations.{label}.name", section(config, "evaluations", label).get("name")
        if name is None and isinstance(section(config, "evaluations")[label], Mapping):
            yield Problem(path, "missing", nearest("", known.evaluations or ()))
        elif name is not None and known.evaluations is not None and name not in known.evaluations:
            yield unknown_name(path, "a registered evaluation", name, known.evaluations)


def evaluation_is_of_a_task(config: Config) -> Iterator[Problem]:
    """Yield a problem for each evaluation of an output that has no task."""
    for label in section(config, "evaluations"):
        output = section(config, "evaluations", label).get("output")
        if output is not None and output not in tasks(config):
            yield unknown_name(f"evaluations.{label}.output", "a task", output, tasks(config))

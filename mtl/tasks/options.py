"""One task's section of the config, read and checked. Imports no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mtl.errors import Problem
from mtl.tasks.rules import section_problems


@dataclass(frozen=True)
class Choice:
    """A loss or metric by name, with its parameters: `huber` or `{name: huber, delta: 0.5}`."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TaskOptions:
    """What the config says about one task; the keys are described in `mtl.config.schema`."""

    name: str
    kind: str
    target: tuple[str, ...]
    weight: float = 1.0
    loss: Choice | None = None
    metrics: tuple[Choice, ...] | None = None
    class_weights: str | Mapping[str, float] | None = None
    sample_weight: str | None = None
    above: str | float | None = None
    equals: str | float | bool | None = None
    transform: tuple[str, ...] = ()
    separator: str | None = None
    auxiliary_of: str | None = None
    untrained: bool = False

    @property
    def path(self) -> str:
        """Where this task stands in the config."""
        return f"tasks.{self.name}"


def plain(value: Any) -> Any:
    """Return mappings and lists of any type (OmegaConf's too) as dicts and lists."""
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(entry) for entry in value]
    return value


def read_options(name: str, config: Mapping[str, Any]) -> TaskOptions | list[Problem]:
    """Read one task's section.

    Args:
        name: The output's name.
        config: The section; absent keys and `null` mean the default.

    Returns:
        The options, or every problem that makes the section unreadable.
    """
    section = {key: value for key, value in plain(config).items() if value is not None}
    if section.get("transform") == []:
        del section["transform"]
    path = f"tasks.{name}"
    problems = list(section_problems(section, path))
    if problems:
        return problems
    target = section["target"]
    transform = section.get("transform", ())
    values: dict[str, Any] = {
        **section,
        "name": name,
        "target": (target,) if isinstance(target, str) else tuple(target),
        "transform": (transform,) if isinstance(transform, str) else tuple(transform),
        "weight": float(section.get("weight", 1.0)),
    }
    if "loss" in section:
        values["loss"] = _choice(section["loss"])
    if "metrics" in section:
        listed = section["metrics"]
        listed = listed if isinstance(listed, list) else [listed]
        values["metrics"] = tuple(_choice(entry) for entry in listed)
    if isinstance(section.get("class_weights"), dict):
        values["class_weights"] = {
            class_key(key): weight for key, weight in section["class_weights"].items()
        }
    return TaskOptions(**values)


def class_key(value: Any) -> str:
    """Return a class as the text by which it is found: `true`, `5`, `yes`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _choice(value: str | dict[str, Any]) -> Choice:
    if isinstance(value, str):
        return Choice(value)
    return Choice(value["name"], {key: entry for key, entry in value.items() if key != "name"})

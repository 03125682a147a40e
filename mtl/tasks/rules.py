"""What the keys of one task's section may hold, whatever its kind. Imports no TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mtl.errors import Problem, nearest
from mtl.tasks.names import COMMON_OPTIONS, KINDS

ALL_OPTIONS = (*COMMON_OPTIONS, *sorted({o for names in KINDS.values() for o in names.options}))


def section_problems(section: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """Yield each unknown or absent key of a task's section and each value of a wrong type."""
    for key in section:
        if key not in ALL_OPTIONS:
            yield Problem(f"{path}.{key}", f"a task has no key {key!r}", nearest(key, ALL_OPTIONS))
    for key in ("target", "kind"):
        if key not in section:
            yield Problem(f"{path}.{key}", "found nothing", _EXPECTED[key])
    for key, expected in _EXPECTED.items():
        if key in section and not _VALID[key](section[key]):
            yield Problem(f"{path}.{key}", f"found {section[key]!r}", expected)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_texts(value: object) -> bool:
    return _is_text(value) or (
        isinstance(value, list) and value != [] and all(map(_is_text, value))
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_choice(value: object) -> bool:
    return _is_text(value) or (isinstance(value, dict) and _is_text(value.get("name")))


def _is_choices(value: object) -> bool:
    return _is_choice(value) or (isinstance(value, list) and all(map(_is_choice, value)))


def _is_class_weights(value: object) -> bool:
    if isinstance(value, dict):
        return value != {} and all(_is_number(w) and w >= 0 for w in value.values())
    return value == "balanced"


_VALID: dict[str, Callable[[Any], bool]] = {
    "target": _is_texts,
    "kind": _is_text,
    "weight": lambda value: _is_number(value) and value >= 0,
    "loss": _is_choice,
    "metrics": _is_choices,
    "class_weights": _is_class_weights,
    "sample_weight": _is_text,
    "above": lambda value: value in ("median", "mean") or _is_number(value),
    "equals": lambda value: isinstance(value, str | bool) or _is_number(value),
    "transform": _is_texts,
    "separator": _is_text,
    "auxiliary_of": _is_text,
    "untrained": lambda value: isinstance(value, bool),
}
_EXPECTED = {
    "target": "Expected the name of a column, or a list of names.",
    "kind": f"Expected the kind of the task: {', '.join(KINDS)}.",
    "weight": "Expected a finite number of 0 or more.",
    "loss": "Expected a loss's name, or a mapping of `name` and parameters.",
    "metrics": "Expected a list of metrics, each a name or a mapping of `name` and parameters.",
    "class_weights": "Expected `balanced`, or a mapping of classes to numbers of 0 or more.",
    "sample_weight": "Expected the name of a column.",
    "above": "Expected `median`, `mean` or a number.",
    "equals": "Expected one value of the target.",
    "transform": "Expected the name of a transform, or a list of names.",
    "separator": "Expected the text between two labels, for example `|`.",
    "auxiliary_of": "Expected the name of another task.",
    "untrained": "Expected true or false.",
}

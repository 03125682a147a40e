"""The balancer that a config asks for, with everything that is wrong with its section."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from mtl.balancing.base import (
    Balancer,
    GramianBalancer,
    LossBalancer,
    RowBalancer,
    TurnBalancer,
)
from mtl.config.check.expectations import is_number
from mtl.errors import ConfigError, MtlError, Problem
from mtl.registry import balancers
from mtl.training.problems import Problems

_A_STRATEGY = (
    "Register a class that extends LossBalancer, GramianBalancer, RowBalancer or TurnBalancer of"
    " mtl.balancing.base and has its method: total, solve, combine or turn."
)
_REFUSED = re.compile(r"(balancing\.(\w+)[\w.]*)=(.*?)\. (Expected .*)", re.DOTALL)


def make_balancer(
    section: Mapping[str, Any], weights: Mapping[str, float], problems: Problems
) -> Balancer | None:
    """Make a balancer, or note every value that it refuses.

    A strategy refuses one value at a time: the others are seen once that one has its default.

    Args:
        section: The section `balancing`.
        weights: The weight of each trained task, by name.
        problems: Takes in what is wrong. Keys that it has problems of already are left out.
    """
    if section.get("name") not in balancers.names() or problems.at("balancing.name"):
        return None
    strategy = balancers.get(section["name"])
    mistaken = _no_strategy(strategy)
    if mistaken:
        problems.add([Problem("balancing.name", f"{section['name']!r} {mistaken}", _A_STRATEGY)])
        return None
    options = {
        key: value
        for key, value in section.items()
        if key != "name" and not problems.at(f"balancing.{key}")
    }
    while True:
        try:
            made: Balancer = strategy(weights, **options)
        except ConfigError as error:
            problems.add(error.problems)
            return None
        except MtlError as error:
            refused = _REFUSED.fullmatch(str(error))
            if refused is None:
                problems.note("balancing", error)
                return None
            path, key, found, expected = refused.groups()
            if key not in options:
                return None  # it only lacks what was left out
            problems.add([Problem(path, f"found {found}", expected)])
            del options[key]
        else:
            if not hasattr(made, "names"):
                found = f"{section['name']!r} has an __init__ that leaves out the base class's"
                expected = "Call super().__init__(weights, **options) in it."
                problems.add([Problem("balancing.name", found, expected)])
            return None if problems.concern("balancing") else made


def _no_strategy(registered: Any) -> str | None:
    """Return why what is registered under a name is no strategy; None where it is one."""
    if not (inspect.isclass(registered) and issubclass(registered, Balancer)):
        return f"is registered for {getattr(registered, '__name__', registered)!r}, no strategy"
    lacking = sorted(registered.__abstractmethods__)
    if lacking:
        return f"lacks the method {', '.join(lacking)}"
    for base in (LossBalancer, GramianBalancer, RowBalancer, TurnBalancer):
        for name in base.__abstractmethods__ if issubclass(registered, base) else ():
            _, *handed = inspect.signature(getattr(base, name)).parameters
            own = inspect.signature(getattr(registered, name))
            try:
                own.bind(None, *handed)
            except TypeError:
                taken = ", ".join(own.parameters)
                return f"has {name}({taken}), and is handed {name}(self, {', '.join(handed)})"
    return None


def trained_weights(config: Mapping[str, Any]) -> dict[str, float]:
    """Return the tasks that a config trains with their weights, 1 where it gives none."""
    found: dict[str, float] = {}
    for name, task in (config.get("tasks") or {}).items():
        if isinstance(task, Mapping) and task.get("untrained") is not True:
            weight = task.get("weight", 1.0)
            weight = float(weight) if is_number(weight) else 1.0
            if weight > 0:
                found[name] = weight
    return found

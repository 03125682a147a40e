"""The layers of a description, made: each once, so that naming one twice shares its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import keras

from mtl.errors import Problem, nearest
from mtl.graph.description.arguments import LAYER_PARAMETERS, LIST_PARAMETERS
from mtl.graph.description.layer_types import GRAPH, layer_type
from mtl.graph.description.objects import check_plain, family_of, read_object
from mtl.graph.description.parts import Parts
from mtl.graph.description.reasons import reason


class CheckArguments(Protocol):
    """Returns what is wrong with making a layer with certain arguments."""

    def __call__(self, layer: type, arguments: Mapping[str, Any], path: str) -> list[Problem]:
        """Hold `arguments`, which stand at `path`, against the constructor of `layer`."""


Nested = Callable[[Mapping[str, Any], str, str], keras.Model | None]


def make_layers(
    parts: Parts, check: CheckArguments, nested: Nested, problems: list[Problem]
) -> dict[str, Any]:
    """Make each layer that can be made.

    Args:
        parts: The description; a layer may name others.
        check: Holds arguments against a constructor's signature.
        nested: Makes the graph of a layer of type `graph`, given its description, path and name.
        problems: Takes in what is wrong.

    Returns:
        The layers by name, without those that have a problem, or that hold one that has.
    """
    maker = _Maker(parts, check, nested, problems)
    made = {name: maker.named(name) for name in parts.layers}
    return {name: layer for name, layer in made.items() if layer is not None}


class _Maker:
    def __init__(
        self, parts: Parts, check: CheckArguments, nested: Nested, problems: list[Problem]
    ) -> None:
        self.parts, self.check, self.nested, self.problems = parts, check, nested, problems
        self.made: dict[str, Any] = {}

    def named(self, name: str) -> Any:
        """Return a layer of the section, made now or before; None if it cannot be made."""
        if name not in self.made:
            # Stays None while its own layers are made: a layer that holds itself has no end.
            self.made[name] = None
            settings = self.parts.layers[name]
            if settings is not None:
                self.made[name] = self._make(settings, name, self.parts.layer_path(name))
        return self.made[name]

    def _make(self, settings: Mapping[str, Any], name: str, path: str) -> Any:
        described = {key: value for key, value in settings.items() if key != "type"}
        if settings.get("type") == GRAPH:
            return self.nested(described, path, name)
        layer = layer_type(settings.get("type"), path, self.problems)
        if layer is None:
            return None
        before = len(self.problems)
        arguments = {
            key: self._argument(key, value, name, f"{path}.{key}")
            for key, value in described.items()
        }
        whole = all(value is not None or described[key] is None for key, value in arguments.items())
        self._check_arguments(layer, {**described, **_given(arguments)}, path, before)
        if len(self.problems) > before or not whole:
            return None
        try:
            return layer(**arguments, name=name)
        except Exception as error:  # noqa: BLE001 a layer may raise anything
            self.problems.append(Problem(path, f"{layer.__name__}: {reason(error)}", ""))
        return None

    def _check_arguments(
        self, layer: type, arguments: Mapping[str, Any], path: str, before: int
    ) -> None:
        if "name" in arguments:
            found = f"found {arguments['name']!r}"
            self.problems.append(Problem(f"{path}.name", found, "A layer's key is its name."))
        told = {problem.path for problem in self.problems[before:]}
        fresh = self.check(layer, arguments, path)
        self.problems += [problem for problem in fresh if problem.path not in told]

    def _argument(self, parameter: str, value: Any, owner: str, path: str) -> Any:
        """Return an argument as the constructor takes it; None after noting a problem."""
        if parameter in LAYER_PARAMETERS and value is not None:
            if isinstance(value, list | tuple):
                entries = [
                    self._held(entry, f"{owner}_{parameter}_{number}", f"{path}[{number}]")
                    for number, entry in enumerate(value)
                ]
                return None if None in entries else entries
            return self._held(value, f"{owner}_{parameter}", path)
        if parameter in LIST_PARAMETERS and isinstance(value, str):
            expected = "Expected a list: a graph reads no files."
            self.problems.append(Problem(path, f"found {value!r}", expected))
            return None
        family = family_of(parameter)
        if family is not None:
            return read_object(value, family, path, self.problems)
        before = len(self.problems)
        check_plain(value, path, self.problems)
        return None if len(self.problems) > before else value

    def _held(self, value: Any, name: str, path: str) -> Any:
        """Return the layer that another one holds: one of the section, or one described inline."""
        if isinstance(value, Mapping):
            return self._make(value, name, path)
        if isinstance(value, str) and value in self.parts.layers:
            return self.named(value)
        if isinstance(value, str):
            hint = nearest(value, self.parts.layers)
            self.problems.append(Problem(path, f"no layer is called {value!r}", hint))
            return None
        return value


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if value is not None}

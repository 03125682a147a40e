"""Initializers, regularizers, constraints and activations among a layer's arguments.

They are found by name among Keras's own and the registered ones, and made here: a config's mapping
is never handed to Keras's deserialisation, which imports the modules that a mapping names.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from mtl.errors import Problem, nearest
from mtl.graph.description.reasons import reason

LOOKUPS = {"deserialize", "get", "serialize"}
# The keys by which Keras's deserialisation knows what to make or import.
SERIALISED = frozenset({"class_name", "config", "module", "registered_name", "build_config"})


@dataclass(frozen=True)
class Family:
    """A kind of object that layers take by name.

    Attributes:
        noun: What one is called, with its article.
        module: The part of Keras that has them.
        base: The class of them all; None where they are functions.
    """

    noun: str
    module: Any
    base: type | None

    def members(self) -> dict[str, Any]:
        """Return Keras's own by name, and the registered ones by `package>name` and `name`."""
        found = {
            name: member
            for name, member in vars(self.module).items()
            if not name.startswith("_") and name not in LOOKUPS and self._has(member)
        }
        for full_name, member in keras.saving.get_custom_objects().items():
            if self._has(member):
                found[full_name] = member
                found.setdefault(full_name.rpartition(">")[2], member)
        return found

    def _has(self, member: object) -> bool:
        if self.base is None:
            return inspect.isfunction(member)
        return inspect.isclass(member) and issubclass(member, self.base) and member is not self.base


FAMILIES = {
    "activation": Family("an activation", keras.activations, None),
    "initializer": Family("an initializer", keras.initializers, keras.initializers.Initializer),
    "regularizer": Family("a regularizer", keras.regularizers, keras.regularizers.Regularizer),
    "constraint": Family("a constraint", keras.constraints, keras.constraints.Constraint),
}


def family_of(parameter: str) -> Family | None:
    """Return which kind of object a parameter such as `kernel_initializer` takes, if any."""
    return FAMILIES.get(parameter.rpartition("_")[2])


def read_object(value: Any, family: Family, path: str, problems: list[Problem]) -> Any:
    """Return the object that a config's value describes, or None after noting a problem.

    Args:
        value: A name, `{name: l2, l2: 0.01}`, or `{class_name: L2, config: {l2: 0.01}}`.
        family: What it must be.
        path: Where it stands.
        problems: Takes in what is wrong.
    """
    if value is None:
        return None
    members = family.members()
    if isinstance(value, str):
        if value in members:
            return value
        problems.append(Problem(path, f"{value!r} is not {family.noun}", nearest(value, members)))
        return None
    if not isinstance(value, Mapping) or family.base is None:
        problems.append(Problem(path, f"found {value!r}", f"Expected {family.noun}'s name."))
        return None
    named = _name_and_settings(value)
    if named is None or not isinstance(named[0], str):
        expected = f"Expected {family.noun}: a name, or {{name: …, and its arguments}}."
        problems.append(Problem(path, f"found {dict(value)!r}", expected))
        return None
    name, settings = named
    if name not in members:
        problems.append(Problem(path, f"{name!r} is not {family.noun}", nearest(name, members)))
        return None
    return _made(members[name], settings, path, problems)


def check_plain(value: Any, path: str, problems: list[Problem]) -> None:
    """Note a mapping that Keras's deserialisation would take for an object, however deep."""
    if isinstance(value, Mapping):
        for key in value.keys() & SERIALISED:
            found = f"a mapping with the key {key!r}"
            problems.append(Problem(path, found, "A config cannot name classes or modules here."))
            return
        for key, entry in value.items():
            check_plain(entry, f"{path}.{key}", problems)
    elif isinstance(value, list | tuple):
        for position, entry in enumerate(value):
            check_plain(entry, f"{path}[{position}]", problems)


def _name_and_settings(value: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]] | None:
    """Return the name and the arguments in a mapping of either form, None if it is of neither."""
    if "name" in value:
        settings = {key: entry for key, entry in value.items() if key != "name"}
        return None if SERIALISED & settings.keys() else (value["name"], settings)
    config = value.get("config") or {}
    if "class_name" in value and value.keys() <= {"class_name", "config"}:
        return (value["class_name"], config) if isinstance(config, Mapping) else None
    return None


def _made(
    member: Callable[..., Any], settings: Mapping[str, Any], path: str, problems: list[Problem]
) -> Any:
    before = len(problems)
    for key, entry in settings.items():
        check_plain(entry, f"{path}.{key}", problems)
    if len(problems) > before:
        return None
    known = [name for name in inspect.signature(member).parameters if name != "self"]
    for key in settings:
        if key not in known:
            found = f"{member.__name__}() has no parameter {key!r}"
            problems.append(Problem(f"{path}.{key}", found, nearest(str(key), known)))
    if len(problems) > before:
        return None
    try:
        return member(**settings)
    except Exception as error:  # noqa: BLE001 a plug-in's may raise anything
        problems.append(Problem(path, reason(error), ""))
    return None

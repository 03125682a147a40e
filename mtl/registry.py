"""Named builders, generators, kinds of task, balancers and evaluations.

    @mtl.builder("headline")
    def headline(*, vocabulary_size: int = 10_000) -> keras.Model: ...

A name is looked up among what has been registered, then in the source of `mtl` and of the plug-ins,
whose modules are imported only when a name of theirs is asked for.
"""

from __future__ import annotations

import importlib
import inspect
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from mtl.declarations import declared_in
from mtl.errors import MtlError, nearest
from mtl.plugins import PACKAGE, Plugin, file_plugins, installed_plugins

T = TypeVar("T", bound=Callable[..., Any])
Registered = TypeVar("Registered", bound=Callable[..., Any])

logger = logging.getLogger(__name__)

# The user's files that the present setting reads, each with why it does not import.
_local: dict[Plugin, MtlError | None] = {}


@dataclass(frozen=True)
class _Place:
    """Where something is defined."""

    file: str
    line: int
    module: str

    @classmethod
    def of(cls, registered: Callable[..., Any]) -> _Place:
        try:
            file = inspect.getsourcefile(registered) or inspect.getfile(registered)
            line = inspect.getsourcelines(registered)[1]
        except (OSError, TypeError):
            file, line = f"<{registered.__module__}>", 0
        return cls(file, line, registered.__module__)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Registry(Generic[T]):
    """Objects by name.

    Args:
        noun: What one of them is called, `builder`; also the name of the decorator.
        package: The package of `mtl` whose modules hold the shipped ones, `mtl.models`.
    """

    def __init__(self, noun: str, package: str) -> None:
        self.noun = noun
        self.package = package
        self._objects: dict[str, T] = {}
        self._places: dict[str, _Place] = {}
        self._aside: dict[tuple[str, str], tuple[T, _Place]] = {}

    def add(self, name: str) -> Callable[[Registered], Registered]:
        """Return the decorator that registers a function or class as `name`.

        Defining the same thing again, as a notebook's cell does when it is run again, replaces it.

        Raises:
            MtlError: On decorating, if another file, or another place of the file, has the name.
        """

        def register(registered: Registered) -> Registered:
            place = _Place.of(registered)
            known = self._places.get(name)
            if known and known != place and not known.module == place.module == "__main__":
                raise self._ambiguous(name, [str(known), str(place)])
            shipped = self.shipped().get(name, [])
            if shipped and not any(_same(file, place.file) for file in shipped):
                raise self._ambiguous(name, [*map(str, shipped), str(place)])
            self._objects[name] = registered  # type: ignore[assignment]
            self._places[name] = place
            return registered

        return register

    def get(self, name: str) -> T:
        """Return what is registered as `name`, importing the module or plug-in that defines it.

        Raises:
            MtlError: Nothing has the name (the nearest ones are given), more than one file defines
                it, or the plug-in that defines it does not import.
        """
        self._refuse_two(name)
        if name not in self._objects and name in self.shipped():
            importlib.import_module(self._module(self.shipped()[name][0]))
        if name not in self._objects:
            self._load_plugins(name)
        if name not in self._objects:
            raise MtlError(self._unknown(name))
        return self._objects[name]

    def names(self) -> list[str]:
        """Return every name that `get` may be given, sorted; imports nothing."""
        return sorted({*self._objects, *self.shipped(), *self._outside()})

    def place(self, name: str) -> str:
        """Return the file that defines `name`, found without importing it."""
        if name in self._places:
            return str(self._places[name])
        files = self.shipped().get(name) or self._outside().get(name) or []
        return str(files[0]) if files else "unknown"

    def keep(self, files: Collection[str]) -> None:
        """Put aside what other files of the user have registered, and bring back what these have.

        A file is imported once in a process, so what it registered must not be forgotten. Anything
        that is not from a file plug-in, such as a notebook's cell, stays.

        Args:
            files: The user's files that count from now on.
        """
        for name, place in list(self._places.items()):
            if place.module.startswith(PACKAGE) and place.file not in files:
                self._aside[name, place.file] = self._objects.pop(name), self._places.pop(name)
        for name, file in list(self._aside):
            if file in files and name not in self._objects:
                self._objects[name], self._places[name] = self._aside.pop((name, file))

    def shipped(self) -> dict[str, list[Path]]:
        """Return the names that `mtl` itself defines, with their files."""
        return declared_in(_source_files(self.package), self.noun)

    def _outside(self) -> dict[str, list[Path]]:
        """Return the names that installed plug-ins and the user's loaded files define."""
        plugins: list[Plugin] = [*installed_plugins(), *_local]
        return declared_in(_files(plugins), self.noun)

    def _refuse_two(self, name: str) -> None:
        files = [*self.shipped().get(name, []), *self._outside().get(name, [])]
        if name in self._places and Path(self._places[name].file).is_file():
            files.append(Path(self._places[name].file))
        distinct = dict.fromkeys(file.resolve() for file in files)
        if len(distinct) > 1:
            raise self._ambiguous(name, [str(file) for file in distinct])

    def _load_plugins(self, name: str) -> None:
        """Import the plug-ins that define `name`, or else all, as one may compute its names."""
        for plugin, error in _local.items():
            if error and name in declared_in(plugin.files(), self.noun):
                raise error
        installed = installed_plugins()
        defining = [
            plugin for plugin in installed if name in declared_in(plugin.files(), self.noun)
        ]
        for plugin in defining:
            plugin.load()
        if not defining:
            for plugin in installed:
                _attempt(plugin)

    def _module(self, file: Path) -> str:
        folder = _source_folder(self.package)
        return ".".join([self.package, *file.relative_to(folder).with_suffix("").parts])

    def _unknown(self, name: str) -> str:
        message = f"No {self.noun} is called {name!r}. {nearest(name, self.names())}"
        return "\n".join([message, *broken_plugins()])

    def _ambiguous(self, name: str, places: Iterable[str]) -> MtlError:
        return MtlError(
            f"Two {self.noun}s are called {name!r}: one in {' and one in '.join(places)}."
            " Rename one of them, or leave one of the files out."
        )


builders: Registry[Callable[..., Any]] = Registry("builder", "mtl.models")
generators: Registry[Callable[..., Any]] = Registry("generator", "mtl.data.generated")
kinds: Registry[Callable[..., Any]] = Registry("kind", "mtl.tasks.kinds")
balancers: Registry[Callable[..., Any]] = Registry("balancer", "mtl.balancing")
evaluations: Registry[Callable[..., Any]] = Registry("evaluation", "mtl.evaluations")

builder = builders.add
generator = generators.add
kind = kinds.add
balancer = balancers.add
evaluation = evaluations.add


def load_plugins(setting: str | Path | Sequence[str | Path] | None = None) -> list[str]:
    """Import the user's own plug-ins; one that does not import breaks only what uses it.

    What the files of an earlier call have registered is out of sight if this setting does not read
    them: a run finds the same names whatever the process did before.

    Args:
        setting: The config's `plugins`, see `mtl.plugins.file_plugins`.

    Returns:
        Each plug-in that does not import, with the reason; empty if all do.

    Raises:
        MtlError: A file or folder that the setting names does not exist, or it is no path.
    """
    plugins = file_plugins(setting)
    files = {str(file) for plugin in plugins for file in plugin.reads()}
    for registry in (builders, generators, kinds, balancers, evaluations):
        registry.keep(files)
    before = dict(_local)
    _local.clear()
    for plugin in plugins:
        error = _attempt(plugin)
        if error and str(error) != str(before.get(plugin)):
            logger.warning("%s\nOnly a run that uses it fails.", error)
        _local[plugin] = error
    return [str(error) for plugin in plugins if (error := _local[plugin])]


def broken_plugins() -> list[str]:
    """Return the reason for each of the user's files that was loaded and does not import."""
    return [str(error) for error in _local.values() if error]


def _attempt(plugin: Plugin) -> MtlError | None:
    try:
        plugin.load()
    except MtlError as error:
        return error
    return None


def _files(plugins: Iterable[Plugin]) -> list[Path]:
    return [file for plugin in plugins for file in plugin.files()]


def _source_folder(package: str) -> Path:
    return Path(__file__).parent.joinpath(*package.split(".")[1:])


def _source_files(package: str) -> list[Path]:
    return sorted(_source_folder(package).glob("*.py"))


def _same(file: Path, other: str) -> bool:
    return file.resolve() == Path(other).resolve()

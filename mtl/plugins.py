"""Code and configs from outside this package: the user's folder and installed plug-ins.

Finding a plug-in imports nothing; only `Plugin.load` does.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import logging
import sys
import types
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from mtl.errors import MtlError

GROUP = "mtl.plugins"
PACKAGE = "mtl_plugins_"

logger = logging.getLogger(__name__)


class Plugin(ABC):
    """Something that registers builders, generators, kinds or balancers when it is imported."""

    @abstractmethod
    def files(self) -> list[Path]:
        """Return its source files, found without importing it."""

    @abstractmethod
    def import_(self) -> None:
        """Import it, letting whatever it raises through."""

    def load(self) -> None:
        """Import it and say so in the log.

        Raises:
            MtlError: It does not import; the message has the plug-in and the reason.
        """
        try:
            self.import_()
        except (Exception, SystemExit) as error:
            reason = str(error) if isinstance(error, MtlError) else _reason(error)
            raise MtlError(f"The plug-in {self} does not import. {reason}") from error


@dataclass(frozen=True)
class FilePlugin(Plugin):
    """A file of the user, for example `./plugins/mine.py`."""

    path: Path

    def files(self) -> list[Path]:
        """Return the file itself."""
        return [self.path]

    def reads(self) -> set[Path]:
        """Return the file and those of its folder that it imports, these by `from .` again."""
        found: set[Path] = set()
        waiting = [self.path]
        while waiting:
            file = waiting.pop()
            if file not in found:
                found.add(file)
                waiting += _siblings(file)
        return found

    def import_(self) -> None:
        """Import the file once, as part of a package that is its folder (`from . import other`)."""
        package = f"{PACKAGE}{zlib.crc32(str(self.path.parent).encode()):08x}"
        if package not in sys.modules:
            module = types.ModuleType(package)
            module.__path__ = [str(self.path.parent)]
            sys.modules[package] = module
        name = f"{package}.{self.path.stem}"
        if name not in sys.modules:
            logger.info("Importing the plug-in %s", self)
            importlib.invalidate_caches()
            importlib.import_module(name)

    def __str__(self) -> str:
        try:
            return str(self.path.relative_to(Path.cwd()))
        except ValueError:
            return str(self.path)


@dataclass(frozen=True)
class InstalledPlugin(Plugin):
    """An installed package with an entry point in the group `mtl.plugins`."""

    entry_point: EntryPoint

    @cached_property
    def origin(self) -> Path | None:
        """The folder of its top-level package, or the file where that is a single module."""
        try:
            spec = importlib.util.find_spec(self.entry_point.module.partition(".")[0])
        except (ImportError, ValueError):
            return None
        if spec is None:
            return None
        if spec.submodule_search_locations:
            return Path(next(iter(spec.submodule_search_locations)))
        return Path(spec.origin) if spec.origin else None

    @property
    def folder(self) -> Path | None:
        """The folder that may hold its `conf/` and `experiments/`."""
        return self.origin if self.origin and self.origin.is_dir() else None

    def files(self) -> list[Path]:
        """Return every Python file of its top-level package."""
        if self.origin is None:
            return []
        return sorted(self.origin.rglob("*.py")) if self.origin.is_dir() else [self.origin]

    def import_(self) -> None:
        """Load the entry point."""
        self.entry_point.load()

    def __str__(self) -> str:
        distribution = self.entry_point.dist
        installed = f" (installed with {distribution.name})" if distribution else ""
        return f"{self.entry_point.value}{installed}"


def installed_plugins() -> list[InstalledPlugin]:
    """Return the installed plug-ins in the order of their names."""
    found = {(point.name, point.value): point for point in entry_points(group=GROUP)}
    return [InstalledPlugin(found[key]) for key in sorted(found)]


def file_plugins(setting: str | Path | Sequence[str | Path] | None) -> list[FilePlugin]:
    """Return the user's own plug-ins.

    Args:
        setting: The config's `plugins`: a file, a folder of them, or a list of both, from the
            current folder; None for `./plugins`; an empty list for none. In a folder, names that
            start with `_` are helpers.

    Raises:
        MtlError: A file or folder that the setting names does not exist, or it is no path.
    """
    given = [setting] if isinstance(setting, str | Path) else setting
    if given is not None and not _are_paths(given):
        raise MtlError(
            f"plugins: found {setting!r}. Expected a path, a list of paths, or null"
            " (./plugins/*.py)."
        )
    paths = [Path("plugins")] if given is None else [Path(path) for path in given]
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(file for file in path.glob("*.py") if not file.name.startswith("_"))
        elif path.is_file():
            files.append(path)
        elif setting is not None:
            raise MtlError(
                f"plugins: no file or folder {str(path)!r} in {Path.cwd()}. Give paths of Python"
                " files or of folders that hold some, or leave `plugins` out to use ./plugins."
            )
    return [FilePlugin(file.resolve()) for file in dict.fromkeys(files)]


def _are_paths(given: object) -> bool:
    return isinstance(given, Sequence) and all(
        isinstance(path, str | Path) and str(path) for path in given
    )


def _siblings(file: Path) -> Iterator[Path]:
    """Yield the files beside `file` that it imports: `from . import a`, `from .a import b`."""
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            modules = [node.module] if node.module else [alias.name for alias in node.names]
            for module in modules:
                beside = file.with_name(module.partition(".")[0])
                yield from beside.rglob("*.py")
                if (sibling := beside.with_name(f"{beside.name}.py")).is_file():
                    yield sibling


def _reason(error: BaseException) -> str:
    """Return one line for an exception, with the place in the source where there is one."""
    if isinstance(error, SystemExit):
        return f"it ends the process: {error!r}"
    trace = error.__traceback__
    place = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith("<") and file != __file__ and "importlib" not in file:
            place = f" at {file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}: {error}"

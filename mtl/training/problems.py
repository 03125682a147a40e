"""Collecting problems, so that all of them can be reported at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from mtl.config.check import distinct
from mtl.errors import ConfigError, MtlError, Problem

Result = TypeVar("Result")


class Problems:
    """What is wrong with a config and with what it names.

    Attributes:
        found: The problems so far.
        errors: Those of them that were raised as errors of their own.
    """

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.errors: list[MtlError] = []

    def add(self, problems: Iterable[Problem]) -> None:
        """Take in what a check found, but for places in the config that were complained of."""
        self.found = distinct(self.found, problems)

    def attempt(self, path: str, work: Callable[[], Result]) -> Result | None:
        """Return what `work` returns, or None after noting why it failed."""
        try:
            return work()
        except ConfigError as error:
            self.add(error.problems)
        except MtlError as error:
            self.note(path, error)
        return None

    def note(self, path: str, error: MtlError) -> None:
        """Take in an error as the problem of a place in the config."""
        self.found.append(Problem(path, str(error).rstrip("."), ""))
        self.errors.append(error)

    def at(self, path: str) -> bool:
        """Whether any problem so far is that of a key or of something below it."""
        return any(f"{problem.path}.".startswith(f"{path}.") for problem in self.found)

    def concern(self, *sections: str) -> bool:
        """Whether any problem so far stands in one of the config's sections."""
        return any(problem.path.split(".")[0] in sections for problem in self.found)

    def report(self) -> None:
        """Raise what was found; an error that stands alone is raised as it came."""
        if len(self.found) == 1 and self.errors:
            raise self.errors[0]
        if self.found:
            raise ConfigError(self.found)

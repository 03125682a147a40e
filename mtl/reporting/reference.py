"""Which of several choices of overrides the others are held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from mtl.config.overrides import path_of
from mtl.reporting.collect import Run

Overrides = frozenset[str]
_MISSING = object()


@dataclass(frozen=True)
class Reference:
    """What the configs of the reference's runs have in common, whatever was overridden.

    Attributes:
        override: As it is written, `<key>=<value>`.
    """

    override: str

    def has(self, runs: Sequence[Run]) -> bool:
        """Return whether runs of one choice are of the reference.

        Their configs say so: the `name` of the section for a group such as `balancing`, for another
        key its value. An override that says the same counts too, as for the option of a group that
        is not called what its section is (`model=graph/mlp`), or where no config can be read.
        """
        return all(map(self._is_of, [run for run in runs if run.config] or runs))

    def values(self, runs: Iterable[Run]) -> set[str]:
        """Return what could stand in its place: the key with the value of each run."""
        found = [self._found(run) for run in runs]
        return {
            f"{self._key}={each}" for each in found if isinstance(each, bool | int | float | str)
        }

    def counterpart(
        self, choice: Overrides, references: Mapping[Overrides, Sequence[Run]]
    ) -> Sequence[Run]:
        """Return the runs of the reference that differ from a choice in nothing but the key.

        Args:
            choice: Its overrides, as `settled` returns them.
            references: The runs of all choices that are of the reference. Of several that differ
                below the key it is the one with the same overrides there, else the one with none.
        """
        beside, below = self._beside(choice), self._below(choice)
        found = [each for each in references if self._beside(each) == beside]
        if len(found) > 1:
            same = [each for each in found if self._below(each) == below]
            found = same or [each for each in found if not self._below(each)]
        # Several options of a group may make sections of one name: the one that is asked for.
        best = max(found, key=lambda each: self.override in each, default=None)
        return [] if best is None else references[best]

    def label(self, overrides: Sequence[str], shown: Sequence[str]) -> list[str]:
        """Return what names a choice of the reference: what is shown of it, and the key's value."""
        named = any(path_of(each) == self._path for each in overrides)
        return list(shown) if named else [self.override, *shown]

    @property
    def _key(self) -> str:
        return self.override.partition("=")[0].lstrip("+")

    @property
    def _path(self) -> str:
        return path_of(self.override)

    @cached_property
    def _value(self) -> Any:
        """The value as the command line reads it: `1e-3` is a number."""
        try:
            return OverridesParser.create().parse_override(self.override).value()
        except (HydraException, ValueError):
            return self.override.partition("=")[2]

    def _is_of(self, run: Run) -> bool:
        return self.override in run.overrides or self._found(run) == self._value

    def _found(self, run: Run) -> Any:
        """Return what a run's config has at the key; for a section that has one, its name."""

        def below(value: Any, name: str) -> Any:
            return value.get(name, _MISSING) if isinstance(value, Mapping) else _MISSING

        value = reduce(below, self._path.split("."), run.config)
        return value.get("name", value) if isinstance(value, Mapping) else value

    def _beside(self, choice: Overrides) -> Overrides:
        others = frozenset(each for each in choice if path_of(each) != self._path)
        return others - self._below(choice)

    def _below(self, choice: Overrides) -> Overrides:
        return frozenset(each for each in choice if path_of(each).startswith(f"{self._path}."))


def settled(overrides: Iterable[str]) -> Overrides:
    """Return what overrides come to, in whatever order: of each key the last."""
    return frozenset({path_of(each): each for each in overrides}.values())

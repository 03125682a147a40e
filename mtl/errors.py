"""The errors a user can cause, and how a misspelt name finds its nearest valid one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class MtlError(Exception):
    """A mistake in the user's config, data or environment.

    The command line prints the message without a traceback; `--debug` shows the traceback. The
    message says what was found, what was expected and what to do.
    """


class DataError(MtlError):
    """A table that cannot be read, split or prepared."""


class DivergenceError(MtlError):
    """A loss that became NaN or infinite during training."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a config.

    Attributes:
        path: Where it stands in the config, for example `tasks.main_output.loss`.
        found: What stands there.
        expected: What may stand there, or what to do; empty where `found` says that too.
    """

    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: {self.found}. {self.expected}".rstrip()


class ConfigError(MtlError):
    """A config with one or more problems, all of them reported at once.

    Args:
        problems: What is wrong, in the order in which it is to be read.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "1 problem in the config" if count == 1 else f"{count} problems in the config"
        super().__init__("\n".join([f"{head}:", *(f"  - {problem}" for problem in self.problems)]))


def nearest(name: str, names: Iterable[str], listed: str = "Known") -> str:
    """Return the sentence that helps someone who wrote `name` where one of `names` was meant.

    Args:
        name: What was written.
        names: The valid names, in any order.
        listed: What stands before the list of them.

    Returns:
        `Did you mean 'x'? Known: x, y, z.`, or without the question where nothing is near.
    """
    known = sorted(names)
    listing = f"{listed}: {', '.join(known)}." if known else "None is known."
    lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return f"Did you mean {lower[close[0]]!r}? {listing}" if close else listing

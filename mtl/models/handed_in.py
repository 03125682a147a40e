"""What a builder may be handed beside its own parameters: the data's inputs and the tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from mtl.errors import Problem


class Specification(Protocol):
    """What the data give for one input of the graph."""

    @property
    def kind(self) -> str:
        """`text`, `characters`, `index`, `features`, `image` or `array`."""

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Without the batch; None where any size will do."""

    @property
    def dtype(self) -> str:
        """`int32`, `uint8` or `float32`."""

    @property
    def vocabulary_size(self) -> int | None:
        """Ids run from 0 to one less than this; None where there are no ids."""


class Head(Protocol):
    """What a task asks of its output."""

    @property
    def name(self) -> str:
        """The output's name."""

    @property
    def units(self) -> int:
        """The output's width."""

    @property
    def activation(self) -> str | None:
        """The output's activation; None for none."""

    @property
    def auxiliary_of(self) -> str | None:
        """The task that this one serves, if it is an auxiliary one."""


def one_of_each_kind(
    inputs: Mapping[str, Specification], wanted: Mapping[str, str]
) -> tuple[dict[str, str], list[Problem]]:
    """Find the only input of each kind, where a builder can take no other.

    Args:
        inputs: The data's specifications.
        wanted: For each kind, in the user's words, what the input is and how to get it.

    Returns:
        The input's name by kind, and what is wrong: a kind that no input has or several have, an
        input of another kind.
    """
    found: dict[str, str] = {}
    problems = []
    for kind, description in wanted.items():
        names = [name for name, specification in inputs.items() if specification.kind == kind]
        if len(names) == 1:
            found[kind] = names[0]
        else:
            count = f"the inputs {names} are" if names else "no input is"
            expected = f"Expected one: {description}."
            problems.append(Problem("inputs", f"{count} of kind {kind!r}", expected))
    for name, specification in inputs.items():
        if specification.kind not in wanted:
            expected = f"Expected one of: {', '.join(wanted)}. Leave it out, or change its column."
            problems.append(
                Problem(f"inputs.{name}", f"it is of kind {specification.kind!r}", expected)
            )
    return found, problems

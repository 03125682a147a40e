"""What a kind of task is."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from mtl.errors import MtlError
from mtl.registry import kinds
from mtl.tasks.names import KindNames
from mtl.tasks.options import TaskOptions
from mtl.tasks.targets import Targets


@dataclass(frozen=True)
class Kind(ABC):
    """One kind of target, fitted to the training split.

    A kind is a frozen dataclass. Its fields are what was fitted and must be values that JSON has
    (tuples count as lists), or `state` and `from_state` must be overridden.

    Attributes:
        task: The output's name.
        columns: The target columns.
        names: The losses, metrics and options that a task of this kind may have.
        exclusive: Whether each example has one of several classes, so that the labels are class
            numbers of shape `(rows,)` and the head gives one probability for each class. The
            labels of other kinds are shaped like the head: `(rows,)` for one unit, else
            `(rows, units)`.
        activation: The head's activation; None for none.
    """

    names: ClassVar[KindNames]
    exclusive: ClassVar[bool] = False
    activation: ClassVar[str | None] = None

    task: str
    columns: tuple[str, ...]

    @classmethod
    @abstractmethod
    def fit(cls, options: TaskOptions, targets: Targets) -> Self:
        """Fit to the training split.

        Raises:
            TargetError: The target cannot be of this kind.
        """

    @abstractmethod
    def encode(self, targets: Targets) -> np.ndarray:
        """Return the labels as float32, `(rows,)` or `(rows, units)`; NaN where one is missing.

        Raises:
            TargetError: A value cannot be encoded.
        """

    @abstractmethod
    def decode(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """Return named columns, each of shape `(rows,)`, in the target's own values.

        Args:
            predictions: The head's output, shape `(rows, units)`.
        """

    @property
    @abstractmethod
    def units(self) -> int:
        """The width of the head."""

    @property
    def sequence(self) -> bool:
        """Whether each example has several positions with a class each.

        Labels then have the shape `(rows, positions)`, the output `(rows, positions, units)`.
        """
        return False

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The classes, or labels, as text; None where there are none."""
        return None

    @property
    def description(self) -> str:
        """What is learnt, in words: the target columns and how labels come from them."""
        return ", ".join(self.columns)

    def state(self) -> dict[str, Any]:
        """Return what was fitted, as values that JSON has."""
        return dataclasses.asdict(self)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Restore what `state` returned, also after a way through JSON."""
        return cls(**{key: _as_tuple(value) for key, value in state.items()})


def find_kind(name: str) -> type[Kind]:
    """Return the registered kind of a name.

    Raises:
        MtlError: No kind has the name, or what a plugin registered is none.
    """
    found = kinds.get(name)
    if isinstance(found, type) and issubclass(found, Kind):
        return found
    message = f"The kind {name!r} in {kinds.place(name)} is no kind of task."
    raise MtlError(f"{message} Expected a subclass of mtl.tasks.kinds.base.Kind.")


def single_column(options: TaskOptions, targets: Targets) -> str:
    """Return the one target column of a kind that has only one.

    Raises:
        TargetError: The config lists several.
    """
    if len(options.target) == 1:
        return options.target[0]
    found = f"{len(options.target)} columns with kind {options.kind}"
    raise targets.error(found, "Expected one column; kinds multilabel and regression take more.")


def _as_tuple(value: Any) -> Any:
    return tuple(map(_as_tuple, value)) if isinstance(value, list | tuple) else value

"""One of several classes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from mtl.registry import kind
from mtl.tasks.kinds.base import Kind, single_column
from mtl.tasks.names import CATEGORICAL
from mtl.tasks.options import TaskOptions, class_key
from mtl.tasks.targets import Targets, class_positions

logger = logging.getLogger(__name__)


@kind("categorical")
@dataclass(frozen=True)
class Categorical(Kind):
    """One class of the training split; the head gives each class's probability.

    A target column of arrays has a class for each of several positions.

    A class that the training split lacks counts as missing later, with a warning.

    Attributes:
        classes: Strings, integers or booleans in sort order.
        positions: How many classes a row has, where the target column holds arrays; else None.
    """

    names = CATEGORICAL
    exclusive = True
    activation = "softmax"

    classes: tuple[Any, ...]
    positions: int | None = None

    @classmethod
    def fit(cls, options: TaskOptions, targets: Targets) -> Self:
        """Find the classes; see `Kind.fit`."""
        column = single_column(options, targets)
        classes = targets.classes(column, arrays=True)
        if len(classes) == 1:
            found = f"every label of column {column!r} is {classes[0]!r}"
            raise targets.error(found, "Expected at least two classes in the training split.")
        positions = targets.array_size(column)
        labelled = targets.series(column).drop_nulls().len()
        if len(classes) == labelled and positions is None:
            logger.warning(
                "tasks.%s: each of the %d labels of column %r is a class of its own."
                " Is it an identifier, or a number (kind regression)?",
                *(options.name, labelled, column),
            )
        return cls(options.name, (column,), tuple(classes), positions)

    def encode(self, targets: Targets) -> np.ndarray:
        """Return the number of each row's class, shape `(rows,)`, or of each position's."""
        if self.sequence != (targets.array_size(self.columns[0]) is not None):
            found = f"column {self.columns[0]!r} holds {'one class' if self.sequence else 'arrays'}"
            expected = "an array of classes" if self.sequence else "one class"
            raise targets.error(found, f"Expected {expected} in each row, as in the training rows.")
        return targets.positions(self.columns[0], class_positions(self.classes), arrays=True)

    def decode(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """Return `<task>`, the likeliest class, and `<task>_probability_<class>` for each."""
        dtype = object if isinstance(self.classes[0], str) else None
        return {
            self.task: np.array(self.classes, dtype=dtype)[predictions.argmax(axis=1)],
            **{
                f"{self.task}_probability_{name}": predictions[:, position]
                for position, name in enumerate(self.class_names)
            },
        }

    @property
    def sequence(self) -> bool:
        """Whether each example has several positions with a class each."""
        return self.positions is not None

    @property
    def units(self) -> int:
        """The number of classes."""
        return len(self.classes)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes as text."""
        return tuple(map(class_key, self.classes))

"""Numbers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from mtl.errors import nearest
from mtl.registry import kind
from mtl.tasks import transforms
from mtl.tasks.kinds.base import Kind
from mtl.tasks.names import REGRESSION, TRANSFORMS
from mtl.tasks.options import TaskOptions
from mtl.tasks.targets import Targets

logger = logging.getLogger(__name__)

_LOSSES_OF_COUNTS = ("poisson", "mean_squared_logarithmic_error")


@kind("regression")
@dataclass(frozen=True)
class Regression(Kind):
    """One number for each target column; the head has as many units as there are columns.

    `transform` names transforms that are applied to the target in order, each fitted to the
    training split, and undone in predictions. The loss and the metrics see transformed numbers.

    Attributes:
        steps: The fitted transforms.
    """

    names = REGRESSION

    steps: tuple[transforms.Step, ...] = ()

    @classmethod
    def fit(cls, options: TaskOptions, targets: Targets) -> Self:
        """Fit the transforms; see `Kind.fit`."""
        for name in options.transform:
            if name not in TRANSFORMS:
                found = f"no transform {name!r}"
                raise targets.error(found, nearest(name, TRANSFORMS), "transform")
        values = _numbers(options.target, targets)
        missing = np.isnan(values).all(axis=0)
        if missing.any():
            column = options.target[int(missing.argmax())]
            found = f"all {len(values)} labels of column {column!r} are missing"
            raise targets.error(found, "Expected at least one label in the training split.")
        for column, numbers in zip(options.target, values.T, strict=True):
            if np.nanmin(numbers) == np.nanmax(numbers):
                message = "tasks.%s: every label of column %r is %g: there is nothing to learn."
                logger.warning(message, options.name, column, np.nanmin(numbers))
        steps: list[transforms.Step] = []
        for name in options.transform:
            fitted = cls(options.name, options.target, tuple(steps))
            step = transforms.Step.fit(name, fitted._transform(values, targets))
            steps.append(step)
        fitted = cls(options.name, options.target, tuple(steps))
        fitted._check_loss(options, fitted._transform(values, targets), targets)
        return fitted

    def encode(self, targets: Targets) -> np.ndarray:
        """Return the transformed numbers, `(rows,)`, or `(rows, columns)` for several columns."""
        values = self._transform(_numbers(self.columns, targets), targets)
        with np.errstate(over="ignore"):
            encoded = values.astype(np.float32)
        if np.isinf(encoded).any():
            row, column = np.argwhere(np.isinf(encoded))[0]
            found = f"{values[row, column]:g} in column {self.columns[column]!r}"
            expected = "Expected a number that float32 can hold; `transform` may help."
            raise targets.error(f"{found}, {targets.row(row)}", expected)
        return encoded[:, 0] if len(self.columns) == 1 else encoded

    def decode(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """Return `<task>`, or `<task>_<column>` for each of several columns, transforms undone."""
        values = transforms.undo(self.steps, predictions.astype(np.float64))
        if len(self.columns) == 1:
            return {self.task: values[:, 0]}
        return {
            f"{self.task}_{column}": values[:, position]
            for position, column in enumerate(self.columns)
        }

    @property
    def description(self) -> str:
        """The columns with their transforms: `price, log1p, standardise`."""
        return ", ".join([super().description, *(step.name for step in self.steps)])

    @property
    def units(self) -> int:
        """The number of target columns."""
        return len(self.columns)

    def state(self) -> dict[str, Any]:
        """Return what was fitted, as values that JSON has."""
        steps = [step.state() for step in self.steps]
        return {"task": self.task, "columns": list(self.columns), "steps": steps}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Restore what `state` returned."""
        steps = tuple(map(transforms.Step.from_state, state["steps"]))
        return cls(state["task"], tuple(state["columns"]), steps)

    def _check_loss(self, options: TaskOptions, encoded: np.ndarray, targets: Targets) -> None:
        loss = None if options.loss is None else self.names.loss_name(options.loss.name)
        negative = np.argwhere(encoded < 0)
        if loss in _LOSSES_OF_COUNTS and len(negative):
            row, column = negative[0]
            found = f"{loss!r}, and {encoded[row, column]:g} in column {self.columns[column]!r}"
            expected = "This loss expects numbers of 0 or more (after `transform`)."
            raise targets.error(f"{found}, {targets.row(row)}", expected, "loss")

    def _transform(self, values: np.ndarray, targets: Targets) -> np.ndarray:
        numbers = values
        for step in self.steps:
            refused = np.argwhere(step.refused(numbers))
            if len(refused):
                row, column = refused[0]
                found = f"{values[row, column]:g} in column {self.columns[column]!r}"
                domain = transforms.TRANSFORMS[step.name].domain
                expected = f"{step.name!r} expects numbers {domain}."
                raise targets.error(f"{found}, {targets.row(row)}", expected, "transform")
            numbers = step.forward(numbers)
        return numbers


def _numbers(columns: tuple[str, ...], targets: Targets) -> np.ndarray:
    """Return the columns as float64, shape `(rows, columns)`."""
    return np.stack([targets.numbers(column) for column in columns], axis=1)

"""Yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl

from mtl.errors import nearest
from mtl.registry import kind
from mtl.tasks.kinds.base import Kind, single_column
from mtl.tasks.names import BINARY
from mtl.tasks.options import TaskOptions, class_key
from mtl.tasks.targets import Targets, class_positions


@kind("binary")
@dataclass(frozen=True)
class Binary(Kind):
    """One of two classes; the head gives the probability of the positive one, shape `(rows, 1)`.

    The target has two values, of which the later in sort order is positive (true, 1, `yes`), or it
    is derived and then false or true: `above` asks whether a number is strictly greater than the
    training split's median or mean or than a given number, `equals` whether a value is the given
    one.

    Attributes:
        classes: The negative and the positive class.
        threshold: What `above` stands for, if given.
        equals: The value to compare with, if given.
    """

    names = BINARY
    activation = "sigmoid"

    classes: tuple[Any, ...]
    threshold: float | None = None
    equals: str | float | bool | None = None

    @classmethod
    def fit(cls, options: TaskOptions, targets: Targets) -> Self:
        """Find the classes and the threshold; see `Kind.fit`."""
        column = single_column(options, targets)
        if options.above is None and options.equals is None:
            return cls(options.name, (column,), _two_classes(column, targets))
        if options.above is not None and options.equals is not None:
            found = "found `above` and `equals` together"
            raise targets.error(found, "Remove one of them.", "equals")
        threshold = None if options.above is None else _threshold(options.above, column, targets)
        fitted = cls(options.name, (column,), (False, True), threshold, options.equals)
        _refuse_one_class(fitted.encode(targets), column, options, threshold, targets)
        return fitted

    def encode(self, targets: Targets) -> np.ndarray:
        """Return 0 for the negative and 1 for the positive class, shape `(rows,)`."""
        column = self.columns[0]
        if self.threshold is not None:
            values = targets.numbers(column, "above")
            return np.where(np.isnan(values), np.nan, values > self.threshold).astype(np.float32)
        if self.equals is None:
            return targets.positions(column, class_positions(self.classes))
        numeric = targets.series(column).dtype.is_numeric()
        if numeric and isinstance(self.equals, int | float) and not isinstance(self.equals, bool):
            values = targets.numbers(column)
            return np.where(np.isnan(values), np.nan, values == self.equals).astype(np.float32)
        same = targets.keys(column) == class_key(self.equals)
        return same.cast(float).fill_null(np.nan).to_numpy().astype(np.float32)

    def decode(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """Return `<task>`, the likelier class, and `<task>_probability`, of the positive one."""
        probability = predictions[:, 0]
        classes = np.array(self.classes, dtype=_dtype(self.classes))
        return {
            self.task: classes[(probability > 0.5).astype(int)],
            f"{self.task}_probability": probability,
        }

    @property
    def units(self) -> int:
        """One."""
        return 1

    @property
    def description(self) -> str:
        """The column, with what makes a label positive: `num_reactions above 12`."""
        if self.threshold is not None:
            return f"{super().description} above {self.threshold:g}"
        if self.equals is not None:
            return f"{super().description} equals {class_key(self.equals)}"
        return super().description

    @property
    def class_names(self) -> tuple[str, ...]:
        """The negative and the positive class."""
        return tuple(map(class_key, self.classes))


def _two_classes(column: str, targets: Targets) -> tuple[Any, ...]:
    classes = targets.classes(column)
    if len(classes) == 2:
        return tuple(classes)
    if len(classes) == 1:
        found = f"every label of column {column!r} is {classes[0]!r}"
        raise targets.error(found, "Expected two values in the training split.")
    listing = ", ".join(map(repr, classes[:5])) + (", …" if len(classes) > 5 else "")
    found = f"{len(classes)} different values in column {column!r}: {listing}"
    expected = "Expected two values. Say `equals` or `above`, or use kind categorical."
    raise targets.error(found, expected)


def _threshold(above: str | float, column: str, targets: Targets) -> float:
    dtype = targets.series(column).dtype
    if not dtype.is_numeric() and dtype != pl.Null:
        found = f"the column {column!r} is of type {dtype}"
        raise targets.error(found, "Expected a column of numbers.", "above")
    values = targets.numbers(column, "above")
    if np.isnan(values).all():
        found = f"all {len(values)} labels of column {column!r} are missing"
        raise targets.error(found, "Expected at least one label in the training split.")
    if isinstance(above, str):
        return float(np.nanmedian(values) if above == "median" else np.nanmean(values))
    return float(above)


def _refuse_one_class(
    encoded: np.ndarray,
    column: str,
    options: TaskOptions,
    threshold: float | None,
    targets: Targets,
) -> None:
    labelled = encoded[~np.isnan(encoded)]
    if not len(labelled):
        found = f"all {len(encoded)} labels of column {column!r} are missing"
        raise targets.error(found, "Expected at least one label in the training split.")
    if 0 < labelled.mean() < 1:
        return
    which = "every" if labelled[0] else "no"
    if threshold is not None:
        found = f"{which} value of column {column!r} is above {threshold:g}"
        raise targets.error(found, "Expected values on both sides; give a number.", "above")
    found = f"{which} value of column {column!r} is {options.equals!r}"
    known = [] if labelled[0] else targets.keys(column).drop_nulls().unique().to_list()
    expected = "Expected other values too." if labelled[0] else nearest(str(options.equals), known)
    raise targets.error(found, expected, "equals")


def _dtype(classes: tuple[Any, ...]) -> Any:
    return object if isinstance(classes[0], str) else None

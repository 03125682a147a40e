"""Reading a task's target columns from a table, with errors that name the row."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from mtl.errors import DataError, Problem, nearest
from mtl.tasks.options import class_key

logger = logging.getLogger(__name__)


class TargetError(DataError):
    """A target column that cannot be what the task's config says it is.

    Args:
        problem: Where in the config, what was found, what was expected.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Targets:
    """The columns of a table as one task reads them.

    Attributes:
        task: The output's name, for messages.
        table: The table.
        rows: For each row of `table` its number in the user's table, from 0; shown from 1. By
            default the table is the user's.
    """

    task: str
    table: pl.DataFrame
    rows: np.ndarray | None = None

    def error(self, found: str, expected: str, option: str = "target") -> TargetError:
        """Return the error to raise for an option of this task."""
        return TargetError(Problem(f"tasks.{self.task}.{option}", found, expected))

    def row(self, position: int) -> str:
        """Return how a message names the row at `position` of the table."""
        return f"row {int(position if self.rows is None else self.rows[position]) + 1}"

    def series(self, column: str, option: str = "target") -> pl.Series:
        """Return a column; floats' NaN become null.

        Raises:
            TargetError: The table lacks it.
        """
        if column not in self.table.columns:
            found = f"the table has no column {column!r}"
            raise self.error(found, nearest(column, self.table.columns), option)
        series = self.table[column]
        if series.dtype == pl.Object:
            series = pl.Series(column, series.to_list(), strict=False)
        return series.fill_nan(None) if series.dtype.is_float() else series

    def array_size(self, column: str) -> int | None:
        """Return how many values each row of a column of arrays holds; None for other columns."""
        dtype = self._with_arrays(column).dtype
        return dtype.shape[0] if isinstance(dtype, pl.Array) and len(dtype.shape) == 1 else None

    def numbers(self, column: str, option: str = "target") -> np.ndarray:
        """Return a column as float64, shape `(rows,)`, NaN where it is missing.

        Text that spells a number counts as the number; true and false count as 1 and 0.

        Raises:
            TargetError: A value is no number, or infinite.
        """
        return self._floats(self.series(column, option), option)

    def _floats(self, series: pl.Series, option: str) -> np.ndarray:
        column = series.name
        if not (series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.String, pl.Null)):
            found = f"the column {column!r} is of type {series.dtype}"
            raise self.error(found, "Expected a column of numbers.", option)
        cast = series.cast(pl.Float64, strict=False)
        wrong = (cast.is_null() & series.is_not_null()).arg_true()
        if len(wrong):
            found = f"{series[wrong[0]]!r} in column {column!r}, {self.row(wrong[0])}"
            expected = f"Expected a number, in this column {len(wrong)} values are none."
            raise self.error(found, expected, option)
        values = cast.fill_null(np.nan).to_numpy().astype(np.float64)
        infinite = np.flatnonzero(np.isinf(values))
        if len(infinite):
            found = f"{values[infinite[0]]} in column {column!r}, {self.row(infinite[0])}"
            expected = "Expected a finite number, or nothing where it is unknown."
            raise self.error(found, expected, option)
        return values

    def classes(self, column: str, *, arrays: bool = False) -> list[Any]:
        """Return the distinct values of a column in sort order: booleans, integers or strings.

        Floats without a fraction count as integers; anything that is not a number is text.

        Args:
            column: The column.
            arrays: Whether a row may hold an array of values.

        Raises:
            TargetError: Every value is missing, or one is a number with a fraction.
        """
        values = self._discrete(column, arrays=arrays).drop_nulls().unique().to_list()
        if not values:
            found = f"all {self.table.height} labels of column {column!r} are missing"
            raise self.error(found, "Expected at least one label in the training split.")
        return sorted(values)

    def keys(self, column: str, *, arrays: bool = False) -> pl.Series:
        """Return each value of a column as text (`true`, `5`, `yes`), null where it is missing.

        The values of a column of arrays stand below each other.
        """
        values = self._discrete(column, arrays=arrays)
        return values.cast(pl.String)

    def positions(
        self, column: str, classes: Mapping[str, int], *, arrays: bool = False
    ) -> np.ndarray:
        """Return each row's class as float32, shape `(rows,)`.

        Args:
            column: The column.
            classes: The position of each class by its text.
            arrays: Whether a row may hold an array of values.

        Returns:
            NaN where the value is missing or unknown; unknown values are logged. For a column of
            arrays of n values, shape `(rows, n)`.
        """
        keys = self.keys(column, arrays=arrays)
        found = keys.replace_strict(classes, default=None, return_dtype=pl.Float32)
        self.warn_of_unknown(column, keys.filter(found.is_null() & keys.is_not_null()))
        values = found.fill_null(np.nan).to_numpy().astype(np.float32)
        size = self.array_size(column)
        return values if size is None else values.reshape(self.table.height, size)

    def warn_of_unknown(self, column: str, unknown: pl.Series) -> None:
        """Log, once, the values that the training split lacks, with how often each occurs."""
        if not len(unknown):
            return
        counts = unknown.value_counts(sort=True, name="count")
        listing = ", ".join(f"{value!r} ({count})" for value, count in counts.head(10).iter_rows())
        more = f" and {counts.height - 10} further ones" if counts.height > 10 else ""
        logger.warning(
            "tasks.%s: %d labels of column %r count as missing because the training split"
            " lacks their class: %s%s.",
            *(self.task, len(unknown), column, listing, more),
        )

    def _with_arrays(self, column: str) -> pl.Series:
        """Return a column; lists of one length, as JSON has them, are arrays."""
        series = self.series(column)
        if isinstance(series.dtype, pl.List) and not series.dtype.inner.is_nested():
            lengths = series.list.len().drop_nulls().unique()
            if len(lengths) == 1 and lengths[0] > 0:
                return series.list.to_array(lengths[0])
        return series

    def _discrete(self, column: str, *, arrays: bool) -> pl.Series:
        series = self._with_arrays(column) if arrays else self.series(column)
        if arrays and self.array_size(column) is not None:
            if series.null_count():
                found = f"nothing in column {column!r}, {self.row(series.is_null().arg_true()[0])}"
                raise self.error(found, "Expected an array; its values may be missing.")
            series = series.explode()
            series = series.fill_nan(None) if series.dtype.is_float() else series
        if isinstance(series.dtype, pl.List | pl.Array):
            found = f"the column {column!r} holds lists"
            raise self.error(found, "Expected single values; lists are for kind multilabel.")
        if series.dtype.is_float() or series.dtype.is_decimal():
            fractions = (series != series.floor()).fill_null(value=False).arg_true()
            if len(fractions):
                found = f"{series[fractions[0]]} in column {column!r}, {self.row(fractions[0])}"
                expected = "Expected classes. Numbers are for kind regression, or `above`."
                raise self.error(found, expected)
            self._floats(series, "target")
            return series.cast(pl.Int64)
        if series.dtype == pl.Boolean or series.dtype.is_integer():
            return series
        return series.cast(pl.String)


def class_positions(classes: tuple[Any, ...]) -> dict[str, int]:
    """Return the position of each class by its text.

    Where the classes are false and true, or 0 and 1, the spellings of the other pair count too.
    """
    positions = {class_key(value): position for position, value in enumerate(classes)}
    if set(positions) in ({"false", "true"}, {"0", "1"}):
        positions |= {"false": 0, "0": 0, "False": 0, "true": 1, "1": 1, "True": 1}
    return positions

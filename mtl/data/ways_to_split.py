"""The ways to divide rows, each from one column to row numbers by split."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from mtl.data.raw import is_empty
from mtl.data.times import seconds_since_1970
from mtl.errors import DataError, nearest

SPLITS = ("training", "validation", "test")
Rows = dict[str, np.ndarray]


def stratified(column: pl.Series, fractions: dict[str, float], seed: int) -> Rows:
    """Divide by chance so that each value is as frequent in each split.

    Args:
        column: The values to keep in proportion; a missing one is a value of its own.
        fractions: Of the rows, by split; `training` gets the rest.
        seed: Of the chance.

    Raises:
        DataError: A value is too rare.
    """
    from sklearn.model_selection import train_test_split

    strata = column.cast(pl.String).fill_null("").rank("dense").to_numpy()
    sizes = pl.Series(strata).value_counts(name="count").sort("count")
    least = 1 + len(fractions)
    if sizes["count"][0] < least:
        row = int(np.flatnonzero(strata == sizes[""][0])[0])
        raise DataError(
            f"Column {column.name!r} holds {column[row]!r} in {sizes['count'][0]} of its "
            f"{len(column)} rows ({sizes.height} distinct values). Expected at least {least} of "
            "each value to have it in every split: choose a column of few classes, or "
            "data.split.by=random."
        )

    def part(rows: np.ndarray, fraction: float) -> tuple[np.ndarray, np.ndarray]:
        try:
            return train_test_split(
                rows, test_size=fraction, stratify=strata[rows], random_state=seed
            )
        except ValueError as error:
            raise DataError(
                f"Column {column.name!r} cannot be kept in proportion in every split: {error} "
                "Expected more rows of each value, or larger fractions."
            ) from error

    return _in_turn(len(column), fractions, part)


def grouped(column: pl.Series, fractions: dict[str, float], seed: int) -> Rows:
    """Divide by chance so that all rows of one value are in one split.

    Args:
        column: The group of each row.
        fractions: Of the groups, by split; each split gets one at least.
        seed: Of the chance.

    Raises:
        DataError: A row has no group, or there are too few.
    """
    from sklearn.model_selection import GroupShuffleSplit

    _refuse_missing(column, "its rows could be on both sides")
    groups = column.cast(pl.String).rank("dense").to_numpy()
    found = len(np.unique(groups))
    if found < 1 + len(fractions):
        raise DataError(
            f"Column {column.name!r} has {found} distinct values. Expected at least "
            f"{1 + len(fractions)} groups, one a split."
        )

    def part(rows: np.ndarray, fraction: float) -> tuple[np.ndarray, np.ndarray]:
        left = len(np.unique(groups[rows]))
        size = min(max(round(fraction * left), 1), left - 1)
        splitter = GroupShuffleSplit(n_splits=1, test_size=size, random_state=seed)
        training, held_out = next(splitter.split(rows, groups=groups[rows]))
        return rows[training], rows[held_out]

    return _in_turn(len(column), fractions, part)


def _in_turn(
    count: int,
    fractions: dict[str, float],
    part: Callable[[np.ndarray, float], tuple[np.ndarray, np.ndarray]],
) -> Rows:
    """Take the test from all rows and the validation from what is left."""
    rows: Rows = {"training": np.arange(count)}
    left = 1.0
    for name in ("test", "validation"):
        if name in fractions:
            rows["training"], rows[name] = part(rows["training"], fractions[name] / left)
            left -= fractions[name]
    return rows


def by_time(column: pl.Series, fractions: dict[str, float], time_format: str | None) -> Rows:
    """Divide so that validation comes after training in time, and test after validation.

    Args:
        column: Times, or numbers that rise with time.
        fractions: Of the rows, by split. Rows of one time stay together, in the later split.
        time_format: How strings spell times; None for ISO.

    Raises:
        DataError: A row has no time.
    """
    _refuse_missing(column, "it has no place in time")
    if column.dtype.is_numeric():
        times = column.cast(pl.Float64).to_numpy()
    else:
        times = seconds_since_1970(column, time_format)
    order = np.argsort(times, kind="stable")
    return cut(order, np.searchsorted(times[order], times[order]), fractions)


def cut(order: np.ndarray, starts: np.ndarray, fractions: dict[str, float]) -> Rows:
    """Cut test and validation off the end of an order.

    Args:
        order: Row numbers.
        starts: For each place in the order, the first place of those that stay with it.
        fractions: By split.
    """
    rows: Rows = {}
    first, share = len(order), 0.0
    for name in ("test", "validation"):
        if name in fractions:
            share += fractions[name]
            border = len(order) - round(share * len(order))
            border = min(first, int(starts[border])) if border < len(order) else first
            rows[name] = order[border:first]
            first = border
    return {**rows, "training": order[:first]}


def by_column(column: pl.Series) -> Rows:
    """Divide as a column says.

    Raises:
        DataError: A value is missing or names no split, or none is `training`.
    """
    _refuse_missing(column, "it belongs to no split")
    values = column.cast(pl.String)
    unknown = (~values.is_in(list(SPLITS))).arg_true()
    if len(unknown):
        value = values[unknown[0]]
        raise DataError(
            f"Row {unknown[0] + 1} of column {column.name!r} holds {value!r}. Expected the row's "
            f"split. {nearest(value, SPLITS)}"
        )
    rows = {name: np.flatnonzero((values == name).to_numpy()) for name in SPLITS}
    if not len(rows["training"]):
        raise DataError(f"Column {column.name!r} names no training row. Expected 'training'.")
    return {name: numbers for name, numbers in rows.items() if len(numbers)}


def _refuse_missing(column: pl.Series, reason: str) -> None:
    rows = is_empty(column).arg_true()
    if len(rows):
        raise DataError(
            f"Row {rows[0] + 1} of column {column.name!r} is empty ({len(rows)} rows are): "
            f"{reason}. Expected a value in the column that data.split.column names."
        )

"""Dividing a table's rows into training, validation and test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from mtl.data.times import seconds_since_1970
from mtl.errors import ConfigError, DataError, Problem, nearest

SPLITS = ("training", "validation", "test")
Rows = dict[str, np.ndarray]


def split_rows(
    table: pl.DataFrame, split: Mapping[str, Any], *, time_format: str | None = None
) -> Rows:
    """Divide the rows of a table.

    * `random`: by chance, from `seed`.
    * `stratified`: by chance, each value of `column` as frequent in each split.
    * `time`: the last rows by `column` are the test, those before them the validation. Rows of one
      time stay together: where a border falls among them, they go to the later split.
    * `group`: by chance, all rows with one value of `column` in one split; the fractions count
      groups, not rows.
    * `column`: the values of `column` are `training`, `validation` and `test`.

    Args:
        table: All rows.
        split: `by`, `column`, `validation`, `test` (fractions from 0 to below 1), `seed`.
        time_format: How `column` spells times, for `time`; None for ISO.

    Returns:
        Row numbers in rising order by split. A split of fraction 0 or null is absent.

    Raises:
        ConfigError: An unknown `by`, a missing column, wrong fractions.
        DataError: A split would be empty, or a value of `column` is missing or wrong.
    """
    by = split.get("by")
    if by not in ("random", "time", "column", *_WAYS):
        known, found = ["random", "time", "column", "files", *_WAYS], f"found {by!r}"
        raise ConfigError([Problem("data.split.by", found, nearest(str(by), known))])
    if by == "column":
        return _by_column(_column(table, split))
    fractions, seed = _fractions(split), int(split.get("seed") or 0)
    if by == "random":
        order = np.random.default_rng(seed).permutation(table.height)
        rows = _cut(order, np.arange(table.height), fractions)
    elif by == "time":
        rows = _by_time(_column(table, split), fractions, time_format)
    else:
        rows = _WAYS[by](_column(table, split), fractions, seed)
    _refuse_empty(rows, table.height, fractions)
    return {name: np.sort(rows[name]) for name in SPLITS if name in rows}


def _column(table: pl.DataFrame, split: Mapping[str, Any]) -> pl.Series:
    name, by = split.get("column"), split["by"]
    if name not in table.columns:
        found = f"the table has no column {name!r}" if name else f"missing, by: {by} reads it"
        expected = nearest(str(name), table.columns)
        raise ConfigError([Problem("data.split.column", found, expected)])
    return table[name]


def _fractions(split: Mapping[str, Any]) -> dict[str, float]:
    problems, fractions = [], {}
    for name in ("validation", "test"):
        value = split.get(name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (number and 0 <= value < 1):
            expected = "Expected a fraction of the rows, from 0 to below 1."
            problems.append(Problem(f"data.split.{name}", f"found {value!r}", expected))
        elif value:
            fractions[name] = float(value)
    if not problems and sum(fractions.values()) >= 1:
        found = f"validation and test take {sum(fractions.values()):g} of the rows"
        problems.append(Problem("data.split", found, "Expected less than 1: the rest trains."))
    if problems:
        raise ConfigError(problems)
    return fractions


def _stratified(column: pl.Series, fractions: dict[str, float], seed: int) -> Rows:
    strata = column.cast(pl.String).fill_null("").rank("dense").to_numpy()
    sizes = pl.Series(strata).value_counts(name="count").sort("count")
    least = 1 + len(fractions)
    if sizes["count"][0] < least:
        row = int(np.flatnonzero(strata == sizes[""][0])[0])
        raise DataError(
            f"Column {column.name!r} holds {column[row]!r} in {sizes['count'][0]} of {len(column)} rows "
            f"(it has {sizes.height} values). Expected at least {least} of each value to have it "
            "in every split: choose a column of few classes, or data.split.by=random."
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


def _grouped(column: pl.Series, fractions: dict[str, float], seed: int) -> Rows:
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


def _by_time(column: pl.Series, fractions: dict[str, float], time_format: str | None) -> Rows:
    _refuse_missing(column, "it has no place in time")
    if column.dtype.is_numeric():
        times = column.cast(pl.Float64).to_numpy()
    else:
        times = seconds_since_1970(column, time_format)
    order = np.argsort(times, kind="stable")
    return _cut(order, np.searchsorted(times[order], times[order]), fractions)


def _cut(order: np.ndarray, starts: np.ndarray, fractions: dict[str, float]) -> Rows:
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


def _by_column(column: pl.Series) -> Rows:
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
    missing = column.is_null()
    if column.dtype == pl.String:
        missing |= column.str.strip_chars() == ""
    rows = missing.arg_true()
    if len(rows):
        raise DataError(
            f"Row {rows[0] + 1} of column {column.name!r} is empty ({len(rows)} rows are): "
            f"{reason}. Expected a value in the column that data.split.column names."
        )


def _refuse_empty(rows: Rows, count: int, fractions: dict[str, float]) -> None:
    for name in ("training", *fractions):
        if not len(rows[name]):
            share = fractions.get(name, 1 - sum(fractions.values()))
            raise DataError(
                f"The {name} split is empty: {share:g} of {count} rows. Expected at least one: "
                "give more rows or other fractions (data.split), or, where data.split.by is time, "
                "a column with more distinct times."
            )


_WAYS: dict[str, Callable[[pl.Series, dict[str, float], int], Rows]] = {
    "stratified": _stratified,
    "group": _grouped,
}

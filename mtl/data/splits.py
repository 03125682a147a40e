"""Dividing a table's rows into training, validation and test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from mtl.data.ways_to_split import SPLITS, Rows, by_column, by_time, cut, grouped, stratified
from mtl.errors import ConfigError, DataError, Problem, nearest

_BY_CHANCE = {"stratified": stratified, "group": grouped}


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
    if by not in ("random", "time", "column", *_BY_CHANCE):
        known, found = ["random", "time", "column", "files", *_BY_CHANCE], f"found {by!r}"
        raise ConfigError([Problem("data.split.by", found, nearest(str(by), known))])
    if by == "column":
        return by_column(_column(table, split))
    fractions, seed = _fractions(split), int(split.get("seed") or 0)
    if by == "random":
        order = np.random.default_rng(seed).permutation(table.height)
        rows = cut(order, np.arange(table.height), fractions)
    elif by == "time":
        rows = by_time(_column(table, split), fractions, time_format)
    else:
        rows = _BY_CHANCE[by](_column(table, split), fractions, seed)
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


def _refuse_empty(rows: Rows, count: int, fractions: dict[str, float]) -> None:
    for name in ("training", *fractions):
        if not len(rows[name]):
            share = fractions.get(name, 1 - sum(fractions.values()))
            raise DataError(
                f"The {name} split is empty: {share:g} of {count} rows. Expected at least one: "
                "give more rows or other fractions (data.split), or, where data.split.by is time, "
                "a column with more distinct times."
            )

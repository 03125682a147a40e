"""A table with its splits, loaded as a config says."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mtl.config.check.sections import single
from mtl.data.columns import make_column
from mtl.data.columns.base import Column
from mtl.data.pairs import both_sides, draws, with_group
from mtl.data.splits import split_rows
from mtl.data.tables import as_table, column_names, read_table
from mtl.errors import ConfigError, DataError, MtlError, Problem, nearest
from mtl.registry import generators


@dataclass(frozen=True)
class Dataset:
    """The rows of an experiment.

    Attributes:
        table: All rows.
        splits: Row numbers by split: `training`, and `validation` and `test` where there are any.
        known: For generated data the best that can be known, see `Generated`; else empty.
        redraw: For pairs: the training rows of an epoch, counted from 1, of which `table` has the
            first; else None, as every epoch has the same rows.
        unpaired: For pairs: the training rows that they are drawn from; else None.
    """

    table: pl.DataFrame
    splits: Mapping[str, np.ndarray]
    known: Mapping[str, np.ndarray] = field(default_factory=dict)
    redraw: Callable[[int], pl.DataFrame] | None = None
    unpaired: pl.DataFrame | None = None

    def part(self, split: str) -> pl.DataFrame:
        """Return the rows of a split."""
        return self.table[self.splits[split]]

    def to_learn_from(self) -> pl.DataFrame:
        """Return the rows that a preparation is learnt from: those of the training split.

        For pairs each training row once, as both rows of a pair, so that both are prepared alike.
        """
        return self.part("training") if self.unpaired is None else both_sides(self.unpaired)


def load_dataset(
    data: Mapping[str, Any], table: Any = None, *, needed: Collection[str] | None = None
) -> Dataset:
    """Load the rows and split them.

    Args:
        data: The section `data` of the config.
        table: A table from Python that takes the place of the section's source.
        needed: The columns to read; None for all. The described columns and the split's are
            always read.

    Raises:
        ConfigError: The section is wrong.
        DataError: The table cannot be read or split, or holds a value that its column's kind
            refuses; several columns' reasons come together.
    """
    described = data.get("columns") or {}
    pairs = data.get("pairs")
    columns = _columns(described)
    split = data.get("split") or {}
    if needed is not None:
        needed = {*needed, *(name for c, k in columns.items() for name in k.learns_from(c))}
        if pairs:
            needed = {*map(single, needed), pairs.get("group")}
        needed = {*needed, *described, *([split["column"]] if split.get("column") else [])}
    known: Mapping[str, np.ndarray] = {}
    if table is not None:
        rows = as_table(table, columns_config=described, needed=needed)
        names = rows.columns
    elif data.get("path") is not None:
        rows = read_table(data["path"], columns_config=described, needed=needed)
        names = column_names(data["path"]) if pairs else rows.columns
    else:
        generated = _generate(data.get("generator") or {})
        rows, known = generated.table, generated.known
        names = rows.columns
    if split.get("by") == "files":
        files = {"training": rows, **_files(rows, split, described, needed)}
        source = data.get("path") if table is None else table
        training = source if isinstance(source, str | Path) else "The training table"
        origins = {**split, "training": training}
        _refuse(
            f"{origins[name]}: {error}"
            for name, part in files.items()
            for error in _wrong_values(part, columns)
        )
        if pairs:
            files = {name: with_group(part, pairs, names) for name, part in files.items()}
        dataset = Dataset(*_below_each_other(files))
    else:
        _refuse(_wrong_values(rows, columns))
        rows = with_group(rows, pairs, names) if pairs else rows
        time_format = getattr(columns.get(split.get("column") or ""), "format", None)
        dataset = Dataset(rows, split_rows(rows, split, time_format=time_format), known)
    return _paired(dataset, pairs) if pairs else dataset


def _paired(dataset: Dataset, pairs: Mapping[str, Any]) -> Dataset:
    """Return the first epoch's pairs of the training rows, and pairs of the other splits."""
    sources = draws(dataset.table, dataset.splits, pairs)
    tables = {name: source.draw(1 if name == "training" else 0) for name, source in sources.items()}
    training = sources["training"]
    return Dataset(*_below_each_other(tables), redraw=training.draw, unpaired=training.rows)


def _columns(described: Mapping[str, Mapping[str, Any]]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    problems: list[Problem] = []
    for name, section in described.items():
        try:
            columns[name] = make_column(section, f"data.columns.{name}")
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return columns


def _generate(section: Mapping[str, Any]) -> Any:
    name = section.get("name")
    if name is None:
        expected = "Set data.path to the path of a table, or data.generator.name."
        found = "there is neither a path nor a generator"
        raise ConfigError([Problem("data.path", found, expected)])
    generator = generators.get(name)
    options = {key: value for key, value in section.items() if key != "name"}
    known = inspect.signature(generator).parameters
    unknown = [key for key in options if key not in known]
    if unknown:
        raise ConfigError(
            [
                Problem(
                    f"data.generator.{key}",
                    f"the generator {name!r} has no parameter {key!r}",
                    nearest(key, known),
                )
                for key in unknown
            ]
        )
    return generator(**options)


def _files(
    training: pl.DataFrame,
    split: Mapping[str, Any],
    described: Mapping[str, Mapping[str, Any]],
    needed: Collection[str] | None,
) -> dict[str, pl.DataFrame]:
    """Return the tables of the other splits, read from their files."""
    parts = {}
    for name in ("validation", "test"):
        if split.get(name) is None:
            continue
        if not isinstance(split[name], str):
            found = f"found {split[name]!r}"
            expected = "Expected the path of a table: data.split.by is files."
            raise ConfigError([Problem(f"data.split.{name}", found, expected)])
        part = read_table(split[name], columns_config=described, needed=needed)
        missing = [column for column in described if column not in part.columns]
        if missing and not set(missing) - set(training.columns):
            raise DataError(
                f"{split[name]} has no column {missing[0]!r}, which the training table has. "
                f"{nearest(missing[0], part.columns)}"
            )
        parts[name] = part
    return parts


def _below_each_other(
    files: Mapping[str, pl.DataFrame],
) -> tuple[pl.DataFrame, dict[str, np.ndarray]]:
    """Return one table of all rows, and the row numbers of each split."""
    splits, start = {}, 0
    for name, part in files.items():
        splits[name] = np.arange(start, start + part.height)
        start += part.height
    try:
        return pl.concat(files.values(), how="diagonal_relaxed"), splits
    except pl.exceptions.PolarsError as error:
        raise DataError(
            f"The files of the splits do not fit together: {str(error).splitlines()[0]}. Expected "
            "the same types in columns of one name."
        ) from error


def _wrong_values(table: pl.DataFrame, columns: Mapping[str, Column]) -> Iterator[str]:
    """Yield what the first wrong value of each described column is."""
    for name, column in columns.items():
        if name in table.columns:
            try:
                column.check(table[name])
            except MtlError as error:
                yield str(error)


def _refuse(errors: Iterable[str]) -> None:
    listing = "\n".join(errors)
    if listing:
        raise DataError(listing)

"""Rules on a config and the columns of its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mtl.config.check.sections import (
    Config,
    column_options,
    column_path,
    feeds,
    listed,
    section,
    tasks,
)
from mtl.config.check.split import WAYS_WITH_A_COLUMN
from mtl.config.check.wording import shown, unknown_name
from mtl.errors import Problem

NUMBERS = ("Int", "UInt", "Float", "Decimal", "Boolean", "int", "uint", "float", "bool")
EMPTY = "Null"
Columns = Mapping[str, str]


def check_columns(config: Config, columns: Columns) -> list[Problem]:
    """Return every problem of a config that shows from the names and types of a table's columns.

    Args:
        config: The resolved config as a plain dict.
        columns: The type of each column of the table, in the words of polars or NumPy: `String`,
            `Int64`, `float32`, …; `Null` of a column without any value.
    """
    rules = (
        input_column_exists,
        vocabulary_column_exists,
        target_column_exists,
        sample_weight_column_exists,
        split_column_exists,
        source_column_exists,
        target_is_not_empty,
        sample_weights_are_numbers,
        target_is_a_number,
    )
    problems = [problem for rule in rules for problem in rule(config, columns)]
    return [*problems, *target_is_no_input(config)]


def input_column_exists(config: Config, columns: Columns) -> Iterator[Problem]:
    """Yield a problem for each input column that the table lacks."""
    for feed in feeds(config):
        yield from _exists(feed.column_path, feed.column, columns)


def vocabulary_column_exists(config: Config, columns: Columns) -> Iterator[Problem]:
    """Yield a problem for each column to learn a vocabulary from that the table lacks."""
    for feed in feeds(config):
        for column in listed(column_options(config, feed).get("vocabulary_from")):
            path = feed.path if feed.changes else column_path(config, feed.column)
            yield from _exists(f"{path}.vocabulary_from", column, columns)


def target_column_exists(config: Config, columns: Columns) -> Iterator[Problem]:
    """Yield a problem for each target column that the table lacks."""
    for name, task in tasks(config).items():
        for column in listed(task.get("target")):
            yield from _exists(f"tasks.{name}.target", column, columns)


def sample_weight_column_exists(config: Config, columns: Columns) -> Iterator[Problem]:
    """Yield a problem for each column of example weights that the table lacks."""
    for name, task in tasks(config).items():
        for column in listed(task.get("sample_weight")):
            yield from _exists(f"tasks.{name}.sample_weight", column, columns)


def split_column_exists(config: Config, columns: Columns) -> Iterator[Problem]:
    """Yield the problem of a column to split by that the table lacks."""
    split = section(config, "data", "split")
    if split.get("by") in WAYS_WITH_A_COLUMN:
        for column in listed(split.get("column")):
            yield from _exists("data.split.column", column, columns)


def source_column_exists(config: Config, columns: Columns) -> Iterator[Problem]:
    """Yield the problem of a column of sources that the table lacks or that holds arrays."""
    path, column = "training.sources.column", section(config, "training", "sources").get("column")
    yield from _exists(path, column, columns)
    dtype = columns.get(column, "") if isinstance(column, str) else ""
    if dtype.startswith(("List", "Array", "Struct", "Object")):
        found = f"column {shown(column)} is of type {dtype}"
        yield Problem(path, found, "Expected a column of names or numbers.")


def target_is_not_empty(config: Config, columns: Columns) -> Iterator[Problem]:
    """Yield a problem for each task whose target columns have no value in any row."""
    for name, task in tasks(config).items():
        targets = listed(task.get("target"))
        if targets and all(columns.get(str(target)) == EMPTY for target in targets):
            found = f"column {shown(targets[0])} is empty in all rows of the table"
            yield Problem(f"tasks.{name}.target", found, "Expected a column with labels.")


def sample_weights_are_numbers(config: Config, columns: Columns) -> Iterator[Problem]:
    """Yield a problem for each column of example weights that holds no numbers."""
    for name, task in tasks(config).items():
        for column in listed(task.get("sample_weight")):
            yield from _holds_numbers(
                f"tasks.{name}.sample_weight", column, columns, "sample_weight"
            )


def target_is_a_number(config: Config, columns: Columns) -> Iterator[Problem]:
    """Yield a problem for each target that is compared or transformed and holds no numbers."""
    for name, task in tasks(config).items():
        reasons = [key for key in ("above", "transform") if task.get(key) is not None]
        for column in listed(task.get("target")) if reasons else []:
            yield from _holds_numbers(f"tasks.{name}.target", column, columns, reasons[0])


def target_is_no_input(config: Config) -> Iterator[Problem]:
    """Yield a problem for each task whose target stands among the inputs: it would read its label.

    An auxiliary task may learn what the model is fed (reconstruction is such a task), and so may
    one that is `untrained`. A column encoded by the mean target (`encoding: target_mean`) is
    no leak: the means come from the training split.
    """
    fed: dict[object, str] = {}
    for feed in feeds(config):
        fed.setdefault(feed.column, feed.path)
    for name, task in tasks(config).items():
        if task.get("auxiliary_of") or task.get("untrained") is True:
            continue
        for target in listed(task.get("target")):
            if target in fed:
                found = f"column {target!r} is the target of the task {name!r}"
                expected = (
                    "Remove the column from the inputs; only an auxiliary task "
                    "(auxiliary_of: <task>) may learn what the model is fed."
                )
                yield Problem(fed[target], found, expected)


def _exists(path: str, column: object, columns: Columns) -> Iterator[Problem]:
    if isinstance(column, str) and column not in columns:
        yield unknown_name(path, "a column of the data", column, columns)


def _holds_numbers(path: str, column: object, columns: Columns, reason: str) -> Iterator[Problem]:
    dtype = columns.get(column) if isinstance(column, str) else None
    if dtype is not None and not dtype.startswith((*NUMBERS, EMPTY, "not read")):
        found = f"column {shown(column)} is of type {dtype}"
        yield Problem(path, found, f"{reason} needs a column of numbers.")

"""Which columns feed which input of the graph, and what the graph gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtl.data.columns import make_column
from mtl.data.columns.base import Column
from mtl.errors import ConfigError, Problem, nearest

Feeds = list[tuple[str, Column]]


@dataclass(frozen=True)
class InputSpecification:
    """What the data give for one input of the graph.

    Attributes:
        name: The input's name.
        kind: `text` (word ids), `characters` (character ids), `index` (one category's id),
            `features` (numbers), `image` (0 to 255) or `array`.
        shape: Without the batch: `(length,)`, `()` for an index, `(width,)` for features,
            `(height, width, channels)` for an image; None in an array where any size will do.
        dtype: `int32` for ids (`uint8` for at most 256 characters), `float32` for features,
            `uint8` for an image, any of these for an array.
        columns: The columns that feed it, in order, with the width of each.
        vocabulary_size: Ids run from 0 to `vocabulary_size - 1`; None where there are no ids.
        column_kinds: The kind of each of the columns, `datetime`, `categorical`, ….
    """

    name: str
    kind: str
    shape: tuple[int | None, ...]
    dtype: str
    columns: Mapping[str, int]
    vocabulary_size: int | None = None
    column_kinds: Mapping[str, str] | None = None


def parse_inputs(
    inputs: Mapping[str, Any], columns: Mapping[str, Mapping[str, Any]]
) -> dict[str, Feeds]:
    """Return the columns that feed each input, with their kinds and options.

    Args:
        inputs: For each input a column, or a list of columns. In place of a column's name may stand
            `{column: page, encoding: one_hot}`: options that replace the column's for this input.
        columns: The section `data.columns`.

    Raises:
        ConfigError: With every unknown column, wrong option, and input that several columns cannot
            feed together.
    """
    problems: list[Problem] = []
    parsed: dict[str, Feeds] = {}
    for name, value in inputs.items():
        several = isinstance(value, list | tuple)
        feeds: Feeds = []
        for position, entry in enumerate(value if several else [value]):
            path = f"inputs.{name}[{position}]" if several else f"inputs.{name}"
            try:
                feeds.append(_feed(entry, columns, path))
            except ConfigError as error:
                problems += error.problems
        problems += _joint_problems(name, feeds)
        parsed[name] = feeds
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return parsed


def _feed(entry: Any, columns: Mapping[str, Mapping[str, Any]], path: str) -> tuple[str, Column]:
    if isinstance(entry, str) and entry in columns:
        return entry, make_column(columns[entry], f"data.columns.{entry}")
    if isinstance(entry, str):
        found = f"data.columns has no column {entry!r}"
        raise ConfigError([Problem(path, found, nearest(entry, columns))])
    if not isinstance(entry, Mapping) or not isinstance(entry.get("column"), str):
        found, expected = f"found {entry!r}", "Expected a column, or {column: name, option: value}."
        raise ConfigError([Problem(path, found, expected)])
    column = entry["column"]
    changes = {key: value for key, value in entry.items() if key != "column"}
    base = columns.get(column, {})
    if "kind" in changes and changes["kind"] != base.get("kind"):
        base = {}
    elif column not in columns and "kind" not in changes:
        found = f"data.columns has no column {column!r}"
        raise ConfigError([Problem(f"{path}.column", found, nearest(column, columns))])
    return column, make_column({**base, **changes}, path)


def _joint_problems(name: str, feeds: Feeds) -> list[Problem]:
    """Return what is wrong with several columns feeding one input."""
    if not feeds:
        return []
    names = [column for column, _ in feeds]
    ids = [(column, kind) for column, kind in feeds if kind.form != "features"]
    problems = []
    if len(set(names)) < len(names):
        found, expected = f"found the columns {names}", "Expected each column once."
        problems.append(Problem(f"inputs.{name}", found, expected))
    if ids and len(feeds) > 1:
        column, kind = ids[0]
        gives = f"an {kind.form}" if kind.form in ("image", "array") else "ids"
        found = f"column {column!r} gives {gives} (kind {kind.kind}) and others feed the input too"
        expected = "Expected numbers to join. Give the column an input of its own"
        expected += ", or encoding: one_hot." if kind.form == "index" else "."
        problems.append(Problem(f"inputs.{name}", found, expected))
    return problems

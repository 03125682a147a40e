"""Tables of JSON lines: one object a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from mtl.data.formats.files import opened
from mtl.errors import DataError

_WORDS = {str: "text", bool: "true or false", int: "a number", float: "a number"}


def jsonl_names(path: Path) -> list[str]:
    """Return the keys of the objects, in the order in which they first occur.

    Raises:
        DataError: The file cannot be read, or a line holds no JSON object.
    """
    return list(dict.fromkeys(key for _, record in _records(path) for key in record))


def read_jsonl(path: Path, needed: Sequence[str]) -> pl.DataFrame:
    """Return the needed columns; a key that an object lacks is null.

    Raises:
        DataError: A line is no JSON object, or one column holds both numbers and text, with row and
            column.
    """
    columns: dict[str, list[Any]] = {name: [] for name in needed}
    for _, record in _records(path):
        for name, values in columns.items():
            values.append(record.get(name))
    return pl.DataFrame([_series(path, name, values) for name, values in columns.items()])


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each object with its row, from 1; blank lines are no rows."""
    row = 0
    with opened(path) as file:
        for line in file:
            if not line.strip():
                continue
            row += 1
            try:
                record = json.loads(line)
            except ValueError as error:
                raise DataError(
                    f"Row {row} of {path} is no JSON: {error}. Found: {line[:80]!r}. Expected one "
                    "object a line."
                ) from error
            if not isinstance(record, dict):
                raise DataError(
                    f"Row {row} of {path} holds {type(record).__name__}: {line[:80]!r}. Expected "
                    "an object, {column: value, …}."
                )
            yield row, record


def _series(path: Path, name: str, values: list[Any]) -> pl.Series:
    words = [_WORDS.get(type(value), type(value).__name__) for value in values]
    counts = Counter(word for word, value in zip(words, values, strict=True) if value is not None)
    if len(counts) > 1:
        usual = counts.most_common(1)[0][0]
        row = next(
            row for row, word in enumerate(words) if word != usual and values[row] is not None
        )
        raise DataError(
            f"Row {row + 1} of column {name!r} in {path} holds {words[row]} ({values[row]!r}), and "
            f"most rows hold {usual}. Expected one type a column, or null."
        )
    return pl.Series(name, values, strict=False)

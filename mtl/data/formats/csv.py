"""Tables of comma-separated values; every cell is read as text."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from mtl.data.formats.files import opened
from mtl.errors import DataError

logger = logging.getLogger(__name__)


def csv_names(path: Path) -> list[str]:
    """Return the names in the first row.

    Raises:
        DataError: The file cannot be read, holds nothing but blank lines, is no UTF-8 text, or has
            two columns of one name.
    """
    first = next((record for _, record in _records(path) if record), [])
    if not first:
        raise DataError(f"{path} holds nothing but blank lines. Expected names and rows.")
    repeated = sorted({name for name in first if name and first.count(name) > 1})
    if repeated:
        places = [str(place + 1) for place, name in enumerate(first) if name == repeated[0]]
        raise DataError(
            f"{path} has several columns called {', '.join(map(repr, repeated))} ({repeated[0]!r}: "
            f"columns {', '.join(places)}). Expected each name once: rename or remove them."
        )
    return first


def read_csv(path: Path, names: Sequence[str], needed: Sequence[str]) -> pl.DataFrame:
    """Return the needed columns as text, null where a cell is empty; blank lines are no rows.

    The cells that a short row lacks are empty too; one warning says how many rows are short.

    Args:
        path: The file.
        names: The names of all columns, as `csv_names` gives them.
        needed: The names of the columns to read.

    Raises:
        DataError: A row has more cells than there are names, or the file is no UTF-8 text.
    """
    places = [place for place, name in enumerate(names) if name in needed]
    with_last = sorted({*places, len(names) - 1})
    try:
        table = pl.read_csv(path, columns=with_last, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise DataError(_reason(path, len(names), error)) from error
    table.columns = [names[place] for place in with_last]
    # Only a row whose last cell is empty can be short or blank: others need no second reading.
    if table[names[-1]].null_count():
        lengths = [len(record) for _, record in _records(path)]
        _warn_of_short_rows(path, names, lengths)
        empty = table.select(pl.all_horizontal(pl.all().is_null())).to_series()
        table = table.filter(~(empty & _blank_lines(lengths, table.height)))
    return table.select(names[place] for place in places)


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each row (the names are row 0) and its cells, none for a blank line."""
    with opened(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        number = 0
        try:
            for record in csv.reader(text):
                yield number, record
                number += bool(record)
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path} is no UTF-8 text (byte 0x{error.object[error.start]:02x}, after row "
                f"{max(number - 1, 0)}). Expected UTF-8: save it again with that encoding."
            ) from error
        except csv.Error as error:
            raise DataError(
                f"{path} is no table after row {max(number - 1, 0)}: {error}."
            ) from error


def _warn_of_short_rows(path: Path, names: Sequence[str], lengths: Sequence[int]) -> None:
    """Log how many rows have fewer cells than there are names, and the first of them."""
    rows = [length for length in lengths if length]
    short = [number for number, length in enumerate(rows) if length < len(names)]
    if short:
        first = rows[short[0]]
        logger.warning(
            "%s: %d of %d rows have fewer cells than there are names (%d), and what they lack "
            "counts as empty. The first is row %d, which ends before %r: check its commas and "
            "quotes.",
            *(path, len(short), len(rows) - 1, len(names), short[0], names[first]),
        )


def _blank_lines(lengths: Sequence[int], rows: int) -> pl.Series:
    """Return which of the rows that polars read are blank lines, by the cells of each line."""
    blank = [not length for length in lengths]
    start = blank.index(False) + 1
    return pl.Series(blank[start : start + rows], dtype=pl.Boolean).extend_constant(
        value=False, n=max(rows - (len(blank) - start), 0)
    )


def _reason(path: Path, width: int, error: Exception) -> str:
    """Return why polars refused the file, found by reading it row by row."""
    for number, record in _records(path):
        if len(record) > width:
            return (
                f"{path} has {len(record)} cells in row {number}, and {width} names. Expected at "
                f"most as many: put cells that hold a comma in quotes. Found: {record!r:.120}."
            )
    return f"{path} cannot be read as comma-separated values: {str(error).splitlines()[0]}"

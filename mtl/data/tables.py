"""Reading tables: a file or a Python object to a polars data frame of plain types."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from mtl.data.formats.csv import csv_names, read_csv
from mtl.data.formats.files import SUFFIXES, opened, with_home
from mtl.data.formats.jsonl import jsonl_names, read_jsonl
from mtl.data.formats.parquet import parquet_names, read_parquet
from mtl.data.formats.whole import FORMATS, whole_format
from mtl.data.frames import as_frame
from mtl.data.raw import MISSING_WORDS, to_numbers
from mtl.errors import DataError

TEXT_KINDS = ("text", "characters", "categorical", "datetime", "image")
_WHOLE = r"^[+-]?(0|[1-9][0-9]*)$"

ColumnsConfig = Mapping[str, Mapping[str, Any]]


def column_names(path: Path | str) -> list[str]:
    """Return the names of a file's columns, reading no more than is needed for that.

    Raises:
        DataError: The file cannot be read, or is no table of a known format.
    """
    path = with_home(path)
    name = path.name.lower()
    form = whole_format(path)
    if form is not None:
        return form.names(path)
    if path.is_dir():
        known = ", or ".join(each.description for each in FORMATS)
        held = ", ".join(sorted(entry.name for entry in path.iterdir())[:12])
        raise DataError(
            f"{path} is a folder. Expected a file ({', '.join(SUFFIXES)}), or {known}. It holds: "
            f"{held or 'nothing'}."
        )
    if name.endswith((".csv", ".csv.gz")):
        return csv_names(path)
    if name.endswith(".parquet"):
        return parquet_names(path)
    if name.endswith(SUFFIXES):
        return jsonl_names(path)
    with opened(path):
        raise DataError(
            f"{path} has a name that says no format. Expected one that ends in one of: "
            f"{', '.join(SUFFIXES)}; or {', or '.join(form.description for form in FORMATS)}."
        )


def read_table(
    path: Path | str,
    *,
    columns_config: ColumnsConfig | None = None,
    needed: Collection[str] | None = None,
) -> pl.DataFrame:
    """Read a table from a file.

    Cells of a CSV file are read as its column's kind wants them: text kinds as they stand, numeric
    ones as numbers. A column without a kind holds booleans or numbers where every cell spells one
    (whole numbers with leading zeros stay text), else text.

    Args:
        path: CSV, Parquet or JSON lines, see `SUFFIXES`; or one of `mtl.data.formats.whole`.
            Relative paths of images in a file are relative to its folder.
        columns_config: The section `data.columns`.
        needed: The columns to read; None for all. Names that the file lacks are left out: whoever
            needs them says so.

    Raises:
        DataError: The file is missing, unreadable, empty, has no header or no rows, columns of one
            name, or a value that its column's kind cannot hold, with row and column.
    """
    path = with_home(path)
    columns_config = columns_config or {}
    names = column_names(path)
    _refuse_no_header(path, names, columns_config)
    wanted = [name for name in names if needed is None or name in needed]
    form = whole_format(path)
    if form is not None:
        table = form.read(path).select(wanted)
    elif path.name.lower().endswith(".parquet"):
        table = read_parquet(path, wanted)
    elif path.name.lower().endswith((".csv", ".csv.gz")):
        table = _typed(read_csv(path, names, wanted), columns_config, path)
    else:
        table = read_jsonl(path, wanted)
    if not table.height and table.width:
        listing = ", ".join(map(repr, names))
        raise DataError(f"{path} has the columns {listing} and no rows. Expected rows.")
    return _with_absolute_paths(_plain(table), columns_config, path.absolute().parent)


def as_table(
    table: Any,
    *,
    columns_config: ColumnsConfig | None = None,
    needed: Collection[str] | None = None,
) -> pl.DataFrame:
    """Return any table as a polars data frame.

    Args:
        table: A path, or what `as_frame` takes: data frames of polars and pandas, dicts of arrays.
        columns_config: As for `read_table`.
        needed: As for `read_table`.

    Raises:
        DataError: It cannot be read, or has no rows.
    """
    if isinstance(table, str | Path):
        return read_table(table, columns_config=columns_config, needed=needed)
    frame = as_frame(table)
    if needed is not None:
        frame = frame.select([name for name in frame.columns if name in needed])
    if not frame.height and frame.width:
        raise DataError("The table has no rows. Expected at least one.")
    return _plain(frame)


def _refuse_no_header(path: Path, names: list[str], columns_config: ColumnsConfig) -> None:
    """Raise where not one of the config's columns is in the file: its first row holds no names."""
    if not columns_config or set(columns_config) & set(names):
        return
    expected = ", ".join(map(repr, columns_config))
    hint = "the first row must hold the names of the columns"
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        hint = "cells must be separated by commas"
    shown = ", ".join(repr(name[:40]) for name in names[:8]) + (", …" if len(names) > 8 else "")
    raise DataError(
        f"{path} has none of the columns that data.columns describes ({expected}). Its first row "
        f"holds {shown}. If these are values: {hint}."
    )


def _typed(table: pl.DataFrame, columns_config: ColumnsConfig, path: Path) -> pl.DataFrame:
    """Give columns of text the types that their kinds want, or that their cells spell."""
    kinds = {name: columns_config.get(name, {}).get("kind") for name in table.columns}
    try:
        return table.with_columns(_typed_column(table[name], kind) for name, kind in kinds.items())
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _typed_column(series: pl.Series, kind: str | None) -> pl.Series:
    if kind == "numeric":
        return to_numbers(series)
    if kind in TEXT_KINDS:
        return series
    known = series.drop_nulls().str.strip_chars()
    if known.is_in(["true", "false", "True", "False"]).all() and len(known):
        return series.str.strip_chars().str.to_lowercase() == "true"
    spelt = known.filter(~known.str.to_lowercase().is_in(list(MISSING_WORDS)))
    if not len(spelt) or not (spelt.cast(pl.Float64, strict=False).is_not_null()).all():
        return series
    digits = spelt.filter(spelt.str.contains(r"^[+-]?[0-9]+$"))
    return to_numbers(series) if digits.str.contains(_WHOLE).all() else series


def _with_absolute_paths(
    table: pl.DataFrame, columns_config: ColumnsConfig, folder: Path
) -> pl.DataFrame:
    """Make the paths of images that are relative to a table's folder absolute; `~` is home."""
    images = [
        name
        for name in table.columns
        if columns_config.get(name, {}).get("kind") == "image" and table[name].dtype == pl.String
    ]
    return table.with_columns(
        pl.Series(name, [_absolute(path, folder) for path in table[name]], dtype=pl.String)
        for name in images
    )


def _absolute(path: str | None, folder: Path) -> str | None:
    return str(folder / with_home(path)) if path and path.strip() else None


def _plain(table: pl.DataFrame) -> pl.DataFrame:
    """Make floats' NaN null, and dictionary-encoded text plain text."""
    return table.with_columns(
        pl.selectors.float().fill_nan(None),
        pl.selectors.by_dtype(pl.Categorical, pl.Enum).cast(pl.String),
        pl.selectors.decimal().cast(pl.Float64),
    )

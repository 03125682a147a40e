"""Tables in Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from mtl.data.formats.files import opened
from mtl.errors import DataError


def parquet_names(path: Path) -> list[str]:
    """Return the names of the columns.

    Raises:
        DataError: The file cannot be read or is no Parquet file.
    """
    with opened(path):
        pass
    try:
        return list(pl.read_parquet_schema(path))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _refusal(path, error) from error


def read_parquet(path: Path, needed: Sequence[str]) -> pl.DataFrame:
    """Return the needed columns.

    Raises:
        DataError: The file is damaged.
    """
    try:
        return pl.read_parquet(path, columns=list(needed))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: Exception) -> DataError:
    reason = str(error).splitlines()[0]
    return DataError(f"{path} is no whole Parquet file: {reason}. Expected one; write it again.")

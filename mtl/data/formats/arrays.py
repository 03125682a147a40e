"""Tables in NumPy's `.npz` archives: one array a column."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl

from mtl.data.formats.files import opened
from mtl.data.frames import as_frame
from mtl.errors import DataError


def array_names(path: Path) -> list[str]:
    """Return the names of an archive's arrays without reading them.

    Raises:
        DataError: The file cannot be read or is no archive.
    """
    with _archive(path) as archive:
        return list(archive.files)


def read_arrays(path: Path) -> pl.DataFrame:
    """Return the arrays of an archive as columns, images and vectors one array a row.

    Raises:
        DataError: The file cannot be read or is no archive, or its arrays have different lengths.
    """
    with _archive(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for name, array in arrays.items():
        if array.ndim == 0:
            raise DataError(
                f"{path}: the array {name!r} is a single value. Expected one value or array a row."
            )
    try:
        return as_frame(arrays)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


@contextmanager
def _archive(path: Path) -> Iterator[np.lib.npyio.NpzFile]:
    with opened(path):
        pass
    try:
        archive = np.load(path, allow_pickle=False)
        if isinstance(archive, np.ndarray):
            raise DataError(f"{path} holds one array without a name. Expected numpy.savez's file.")
        with archive:
            yield archive
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            f"{path} is no whole archive of arrays: {error}. Expected one that numpy.savez wrote, "
            "without Python objects in it."
        ) from error

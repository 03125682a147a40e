"""Opening a user's file, with errors that help."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mtl.errors import DataError, nearest

SUFFIXES = (".csv", ".csv.gz", ".parquet", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
_LISTED = 12


def with_home(path: Path | str) -> Path:
    """Return a path with the user's folder in place of a leading `~`.

    Unlike `Path.expanduser` it leaves `~1.png` as it is where there is no user called `1.png`.
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111


def plain_or_compressed(path: Path) -> Path:
    """Return a file's path, with `.gz` behind it where only the compressed file is there."""
    compressed = path.with_name(f"{path.name}.gz")
    return compressed if compressed.is_file() and not path.is_file() else path


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, decompressed where its name ends in `.gz`.

    Raises:
        DataError: It is missing (the nearest names of the folder are given), a folder, unreadable,
            empty, or not what `.gz` says.
    """
    try:
        with path.open("rb") as file:
            if not file.peek(1):
                raise DataError(f"{path} is empty. Expected a table: {', '.join(SUFFIXES)}.")
            if path.suffix != ".gz":
                yield file
                return
            with gzip.open(file) as decompressed:
                if not decompressed.peek(1):
                    raise DataError(f"{path} holds nothing once decompressed. Expected a table.")
                yield decompressed  # type: ignore[misc]
    except FileNotFoundError as error:
        raise DataError(_missing(path)) from error
    except (IsADirectoryError, NotADirectoryError) as error:
        raise DataError(_folder(path)) from error
    except PermissionError as error:
        raise DataError(
            f"{path} cannot be read: permission denied. Expected a file that you may read: look at "
            f"its rights and those of its folder (ls -ld {path.parent})."
        ) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be decompressed ({error}). Expected a whole gzip file: download or "
            "write it again, or drop .gz from its name if it is plain text."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _missing(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"There is no file {path}: its folder {folder} does not exist."
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    tables = [name for name in names if name.endswith(SUFFIXES)] or names
    hint = nearest(path.name, tables if len(tables) <= _LISTED else names)
    if len(tables) > _LISTED:
        hint = hint.split(" Known: ")[0] if hint.startswith("Did") else ""
    return f"There is no file {path}. {hint}".rstrip().replace("Known: ", "In its folder: ")


def _folder(path: Path) -> str:
    if not path.is_dir():
        return f"There is no file {path}: a part of the path is a file and no folder."
    tables = sorted(entry.name for entry in path.iterdir() if entry.name.endswith(SUFFIXES))
    listing = f" It holds {', '.join(tables[:_LISTED])}." if tables else ""
    return f"{path} is a folder. Expected one file: {', '.join(SUFFIXES)}.{listing}"

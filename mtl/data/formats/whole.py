"""Formats that are read as a whole: archives of arrays, folders and files of known data sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polars as pl

from mtl.data.formats import easy_vqa, gridworld_mat, idx
from mtl.data.formats.arrays import read_arrays


@dataclass(frozen=True)
class WholeFormat:
    """A format without a cheaper way to its columns' names than reading everything.

    Attributes:
        description: What a path of this format is, for messages.
        recognises: Whether a path is of this format, judged by names alone.
        read: Returns its table.
    """

    description: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path], pl.DataFrame]


def _holds(*patterns: str) -> Callable[[Path], bool]:
    """Return a test whether a path is a folder with a file for each pattern."""
    return lambda path: path.is_dir() and all(any(path.glob(pattern)) for pattern in patterns)


def _ends(suffix: str) -> Callable[[Path], bool]:
    return lambda path: path.name.lower().endswith(suffix)


FORMATS = [
    WholeFormat("an archive of arrays (.npz)", _ends(".npz"), read_arrays),
    WholeFormat(
        "a folder of MNIST's files (train-images-idx3-ubyte.gz, …)",
        _holds("*-images-idx3-ubyte*", "*-labels-idx1-ubyte*"),
        idx.read,
    ),
    WholeFormat(
        "a folder of easy-VQA's files (questions.json.gz, images.npz)",
        _holds("questions.json*", "images.npz"),
        easy_vqa.read,
    ),
    WholeFormat("a file of grid worlds (.mat)", _ends(".mat"), gridworld_mat.read),
]


def whole_format(path: Path) -> WholeFormat | None:
    """Return the format that recognises a path, if one does."""
    return next((each for each in FORMATS if each.recognises(path)), None)


def read_whole(path: Path, form: WholeFormat) -> pl.DataFrame:
    """Return the table at a path; the last one is kept, as its names are asked for first."""
    changed = path.stat().st_mtime_ns if path.exists() else 0
    return _read(path, changed, form)


@lru_cache(maxsize=1)
def _read(path: Path, changed: int, form: WholeFormat) -> pl.DataFrame:  # noqa: ARG001 part of the key
    return form.read(path)

"""Formats that are read as a whole: archives of arrays, folders and files of known data sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from mtl.data.formats import easy_vqa, gridworld_mat, idx
from mtl.data.formats.arrays import array_names, read_arrays
from mtl.data.formats.files import opened


@dataclass(frozen=True)
class WholeFormat:
    """A format whose table is read with all its columns, and whose columns' names are cheap.

    Nothing is kept between calls: a table may fill much of the memory, and its files may change.

    Attributes:
        description: What a path of this format is, for messages.
        recognises: Whether a path is of this format, judged by names alone.
        names: Returns the names of its columns without reading their values.
        read: Returns its table.
    """

    description: str
    recognises: Callable[[Path], bool]
    names: Callable[[Path], list[str]]
    read: Callable[[Path], pl.DataFrame]


def _holds(*patterns: str) -> Callable[[Path], bool]:
    """Return a test whether a path is a folder with a file for each pattern."""
    return lambda path: path.is_dir() and all(any(path.glob(pattern)) for pattern in patterns)


def _ends(suffix: str) -> Callable[[Path], bool]:
    return lambda path: path.name.lower().endswith(suffix)


def _always(columns: Sequence[str]) -> Callable[[Path], list[str]]:
    """Return what gives these names for every path that can be opened."""

    def names(path: Path) -> list[str]:
        if not path.is_dir():
            with opened(path):
                pass
        return list(columns)

    return names


FORMATS = [
    WholeFormat("an archive of arrays (.npz)", _ends(".npz"), array_names, read_arrays),
    WholeFormat(
        "a folder of MNIST's files (train-images-idx3-ubyte.gz, …)",
        _holds("*-images-idx3-ubyte*", "*-labels-idx1-ubyte*"),
        _always(idx.COLUMNS),
        idx.read,
    ),
    WholeFormat(
        "a folder of easy-VQA's files (questions.json.gz, images.npz)",
        _holds("questions.json*", "images.npz"),
        _always(easy_vqa.COLUMNS),
        easy_vqa.read,
    ),
    WholeFormat(
        "a file of grid worlds (.mat)",
        _ends(".mat"),
        _always(gridworld_mat.COLUMNS),
        gridworld_mat.read,
    ),
]


def whole_format(path: Path) -> WholeFormat | None:
    """Return the format that recognises a path, if one does."""
    return next((each for each in FORMATS if each.recognises(path)), None)

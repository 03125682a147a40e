"""Folders of MNIST's files: images and labels in the idx format."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl

from mtl.data.formats.files import opened, plain_or_compressed
from mtl.errors import DataError

IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
COLUMNS = ("image", "label", "split")
UNSIGNED_BYTE = 8
VALIDATION_SHARE = 1 / 12


def read(path: Path) -> pl.DataFrame:
    """Return the images and labels of a folder of MNIST's four files, plain or `.gz`.

    Args:
        path: The folder, with `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
            `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`.

    Returns:
        A table of `image` (uint8, shape `(height, width)`), `label` and `split`: `test` for the
        rows of t10k, `validation` for the last twelfth of train (5,000 of MNIST's 60,000),
        `training` for the rest of it.

    Raises:
        DataError: A file is missing, is no idx file of unsigned bytes, is cut short or too long,
            or images and labels differ in number.
    """
    images, labels = _pair(path, "train")
    test_images, test_labels = _pair(path, "t10k")
    if images.shape[1:] != test_images.shape[1:]:
        raise DataError(
            f"{path} has images of shape {images.shape[1:]} for training and "
            f"{test_images.shape[1:]} for testing. Expected one shape."
        )
    validation = round(len(labels) * VALIDATION_SHARE)
    counts = (len(labels) - validation, validation, len(test_labels))
    split = np.repeat(["training", "validation", "test"], counts)
    return pl.DataFrame(
        [
            pl.Series("image", np.concatenate([images, test_images])),
            pl.Series("label", np.concatenate([labels, test_labels])),
            pl.Series("split", split.tolist()),
        ]
    )


def _pair(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and the labels of `train` or `t10k`."""
    files = [plain_or_compressed(folder / f"{part}-{ending}") for ending in (IMAGES, LABELS)]
    images, labels = _values(files[0], 3), _values(files[1], 1)
    if len(images) != len(labels):
        raise DataError(
            f"{files[0]} holds {len(images)} images and {files[1].name} {len(labels)} labels. "
            "Expected as many: they are not of one data set."
        )
    return images, labels


def _values(file: Path, axes: int) -> np.ndarray:
    """Return what an idx file of unsigned bytes holds.

    Its head is two zero bytes, a byte for the type, one for the number of axes, and the length of
    each axis, 32 bits, high byte first.
    """
    with opened(file) as stream:
        content = stream.read()
    size = 4 * (1 + axes)
    magic = bytes([0, 0, UNSIGNED_BYTE, axes])
    if len(content) < size or content[:4] != magic:
        raise DataError(
            f"{file} begins with the bytes {content[:4].hex(' ')}. Expected {magic.hex(' ')} and "
            f"{axes} lengths: an idx file of unsigned bytes."
        )
    shape = tuple(map(int, np.frombuffer(content[4:size], dtype=">u4")))
    found, expected = len(content) - size, math.prod(shape)
    if found != expected or not expected:
        raise DataError(
            f"{file} holds {found} bytes after its head, which says {shape}. Expected {expected}, "
            "1 or more: download it again."
        )
    return np.frombuffer(content, dtype=np.uint8, offset=size).reshape(shape)

"""Images, as arrays or as paths of files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from mtl.data.arrays import holds_arrays, to_array
from mtl.data.columns.base import Column, Fitted, Form, RawShape
from mtl.data.formats.files import with_home
from mtl.data.formats.images import read_image
from mtl.data.raw import bad_value, is_empty
from mtl.errors import DataError
from mtl.layers.image_size import ImageSize

RED_GREEN_BLUE = np.array([0.2989, 0.5870, 0.1140], dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class Image(Column):
    """An image of whole numbers from 0 to 255, which stay so until the graph.

    A table may hold arrays of shape `(height, width)` or `(height, width, channels)`, all of one
    size, or paths of PNG, JPEG, GIF or BMP files of any sizes. The saved model reads arrays of any
    size. Everything is resized to one size: bilinear, with antialiasing where it shrinks.

    Attributes:
        height: In pixels; null for that of the first training row.
        width: In pixels; null for that of the first training row.
        channels: 1 (grey) or 3 (red, green, blue); null for that of the first training row.
    """

    kind: ClassVar[str] = "image"
    height: int | None = None
    width: int | None = None
    channels: Literal[1, 3] | None = None

    @property
    def form(self) -> Form:
        """An image."""
        return "image"

    def wrong_options(self) -> Iterator[tuple[str, str]]:
        """Yield each option whose value is wrong, with what is expected."""
        for name in ("height", "width"):
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
            if value is not None and not whole:
                yield name, "Expected a whole number of 1 or more, or null."
        if self.channels not in (1, 3, None):
            yield "channels", "Expected 1, 3 or null."

    def resolved(self, training: pl.Series) -> Image:
        """Return the column with the size of the first training row where none is given.

        Raises:
            DataError: The row holds no image.
        """
        if None not in (self.height, self.width, self.channels) or not len(training):
            return self
        height, width, channels = next(self._images(training.head(1))).shape
        return replace(
            self,
            height=self.height or height,
            width=self.width or width,
            channels=self.channels or (3 if channels == 3 else 1),
        )

    def raw_dtype(self, training: pl.Series) -> str:
        """Return `uint8`."""
        return "uint8"

    def raw_shape(self, training: pl.Series) -> RawShape:
        """Return any height and width, and the channels."""
        return (None, None, self.channels)

    def raw(self, series: pl.Series, dtype: str) -> np.ndarray:
        """Return images, uint8, shape `(rows, height, width, channels)`.

        Those of arrays have the size that they have; those of files have the column's.

        Raises:
            DataError: A cell holds no image, or arrays are of different sizes.
        """
        if holds_arrays(series) and self.channels is not None:
            return _with_channels(_whole(series), self.channels)
        if not len(series):
            return np.zeros((0, 1, 1, self.channels or 1), np.uint8)
        size = self._size()
        shape = (len(series), size.height, size.width, self.channels or 1)
        resized = np.empty(shape, np.uint8)
        for row, image in enumerate(self._images(series)):
            resized[row] = np.asarray(size(image[np.newaxis]))[0]
        return resized

    def check(self, series: pl.Series) -> None:
        """Look at the values of a whole table; of files only that they are there.

        Raises:
            DataError: A cell holds no image, or names a file that is missing.
        """
        if series.dtype != pl.String:
            _whole(series)
            return
        _refuse_empty(series)
        for row, path in enumerate(series.to_list()):
            if not with_home(path).is_file():
                raise _bad_file(series.name, row, path, "there is no such file")

    def fit(self, training: pl.Series, target: np.ndarray | None) -> Fitted:
        """Return the layer that resizes."""
        return Fitted((self._size(),))

    def _size(self) -> ImageSize:
        assert self.height is not None, "asked of a resolved column"
        assert self.width is not None
        return ImageSize(self.height, self.width)

    def _images(self, series: pl.Series) -> Iterator[np.ndarray]:
        """Yield images of any sizes, each `(height, width, channels)`."""
        if series.dtype != pl.String:
            yield from _whole(series)
            return
        _refuse_empty(series)
        for row, path in enumerate(series.to_list()):
            yield _decoded(series.name, row, path, self.channels)


def _whole(series: pl.Series) -> np.ndarray:
    """Return a column of arrays as uint8, shape `(rows, height, width, channels)`."""
    values = to_array(series)
    if values.ndim == 3:
        values = values[..., np.newaxis]
    if values.ndim != 4 or values.shape[-1] not in (1, 3):
        raise DataError(
            f"Column {series.name!r} holds arrays of shape {values.shape[1:]}. Expected images: "
            "(height, width), (height, width, 1) or (height, width, 3)."
        )
    if values.dtype == np.uint8:
        return values
    wrong = (values < 0) | (values > 255) | (values != np.floor(values))
    rows = np.flatnonzero(wrong.any(axis=(1, 2, 3)))
    if len(rows):
        value = values[rows[0]][wrong[rows[0]]][0]
        expected = "Expected whole numbers from 0 to 255: scale fractions by 255 and round them."
        raise bad_value(series.name, int(rows[0]), float(value), expected)
    return values.astype(np.uint8)


def _with_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """Return images of any number of axes, the last one of channels, grey or in colours."""
    given = images.shape[-1]
    if given == channels:
        return images
    if given == 1:
        return np.repeat(images, channels, axis=-1)
    grey = np.empty((*images.shape[:-1], 1), np.uint8)
    # One image, or one row of one, at a time: as floats they take four times the memory.
    for each, result in zip(images, grey, strict=True):
        result[..., 0] = np.rint(each @ RED_GREEN_BLUE)
    return grey


def _refuse_empty(paths: pl.Series) -> None:
    """Raise where a cell names no file."""
    rows = is_empty(paths).arg_true()
    if len(rows):
        raise DataError(
            f"Row {rows[0] + 1} of column {paths.name!r} is empty ({len(rows)} of {len(paths)} "
            "rows are). Expected the path of an image in every row: fill it in, or leave out the "
            "rows without an image."
        )


def _decoded(column: str, row: int, path: str, channels: int | None) -> np.ndarray:
    """Read an image file and give it these channels; None for those of the file."""
    try:
        image = read_image(path)
    except DataError as error:
        raise _bad_file(column, row, path, str(error)) from error
    # A file and the same image as an array must become the same grey: decoders weigh otherwise.
    return _with_channels(image, channels or image.shape[-1])


def _bad_file(column: str, row: int, path: str, reason: str) -> DataError:
    return DataError(
        f"Row {row + 1} of column {column!r} holds {path!r}: {reason}. Expected the path of a PNG, "
        "JPEG, GIF or BMP file, from the table's folder on."
    )

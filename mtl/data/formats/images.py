"""Image files as arrays of whole numbers from 0 to 255."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from mtl.data.formats.files import with_home
from mtl.errors import DataError

# Where a BMP file says these, in bytes from its start; numbers have the low byte first.
_BMP_PIXELS, _BMP_HEAD, _BMP_BITS, _BMP_COMPRESSION = 10, 14, 28, 30


def read_image(path: str) -> np.ndarray:
    """Return an image file as uint8, shape `(height, width, channels)`.

    Args:
        path: A PNG, JPEG, GIF (its first frame) or BMP file.

    Returns:
        The image with one channel if the file is grey, else three; an alpha channel is left out.

    Raises:
        DataError: It cannot be read; the message is the reason alone.
    """
    try:
        data = with_home(path).read_bytes()
        # With channels=0 each format keeps its own: asked for others, some refuse.
        image = tf.io.decode_image(data, channels=0, expand_animations=False).numpy()
    except OSError as error:
        raise DataError(error.strerror or str(error)) from error
    except tf.errors.OpError as error:
        raise DataError("it cannot be decoded") from error
    if image.shape[-1] in (2, 4):
        return image[..., :-1]
    if data[:2] == b"BM" and _number(data, _BMP_BITS, 2) == 8:
        return _with_palette(image, data)
    return image


def _with_palette(image: np.ndarray, data: bytes) -> np.ndarray:
    """Return the colours that the pixels of a BMP file of one byte each stand for."""
    if _number(data, _BMP_COMPRESSION, 4):
        raise DataError("it is a compressed BMP file, which cannot be decoded")
    start = _BMP_HEAD + _number(data, _BMP_HEAD, 4)
    given = np.frombuffer(data[start : _number(data, _BMP_PIXELS, 4)][:1024], np.uint8)
    colours = np.zeros((256, 3), np.uint8)
    colours[: len(given) // 4] = given[: len(given) // 4 * 4].reshape(-1, 4)[:, 2::-1]
    grey = (colours == colours[:, :1]).all()
    return colours[image[..., 0]][..., : 1 if grey else 3]


def _number(data: bytes, start: int, size: int) -> int:
    return int.from_bytes(data[start : start + size], "little")

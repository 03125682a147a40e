"""Images as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from mtl.reporting.files import make_folder, replacing


def write_image(path: Path, image: np.ndarray) -> None:
    """Write an image as PNG, making its folder.

    Args:
        path: Where to.
        image: uint8, shape `(height, width, 1 or 3)`.

    Raises:
        MtlError: It cannot be written.
    """
    make_folder(path.parent)
    with replacing(path) as temporary:
        temporary.write_bytes(tf.io.encode_png(image).numpy())

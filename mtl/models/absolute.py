"""The absolute value of each number of a vector; nothing to train."""

from __future__ import annotations

import keras
from keras import ops

from mtl.models.parameters import Width
from mtl.registry import builder


@builder("absolute")
def absolute(*, size: Width = 3) -> keras.Model:
    """Build a graph that computes |x|.

    Args:
        size: Numbers in the vector.

    Inputs:
        x: Shape `(batch, size)`.

    Outputs:
        y: |x|, shape `(batch, size)`.

    Source: the Keras documentation of the backend's operations, `abs`; today `keras.ops.absolute`.
    """
    x = keras.Input((size,), name="x")
    return keras.Model({"x": x}, {"y": ops.absolute(x)}, name="absolute")

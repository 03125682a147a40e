"""The sum of two vectors' absolute values; nothing to train."""

from __future__ import annotations

import keras
from keras import ops

from mtl.models.parameters import Width
from mtl.registry import builder


@builder("absolute_sum")
def absolute_sum(*, size: Width = 3) -> keras.Model:
    """Build a graph that computes |x_1| + |x_2|.

    Args:
        size: Numbers in each vector.

    Inputs:
        x_1: Shape `(batch, size)`.
        x_2: Shape `(batch, size)`.

    Outputs:
        y: |x_1| + |x_2|, number by number, shape `(batch, size)`.

    Source: the Keras documentation of the backend's operations, `abs`; today `keras.ops.absolute`.
    """
    given = {name: keras.Input((size,), name=name) for name in ("x_1", "x_2")}
    y = ops.absolute(given["x_1"]) + ops.absolute(given["x_2"])
    return keras.Model(given, {"y": y}, name="absolute_sum")

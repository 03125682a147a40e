"""A constant vector times each example's matrix; nothing to train."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import keras
from keras import ops

from mtl.layers.constant import Constant
from mtl.models.parameters import FILLED, Width
from mtl.registry import builder


@builder("vector_matrix")
def vector_matrix(
    *, vector: Annotated[Sequence[float], FILLED] = (1.0, 2.0, 3.0), columns: Width = 2
) -> keras.Model:
    """Build a graph that computes vector · matrix, the vector being the same for every example.

    The vector is a weight that is not trained: it is saved with the model.

    Args:
        vector: The numbers of the vector, one for each row of the matrix.
        columns: Of the matrix.

    Inputs:
        matrix: Shape `(batch, rows, columns)`.

    Outputs:
        y: Shape `(batch, columns)`.

    Source: the Keras documentation of the backend's operations, `constant` and `dot`; today
    `keras.ops.matmul`.
    """
    matrix = keras.Input((len(vector), columns), name="matrix")
    constant = Constant(list(vector), name="vector")(matrix)
    y = ops.matmul(constant, matrix)
    return keras.Model({"matrix": matrix}, {"y": y}, name="vector_matrix")

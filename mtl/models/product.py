"""A network whose output is the product of its hidden units, each times a weight."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from mtl.errors import ConfigError, Problem
from mtl.layers.product import WeightedProduct
from mtl.models.parameters import Width
from mtl.registry import builder


@builder("product")
def product(
    *,
    size: Width = 75,
    units: Width = 75,
    factors: Width = 3,
    w: Sequence[float] | None = None,
    fixed: bool = False,
    head: bool = True,
) -> keras.Model:
    """Build a network that multiplies its last hidden units, each times a weight.

        y = Π_k (H_k · w_k)   with H = tanh(dense(tanh(dense(x))))

    The weights `w` are given and fixed (`w=[…], fixed=True`), given and trained from there
    (`w=[…]`), or drawn and trained (neither). Fixed ones too are saved with the model.

    Args:
        size: Numbers in the input.
        units: Width of the first dense layer.
        factors: Width of the second one: how many numbers are multiplied.
        w: One number a factor; None to draw them.
        fixed: Whether `w` stays as given.
        head: Whether a dense layer of one unit follows; without it the product is the output.

    Inputs:
        x: Shape `(batch, size)`.

    Outputs:
        y: Shape `(batch, 1)`.

    Raises:
        ConfigError: `w` has not as many numbers as there are factors, or is fixed without being
            given.

    Source: a question about a Keras layer that multiplies the outputs of a hidden layer, each times
    a weight that is given or trained.
    """
    if fixed and w is None:
        expected = f"Expected {factors} numbers, as model.fixed is true; or model.fixed=false."
        raise ConfigError([Problem("model.w", "found null", expected)])
    if w is not None and len(w) != factors:
        expected = f"Expected {factors}, one for each of model.factors."
        raise ConfigError([Problem("model.w", f"found {len(w)} numbers, {list(w)}", expected)])
    x = keras.Input((size,), name="x")
    features = keras.layers.Dense(units, activation="tanh", name="dense_1")(x)
    features = keras.layers.Dense(factors, activation="tanh", name="dense_2")(features)
    y = WeightedProduct(w, fixed, name="product" if head else "y")(features)
    if head:
        y = keras.layers.Dense(1, name="y")(y)
    return keras.Model({"x": x}, {"y": y}, name="product")

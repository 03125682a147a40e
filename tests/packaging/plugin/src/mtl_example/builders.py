"""A model of two dense layers."""

from __future__ import annotations

import keras

import mtl


@mtl.builder("example")
def example(*, units: int = 4) -> keras.Model:
    """Build a model that predicts from five numbers."""
    numbers = keras.Input((5,), name="numbers")
    hidden = keras.layers.Dense(units, activation="relu")(numbers)
    outputs = {"popular": keras.layers.Dense(1, activation="sigmoid", name="popular")(hidden)}
    return keras.Model({"numbers": numbers}, outputs)

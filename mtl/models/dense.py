"""Dense layers one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers


def dense_layers(features: keras.KerasTensor, units: Sequence[int]) -> keras.KerasTensor:
    """Return what dense layers with a relu make of features, each of what the one before made.

    Args:
        features: Shape `(batch, width)`.
        units: The layers' widths, first to last; their names are `dense_1`, `dense_2`, ….

    Returns:
        Shape `(batch, the last of units)`; the features themselves where there are no layers.
    """
    for number, width in enumerate(units, start=1):
        features = layers.Dense(width, activation="relu", name=f"dense_{number}")(features)
    return features

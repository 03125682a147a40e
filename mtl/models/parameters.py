"""Types of builders' parameters that say what values they take: a config is held against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import keras

from mtl.config.check.expectations import Expectation, number_above, number_from, whole_number

_NO_ACTIVATIONS = ("deserialize", "get", "serialize")
ACTIVATIONS = tuple(
    name
    for name, each in vars(keras.activations).items()
    if callable(each) and name not in _NO_ACTIVATIONS
)


def _is_activation(value: object) -> bool:
    try:
        return isinstance(value, str) and callable(keras.activations.get(value))
    except ValueError:
        return False


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < 1


def _is_filled(value: object) -> bool:
    return isinstance(value, list | tuple | Mapping) and len(value) > 0


FILLED = Expectation(_is_filled, "one entry or more")

Width = Annotated[int, whole_number(1)]
"""How many units, filters, numbers, pixels or ids something has."""

Count = Annotated[int, whole_number(0)]
"""How many there are of something that can be left out."""

Classes = Annotated[int, whole_number(2)]
"""How many classes an output tells apart."""

Buckets = Annotated[int, whole_number(2)]
"""Rows of a table that hashed ids share."""

Share = Annotated[float, Expectation(_is_share, "a share, 0 or more and less than 1")]
"""How much of something training hides."""

Factor = Annotated[float, number_from(0)]
"""What something is multiplied by that is not to change its sign."""

Deviation = Annotated[float, number_above(0)]
"""A standard deviation."""

Activation = Annotated[
    str, Expectation(_is_activation, "the name of a Keras activation, such as relu", ACTIVATIONS)
]
"""One of Keras's activations."""

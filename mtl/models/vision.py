"""Parts that the models of images share: a stack of convolutions, and its one vector an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import keras
from keras import layers

from mtl.errors import ConfigError, Problem

Padding = Literal["first", "same", "valid"]
Pooling = Literal["flatten", "average", "maximum"]

BRIGHTEST = 255
"""The largest value of a pixel."""


def image_input(name: str, height: int, width: int, channels: int) -> keras.KerasTensor:
    """Return the input of an image whose values are whole numbers from 0 to 255."""
    return keras.Input((height, width, channels), dtype="uint8", name=name)


def scaled(image: keras.KerasTensor) -> keras.KerasTensor:
    """Return the image as fractions from 0 to 1."""
    return layers.Rescaling(1 / BRIGHTEST, name="scaled")(image)


def pooled(features: keras.KerasTensor, pooling: Pooling, name: str) -> keras.KerasTensor:
    """Return one vector an image.

    Args:
        features: Shape `(batch, height, width, channels)`.
        pooling: `flatten` keeps every place: `(batch, height × width × channels)`; `average` and
            `maximum` over all places: `(batch, channels)`.
        name: Of the layer.
    """
    kinds = {
        "flatten": layers.Flatten,
        "average": layers.GlobalAveragePooling2D,
        "maximum": layers.GlobalMaxPooling2D,
    }
    return kinds[pooling](name=name)(features)


def vision_model(
    image_shape: tuple[int, int, int],
    *,
    filters: Sequence[int],
    convolutions: Sequence[int],
    padding: Padding,
    pooling: Pooling,
    activation: str | None = "relu",
    units: int | None = None,
) -> keras.Model:
    """Build the model that makes one vector of an image: blocks of convolutions, then pooling.

    A block is some convolutions of 3 × 3 and a pooling that halves height and width.

    Args:
        image_shape: Height, width and channels.
        filters: Of each block's convolutions.
        convolutions: How many each block has.
        padding: `same`: a convolution keeps height and width; `valid`: it takes 2 from each;
            `first`: the first of each block keeps them, the others do not.
        pooling: What makes one vector of the last block, see `pooled`.
        activation: Of every convolution; None for none.
        units: Width of a dense layer (relu) after the pooling; None for none.

    Returns:
        A model named `vision_model` from uint8, shape `(batch, height, width, channels)`, to
        `(batch, features)`.

    Raises:
        ConfigError: `filters` and `convolutions` differ in length, or a block leaves nothing of the
            image.
    """
    if len(filters) != len(convolutions):
        found = f"found {list(convolutions)}, for {len(convolutions)} blocks"
        expected = f"Expected {len(filters)}, one for each of model.filters, {list(filters)}."
        raise ConfigError([Problem("model.convolutions", found, expected)])
    image = image_input("image", *image_shape)
    features = scaled(image)
    for block, (width, count) in enumerate(zip(filters, convolutions, strict=True), start=1):
        paddings = _paddings(padding, count)
        if min(features.shape[1:3]) - 2 * paddings.count("valid") < 2:
            size = " x ".join(map(str, image_shape[:2]))
            found = f"block {block} of {len(filters)} leaves nothing of {size} pixels"
            expected = "Expected fewer blocks, larger images, or model.padding=same."
            raise ConfigError([Problem("model.filters", found, expected)])
        for number, own in enumerate(paddings, start=1):
            name = f"convolution_{block}_{number}"
            layer = layers.Conv2D(width, 3, padding=own, activation=activation, name=name)
            features = layer(features)
        features = layers.MaxPooling2D(2, name=f"pooling_{block}")(features)
    vector = pooled(features, pooling, "features")
    if units is not None:
        vector = layers.Dense(units, activation="relu", name="image_vector")(vector)
    return keras.Model(image, vector, name="vision_model")


def _paddings(padding: Padding, count: int) -> list[str]:
    """Return the padding of each convolution of a block."""
    if padding == "first":
        return ["same", *["valid"] * (count - 1)]
    return [padding] * count

"""The inception module: three towers look at an image at different scales, side by side."""

from __future__ import annotations

import keras
from keras import layers

from mtl.models.parameters import Classes, Width
from mtl.models.vision import Pooling, image_input, pooled, scaled
from mtl.registry import builder


@builder("inception")
def inception(
    *,
    height: Width = 256,
    width: Width = 256,
    channels: Width = 3,
    filters: Width = 64,
    head: bool = True,
    pooling: Pooling = "average",
    classes: Classes = 10,
) -> keras.Model:
    """Build an inception module, and a head that tells the class of an image.

    One tower is a 1 × 1 convolution and a 3 × 3 one, the second a 1 × 1 and a 5 × 5 one, the third
    a maximum over 3 × 3 places and a 1 × 1 convolution. All keep height and width, each convolution
    has a relu, and the towers' outputs stand side by side.

    The guide has the module alone (`head=False`), on numbers instead of whole numbers from 0 to
    255, and with the channels before height and width.

    Args:
        height: Of the image, in pixels.
        width: Of the image, in pixels.
        channels: 1 (grey) or 3 (red, green, blue).
        filters: Of every convolution.
        head: Whether a class is predicted from the module's output.
        pooling: What makes one vector of it for the head: `flatten` keeps every place; `average`
            and `maximum` over all places.
        classes: How many the head tells apart, 2 or more.

    Inputs:
        image: Whole numbers from 0 to 255, shape `(batch, height, width, channels)`, uint8.

    Outputs:
        label: The probability of each class, shape `(batch, classes)`; without the head instead
            `features`, shape `(batch, height, width, 3 × filters)`.

    Source: the Keras guide to the functional API, section on shared layers, inception module
    (F. Chollet); Szegedy et al. 2014, Going Deeper with Convolutions.
    """
    image = image_input("image", height, width, channels)
    pixels = scaled(image)

    def convolution(features: keras.KerasTensor, size: int, name: str) -> keras.KerasTensor:
        layer = layers.Conv2D(filters, size, padding="same", activation="relu", name=name)
        return layer(features)

    first = convolution(pixels, 1, "tower_1_reduce")
    first = convolution(first, 3, "tower_1_convolution")
    second = convolution(pixels, 1, "tower_2_reduce")
    second = convolution(second, 5, "tower_2_convolution")
    third = layers.MaxPooling2D(3, strides=1, padding="same", name="tower_3_pooling")(pixels)
    third = convolution(third, 1, "tower_3_convolution")
    towers = layers.Concatenate(name="towers")([first, second, third])
    if not head:
        return keras.Model({"image": image}, {"features": towers}, name="inception")
    vector = pooled(towers, pooling, "pooled")
    label = layers.Dense(classes, activation="softmax", name="label")(vector)
    return keras.Model({"image": image}, {"label": label}, name="inception")

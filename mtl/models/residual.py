"""The residual connection: what goes into a convolution is added to what comes out."""

from __future__ import annotations

import keras
from keras import layers

from mtl.models.parameters import Activation, Classes, Width
from mtl.models.vision import Pooling, image_input, pooled, scaled
from mtl.registry import builder


@builder("residual")
def residual(
    *,
    height: Width = 256,
    width: Width = 256,
    channels: Width = 3,
    stem_filters: Width | None = None,
    blocks: Width = 1,
    activation: Activation | None = None,
    head: bool = True,
    pooling: Pooling = "average",
    classes: Classes = 10,
) -> keras.Model:
    """Build convolutions with residual connections, and a head that tells the class of an image.

    A block is x + convolution(x), with a 3 × 3 convolution that keeps height, width and channels.

    The guide has one block alone (`head=False`), on numbers instead of whole numbers from 0 to 255.
    As its convolution has no activation and as many filters as the image has channels, a head on it
    is a linear model; more filters and an activation make it more.

    Args:
        height: Of the image, in pixels.
        width: Of the image, in pixels.
        channels: 1 (grey) or 3 (red, green, blue).
        stem_filters: Filters of a 3 × 3 convolution before the blocks, with their activation; null:
            none, and the blocks have the image's channels.
        blocks: How many follow each other, 1 or more.
        activation: Of the convolutions, such as `relu`; null for none.
        head: Whether a class is predicted from the last block's output.
        pooling: What makes one vector of it for the head: `flatten` keeps every place; `average`
            and `maximum` over all places.
        classes: How many the head tells apart, 2 or more.

    Inputs:
        image: Whole numbers from 0 to 255, shape `(batch, height, width, channels)`, uint8.

    Outputs:
        label: The probability of each class, shape `(batch, classes)`; without the head instead
            `features`, shape `(batch, height, width, channels)`, or `stem_filters` in the last
            place.

    Source: the Keras guide to the functional API, section on shared layers, residual connection
    (F. Chollet); He et al. 2015, Deep Residual Learning for Image Recognition.
    """
    image = image_input("image", height, width, channels)
    features = scaled(image)

    def convolution(filters: int, name: str) -> layers.Layer:
        return layers.Conv2D(filters, 3, padding="same", activation=activation, name=name)

    if stem_filters is not None:
        features = convolution(stem_filters, "stem")(features)
    for number in range(1, blocks + 1):
        convolved = convolution(features.shape[-1], f"convolution_{number}")(features)
        features = layers.Add(name=f"sum_{number}")([features, convolved])
    if not head:
        return keras.Model({"image": image}, {"features": features}, name="residual")
    vector = pooled(features, pooling, "pooled")
    label = layers.Dense(classes, activation="softmax", name="label")(vector)
    return keras.Model({"image": image}, {"label": label}, name="residual")

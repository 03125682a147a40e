"""One vision model looks at two digits: are they the same?"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from mtl.models.dense import dense_layers
from mtl.models.merging import Merger, merged
from mtl.models.parameters import Activation, Width
from mtl.models.vision import Padding, Pooling, image_input, vision_model
from mtl.registry import builder


@builder("shared_vision")
def shared_vision(
    *,
    height: Width = 27,
    width: Width = 27,
    channels: Width = 1,
    filters: Sequence[Width] = (64,),
    convolutions: Sequence[Width] = (2,),
    padding: Padding = "valid",
    activation: Activation | None = None,
    pooling: Pooling = "flatten",
    vector_units: Width | None = None,
    merge: Sequence[Merger] = ("concatenate",),
    dense_units: Sequence[Width] = (),
) -> keras.Model:
    """Build the model that applies one vision model to two images and compares them.

    The guide's model is the default, but for its images, which are numbers instead of whole numbers
    from 0 to 255. Its last layer adds up what each image says alone; whether two are the same is
    no such sum, so it cannot learn that: choose other mergers, or `dense_units`.

    Args:
        height: Of the images, in pixels.
        width: Of the images, in pixels.
        channels: 1 (grey) or 3 (red, green, blue).
        filters: Of the convolutions of each block; a block ends with a pooling by 2.
        convolutions: How many each block has.
        padding: `same`: a convolution keeps height and width; `valid`: it takes 2 from each;
            `first`: the first of each block keeps them, the others do not.
        activation: Of the convolutions, such as `relu`; null for none.
        pooling: What makes one vector of the last block: `flatten` keeps every place; `average` and
            `maximum` over all places.
        vector_units: Width of a dense layer (relu) at the end of the vision model; null: none.
        merge: How the two vectors a and b are put together, one behind the other: `concatenate`
            (a, b), `absolute_difference` |a − b|, `product` a · b. Without `concatenate` it does
            not matter which image is the first.
        dense_units: Widths of dense layers (relu) before the answer.

    Inputs:
        digit_a, digit_b: Whole numbers from 0 to 255, shape `(batch, height, width, channels)`,
            uint8.

    Outputs:
        same: The probability that both are of one class, shape `(batch, 1)`.

    Raises:
        ConfigError: `merge` is empty or names an unknown merger.

    Source: the Keras guide to the functional API, section on shared layers, shared vision model
    (F. Chollet).
    """
    digit_a = image_input("digit_a", height, width, channels)
    digit_b = image_input("digit_b", height, width, channels)
    vision = vision_model(
        (height, width, channels),
        filters=filters,
        convolutions=convolutions,
        padding=padding,
        pooling=pooling,
        activation=activation,
        units=vector_units,
    )
    hidden = dense_layers(merged(vision(digit_a), vision(digit_b), merge), dense_units)
    same = layers.Dense(1, activation="sigmoid", name="same")(hidden)
    return keras.Model(
        {"digit_a": digit_a, "digit_b": digit_b}, {"same": same}, name="shared_vision"
    )

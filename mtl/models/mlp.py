"""The multi-layer perceptron: a flat image through dense layers to a class."""

from __future__ import annotations

import keras

from mtl.models.dense import dense_layers
from mtl.models.parameters import Classes, Count, Width
from mtl.registry import builder


@builder("mlp")
def mlp(
    *, size: Width = 784, units: Width = 64, hidden: Count = 2, classes: Classes = 10
) -> keras.Model:
    """Build a stack of dense layers that says which class a vector is of.

    Args:
        size: Numbers in the input; 784 for a flat image of 28 × 28 pixels.
        units: Width of each hidden layer, which has a relu.
        hidden: How many hidden layers, 0 or more.
        classes: How many the output tells apart, 2 or more.

    Inputs:
        image: Shape `(batch, size)`, best between 0 and 1.

    Outputs:
        label: The probability of each class, shape `(batch, classes)`.

    Source: the Keras guide to the functional API, first example (F. Chollet).
    """
    image = keras.Input((size,), name="image")
    features = dense_layers(image, [units] * hidden)
    label = keras.layers.Dense(classes, activation="softmax", name="label")(features)
    return keras.Model({"image": image}, {"label": label}, name="mlp")

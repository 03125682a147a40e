"""The stack of convolutions that the models of images share."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mtl.errors import ConfigError
from mtl.models.vision import pooled, vision_model


def stack(size: tuple[int, int] = (12, 12), **changes) -> keras.Model:
    given = {
        "filters": [2, 3],
        "convolutions": [2, 1],
        "padding": "first",
        "pooling": "flatten",
    }
    return vision_model((*size, 1), **given | changes)


@pytest.mark.parametrize(
    ("padding", "shapes"),
    [
        # Each pooling halves and rounds down.
        ("same", [(12, 12, 2), (12, 12, 2), (6, 6, 2), (6, 6, 3), (3, 3, 3)]),
        ("first", [(12, 12, 2), (10, 10, 2), (5, 5, 2), (5, 5, 3), (2, 2, 3)]),
        ("valid", [(10, 10, 2), (8, 8, 2), (4, 4, 2), (2, 2, 3), (1, 1, 3)]),
    ],
)
def test_padding_says_which_convolutions_keep_the_size(padding, shapes):
    model = stack(padding=padding)
    names = ["convolution_1_1", "convolution_1_2", "pooling_1", "convolution_2_1", "pooling_2"]
    assert [model.get_layer(name).output.shape[1:] for name in names] == shapes
    assert model.output_shape == (None, shapes[-1][0] * shapes[-1][1] * 3)


def test_bytes_become_fractions():
    model = stack()
    assert model.input.dtype == "uint8"
    scaled = keras.Model(model.input, model.get_layer("scaled").output)
    image = np.arange(144, dtype=np.uint8).reshape(1, 12, 12, 1)
    np.testing.assert_allclose(scaled(image), image / 255, rtol=1e-6)


def test_a_vector_by_pooling():
    features = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")
    np.testing.assert_array_equal(pooled(features, "flatten", "a"), features.reshape(2, 60))
    np.testing.assert_allclose(
        pooled(features, "average", "b"), features.mean(axis=(1, 2)), atol=1e-6
    )
    np.testing.assert_array_equal(pooled(features, "maximum", "c"), features.max(axis=(1, 2)))


def test_activation_and_width_of_the_vector():
    linear, dense = stack(activation=None), stack(units=7)
    assert linear.get_layer("convolution_1_1").activation.__name__ == "linear"
    assert dense.get_layer("convolution_1_1").activation.__name__ == "relu"
    assert dense.output_shape == (None, 7)


def test_blocks_need_both_numbers():
    with pytest.raises(ConfigError, match=r"model\.convolutions: found \[1\].* 2, .*\[2, 3\]"):
        stack(convolutions=[1])


@pytest.mark.parametrize(
    ("size", "padding"), [((12, 11), "valid"), ((9, 12), "valid"), ((3, 12), "same")]
)
def test_says_when_nothing_is_left(size, padding):
    with pytest.raises(
        ConfigError, match=rf"model\.filters: block 2 .* of {size[0]} x {size[1]} pixels"
    ):
        stack(size, padding=padding)

"""The inception module, against the guide and against NumPy."""

from __future__ import annotations

import keras
import numpy as np

from mtl.models.inception import inception


def convolved(image: np.ndarray, layer: keras.layers.Conv2D) -> np.ndarray:
    """A convolution that keeps height and width, with a relu, place by place."""
    kernel, bias = map(np.asarray, layer.weights)
    half = kernel.shape[0] // 2
    height, width, _ = image.shape
    padded = np.pad(image, [(half, half), (half, half), (0, 0)])
    result = np.zeros((height, width, kernel.shape[-1]))
    for row, column in np.ndindex(height, width):
        window = padded[row : row + 2 * half + 1, column : column + 2 * half + 1]
        result[row, column] = np.einsum("hwc,hwcf->f", window, kernel) + bias
    return np.maximum(result, 0)


def test_layers_and_parameters_are_the_guides():
    model = inception(head=False)
    assert {name: tensor.shape for name, tensor in model.input.items()} == {
        "image": (None, 256, 256, 3)
    }
    assert model.output["features"].shape == (None, 256, 256, 3 * 64)
    assert {layer.name: layer.count_params() for layer in model.layers if layer.weights} == {
        "tower_1_reduce": 3 * 64 + 64,
        "tower_1_convolution": 9 * 64 * 64 + 64,
        "tower_2_reduce": 3 * 64 + 64,
        "tower_2_convolution": 25 * 64 * 64 + 64,
        "tower_3_convolution": 3 * 64 + 64,
    }
    assert model.count_params() == 140_160


def test_the_head_reads_all_towers():
    average = inception()
    assert average.get_layer("label").count_params() == 192 * 10 + 10
    assert average.output["label"].shape == (None, 10)
    flat = inception(height=4, width=5, filters=2, pooling="flatten", classes=3)
    assert flat.get_layer("label").count_params() == 4 * 5 * 6 * 3 + 3


def test_the_towers_are_numpys():
    keras.utils.set_random_seed(0)
    model = inception(height=6, width=5, channels=2, filters=3, head=False)
    for weight in model.weights:
        weight.assign(np.random.default_rng(len(weight.shape)).normal(size=weight.shape))
    image = np.random.default_rng(1).integers(0, 256, (6, 5, 2)).astype(np.uint8)
    pixels = image / 255
    padded = np.pad(pixels, [(1, 1), (1, 1), (0, 0)], constant_values=-np.inf)
    largest = np.zeros_like(pixels)
    for row, column in np.ndindex(6, 5):
        largest[row, column] = padded[row : row + 3, column : column + 3].max(axis=(0, 1))
    layer = model.get_layer
    expected = np.concatenate(
        [
            convolved(convolved(pixels, layer("tower_1_reduce")), layer("tower_1_convolution")),
            convolved(convolved(pixels, layer("tower_2_reduce")), layer("tower_2_convolution")),
            convolved(largest, layer("tower_3_convolution")),
        ],
        axis=-1,
    )
    found = model({"image": image[np.newaxis]})["features"][0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_saves_and_loads(tmp_path):
    model = inception(height=4, width=4, channels=1, filters=2)
    image = {"image": np.arange(32, dtype=np.uint8).reshape(2, 4, 4, 1)}
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(image)["label"], model(image)["label"])

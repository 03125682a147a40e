"""The residual connection, against the guide and against NumPy."""

from __future__ import annotations

import keras
import numpy as np

from mtl.models.residual import residual


def test_layers_and_parameters_are_the_guides():
    model = residual(head=False)
    assert model.input["image"].shape == (None, 256, 256, 3)
    assert model.output["features"].shape == (None, 256, 256, 3)
    assert model.count_params() == 9 * 3 * 3 + 3
    assert model.get_layer("convolution_1").activation.__name__ == "linear"


def test_what_goes_in_is_added_to_what_comes_out():
    model = residual(height=4, width=4, channels=2, head=False)
    image = np.random.default_rng(0).integers(0, 256, (1, 4, 4, 2)).astype(np.uint8)
    kernel = np.zeros((3, 3, 2, 2), "float32")
    # Each channel gets twice the other one's pixel to the left, and a bias.
    kernel[1, 0] = [[0, 2], [2, 0]]
    model.get_layer("convolution_1").set_weights([kernel, np.array([0.5, -1], "float32")])
    pixels = image / 255
    left = np.pad(pixels, [(0, 0), (0, 0), (1, 0), (0, 0)])[:, :, :-1]
    expected = pixels + 2 * left[..., ::-1] + [0.5, -1]
    np.testing.assert_allclose(model({"image": image})["features"], expected, atol=1e-6)


def test_blocks_follow_each_other_on_the_stems_channels():
    model = residual(
        height=4, width=4, channels=1, stem_filters=3, blocks=2, activation="relu", classes=5
    )
    counts = {layer.name: layer.count_params() for layer in model.layers if layer.weights}
    assert counts == {
        "stem": 9 * 3 + 3,
        "convolution_1": 9 * 3 * 3 + 3,
        "convolution_2": 9 * 3 * 3 + 3,
        "label": 3 * 5 + 5,
    }
    image = {"image": np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)}
    stages = {
        name: np.asarray(keras.Model(model.input, model.get_layer(name).output)(image))
        for name in ("stem", "convolution_1", "sum_1", "convolution_2", "sum_2")
    }
    np.testing.assert_allclose(stages["sum_1"], stages["stem"] + stages["convolution_1"])
    np.testing.assert_allclose(stages["sum_2"], stages["sum_1"] + stages["convolution_2"])
    assert (stages["convolution_2"] >= 0).all()

"""Dense layers one after the other."""

from __future__ import annotations

import keras
import numpy as np

from mtl.models.dense import dense_layers


def test_each_layer_reads_the_one_before() -> None:
    features = keras.Input((3,))
    model = keras.Model(features, dense_layers(features, [4, 2]))
    assert [layer.name for layer in model.layers[1:]] == ["dense_1", "dense_2"]
    (first, second) = (layer.get_weights()[0] for layer in model.layers[1:])
    given = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    expected = np.maximum(np.maximum(given @ first, 0) @ second, 0)
    np.testing.assert_allclose(model(given), expected, atol=1e-6)


def test_no_layers_leave_the_features_as_they_are() -> None:
    features = keras.Input((3,))
    assert dense_layers(features, []) is features

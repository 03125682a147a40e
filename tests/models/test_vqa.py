"""Visual question answering, layer for layer as the guide draws it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mtl.models.vqa import vqa

SMALL = {
    "height": 12,
    "width": 12,
    "filters": (3, 4),
    "convolutions": (1, 2),
    "question_length": 5,
    "vocabulary_size": 9,
    "embedding_size": 3,
    "lstm_units": 6,
    "answers": 4,
}


@pytest.fixture(scope="module")
def asked():
    random = np.random.default_rng(0)
    return {
        "image": random.integers(0, 256, (7, 12, 12, 3), np.uint8),
        "question": random.integers(1, 9, (7, 5)).astype("int32"),
    }


def test_layers_and_parameters_are_the_guides():
    with keras.StatelessScope():  # so that 165 million weights get no memory
        model = vqa()
    assert {name: tensor.shape for name, tensor in model.input.items()} == {
        "image": (None, 224, 224, 3),
        "question": (None, 100),
    }
    vision = model.get_layer("vision_model")
    shapes = {
        layer.name: layer.output.shape[1:]
        for layer in vision.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.MaxPooling2D)
    }
    assert shapes == {
        "convolution_1_1": (224, 224, 64),
        "convolution_1_2": (222, 222, 64),
        "pooling_1": (111, 111, 64),
        "convolution_2_1": (111, 111, 128),
        "convolution_2_2": (109, 109, 128),
        "pooling_2": (54, 54, 128),
        "convolution_3_1": (54, 54, 256),
        "convolution_3_2": (52, 52, 256),
        "convolution_3_3": (50, 50, 256),
        "pooling_3": (25, 25, 256),
    }
    assert vision.output_shape == (None, 25 * 25 * 256)
    assert vision.count_params() == (
        (27 * 64 + 64)
        + (9 * 64 * 64 + 64)
        + (9 * 64 * 128 + 128)
        + (9 * 128 * 128 + 128)
        + (9 * 128 * 256 + 256)
        + 2 * (9 * 256 * 256 + 256)
    )
    counts = {layer.name: layer.count_params() for layer in model.layers if layer.weights}
    del counts["vision_model"]
    assert counts == {
        "embedding": 10_000 * 256,
        "lstm": 4 * 256 * (256 + 256 + 1),
        "answer": (25 * 25 * 256 + 256) * 1000 + 1000,
    }
    assert model.count_params() == 165_077_800
    assert model.get_layer("answer").activation.__name__ == "softmax"


def test_answers_are_probabilities_of_image_and_question(asked):
    keras.utils.set_random_seed(0)
    model = vqa(**SMALL)
    before = model(asked)["answer"]
    assert before.shape == (7, 4)
    np.testing.assert_allclose(np.sum(before, axis=1), 1, atol=1e-6)
    for name in asked:
        assert not np.allclose(before, model(asked | {name: asked[name][::-1].copy()})["answer"])


def test_multiplying_brings_the_image_to_the_questions_width(asked):
    keras.utils.set_random_seed(0)
    model = vqa(**SMALL, merge="multiply", dense_units=(8,))
    kernel, bias = map(np.asarray, model.get_layer("projection").weights)
    seen = np.asarray(model.get_layer("vision_model")(asked["image"]))
    lstm = keras.Model(model.input, model.get_layer("lstm").output)
    merged = keras.Model(model.input, model.get_layer("merged").output)
    expected = (seen @ kernel + bias) * np.asarray(lstm(asked))
    np.testing.assert_allclose(merged(asked), expected, atol=1e-6)
    assert model.get_layer("dense_1").kernel.shape == (6, 8)


def test_dropout_hides_only_in_training(asked):
    keras.utils.set_random_seed(0)
    model = vqa(**SMALL, dropout=0.5)
    plain = vqa(**SMALL)
    plain.set_weights(model.get_weights())
    np.testing.assert_array_equal(model(asked)["answer"], plain(asked)["answer"])
    assert not np.allclose(model(asked, training=True)["answer"], plain(asked)["answer"])


def test_saves_and_loads(asked, tmp_path):
    model = vqa(**SMALL, merge="multiply")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(asked)["answer"], model(asked)["answer"])

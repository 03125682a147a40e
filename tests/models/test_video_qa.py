"""Video question answering: the vision model on every frame."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mtl.models.video_qa import video_qa
from mtl.models.vqa import vqa
from mtl.training.initial_weights import take_weights
from tests.models.test_vqa import SMALL

FRAMES = 3


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return video_qa(frames=FRAMES, video_lstm_units=5, **SMALL)


@pytest.fixture(scope="module")
def asked():
    random = np.random.default_rng(0)
    return {
        "video": random.integers(0, 256, (4, FRAMES, 12, 12, 3), np.uint8),
        "question": random.integers(1, 9, (4, 5)).astype("int32"),
    }


def test_every_frame_goes_through_the_vision_model(model, asked):
    frames = model.get_layer("frames")
    vision = frames.layer
    assert vision.name == "vision_model"
    seen = np.asarray(keras.Model(model.input, frames.output)(asked))
    assert seen.shape == (4, FRAMES, 2 * 2 * 4)
    for frame in range(FRAMES):
        np.testing.assert_allclose(seen[:, frame], vision(asked["video"][:, frame]), atol=1e-6)


def test_the_order_of_the_frames_matters(model, asked):
    backwards = asked | {"video": asked["video"][:, ::-1].copy()}
    assert not np.allclose(model(asked)["answer"], model(backwards)["answer"])


def test_counts_the_weights_once(model):
    counts = {layer.name: layer.count_params() for layer in model.layers if layer.weights}
    assert counts == {
        "frames": (27 * 3 + 3) + (9 * 3 * 4 + 4) + (9 * 4 * 4 + 4),
        "video_lstm": 4 * 5 * (16 + 5 + 1),
        "question_encoder": 9 * 3 + 4 * 6 * (3 + 6 + 1),
        "answer": (5 + 6) * 4 + 4,
    }


def test_vision_model_and_question_encoder_are_those_of_vqa(model, asked):
    """Weights of the same names and shapes make the same functions."""
    pictures = vqa(**SMALL)
    named = {weight.path: weight for weight in pictures.weights}
    shared = [weight for weight in model.weights if weight.path in named]
    assert [w.path for w in model.weights if w.path not in named] == [
        "video_lstm/lstm_cell/kernel",
        "video_lstm/lstm_cell/recurrent_kernel",
        "video_lstm/lstm_cell/bias",
    ]
    for weight in shared:
        if not weight.path.startswith("answer"):
            named[weight.path].assign(weight)
    encoder = model.get_layer("question_encoder")
    lstm = keras.Model(pictures.input, pictures.get_layer("lstm").output)
    given = {"image": asked["video"][:, 0], "question": asked["question"]}
    np.testing.assert_allclose(lstm(given), encoder(asked["question"]), atol=1e-6)
    vision = model.get_layer("frames").layer
    np.testing.assert_array_equal(
        pictures.get_layer("vision_model")(given["image"]), vision(given["image"])
    )


def test_the_vision_model_starts_from_the_weights_of_vqa(model):
    pictures = vqa(**SMALL)
    for weight in pictures.weights:
        weight.assign(np.full(weight.shape, 0.25))
    started = keras.models.clone_model(model)
    notes = take_weights(started, pictures, "runs/vqa")
    vision = started.get_layer("frames").layer
    assert len(vision.weights) == 6
    for weight in vision.weights:
        np.testing.assert_array_equal(weight, np.full(weight.shape, 0.25))
    assert notes[0].startswith("6 of ")
    assert any("question_encoder/lstm" in note for note in notes)


def test_sizes_are_the_guides():
    with keras.StatelessScope():
        model = video_qa()
    assert {name: tensor.shape for name, tensor in model.input.items()} == {
        "video": (None, 100, 224, 224, 3),
        "question": (None, 100),
    }
    assert model.get_layer("frames").output.shape == (None, 100, 25 * 25 * 256)
    assert model.get_layer("video_lstm").count_params() == 4 * 256 * (160_000 + 256 + 1)
    assert model.get_layer("answer").count_params() == (256 + 256) * 1000 + 1000


def test_saves_and_loads(model, asked, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(asked)["answer"], model(asked)["answer"])

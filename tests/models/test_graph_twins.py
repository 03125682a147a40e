"""Each model of the documents in YAML: the weights and outputs of its Python builder."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from omegaconf import OmegaConf

from mtl.config.search import shipped
from mtl.models.graph import graph
from mtl.registry import builders

FOLDER = shipped() / "conf" / "model" / "graph"
SMALL_VISION = {
    f"layers.vision_model.layers.convolution_{block}.filters": filters
    for block, filters in {
        "1_1": 2,
        "1_2": 2,
        "2_1": 3,
        "2_2": 3,
        "3_1": 4,
        "3_2": 4,
        "3_3": 4,
    }.items()
}


@dataclass(frozen=True)
class Twin:
    """What makes both sides smaller than their defaults, which are the same.

    Attributes:
        parameters: Of the Python builder.
        changes: Of the description, by path.
        handed_in: What the runner would hand to the Python builder.
    """

    parameters: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    handed_in: dict[str, Any] = field(default_factory=dict)


TWINS = {
    "headline": Twin(
        {"vocabulary_size": 50, "length": 7, "embedding_size": 6},
        {
            "inputs.main_input.shape": [7],
            "layers.embedding.input_dim": 50,
            "layers.embedding.output_dim": 6,
        },
    ),
    "mlp": Twin(),
    "tweets": Twin(
        {"length": 9},
        {"inputs.tweet_a.shape": [9], "inputs.tweet_b.shape": [9]},
    ),
    "exemplar": Twin(
        handed_in={
            "inputs": {"image": SimpleNamespace(kind="array", shape=(64,), dtype="float32")},
            "tasks": {"label": SimpleNamespace(name="label", units=10, activation="softmax")},
            "training": None,
        },
    ),
    "product": Twin(),
    "absolute": Twin(),
    "absolute_sum": Twin(),
    "vector_matrix": Twin(),
    "vin": Twin(),
    "inception": Twin(
        {"height": 8, "width": 9, "filters": 4},
        {
            "inputs.image.shape": [8, 9, 3],
            **{
                f"layers.tower_{tower}.filters": 4
                for tower in (
                    "1_reduce",
                    "1_convolution",
                    "2_reduce",
                    "2_convolution",
                    "3_convolution",
                )
            },
        },
    ),
    "residual": Twin({"height": 8, "width": 9}, {"inputs.image.shape": [8, 9, 3]}),
    "shared_vision": Twin(),
    "vqa": Twin(
        {
            "height": 40,
            "width": 48,
            "filters": [2, 3, 4],
            "question_length": 6,
            "vocabulary_size": 20,
            "embedding_size": 5,
            "lstm_units": 4,
            "answers": 7,
        },
        {
            "inputs.image.shape": [40, 48, 3],
            "inputs.question.shape": [6],
            "layers.vision_model.inputs.image.shape": [40, 48, 3],
            **SMALL_VISION,
            "layers.embedding.input_dim": 20,
            "layers.embedding.output_dim": 5,
            "layers.lstm.units": 4,
            "layers.answer.units": 7,
        },
    ),
    "video_qa": Twin(
        {
            "frames": 3,
            "height": 40,
            "width": 48,
            "filters": [2, 3, 4],
            "video_lstm_units": 5,
            "question_length": 6,
            "vocabulary_size": 20,
            "embedding_size": 5,
            "lstm_units": 4,
            "answers": 7,
        },
        {
            "inputs.video.shape": [3, 40, 48, 3],
            "inputs.question.shape": [6],
            "layers.vision_model.inputs.image.shape": [40, 48, 3],
            **SMALL_VISION,
            "layers.video_lstm.units": 5,
            "layers.question_encoder.inputs.words.shape": [6],
            "layers.question_encoder.layers.embedding.input_dim": 20,
            "layers.question_encoder.layers.embedding.output_dim": 5,
            "layers.question_encoder.layers.lstm.units": 4,
            "layers.answer.units": 7,
        },
    ),
}
# What is too large to be built in a test; its description is held against the signature instead.
LARGE = {"vqa", "video_qa"}


def described(name: str, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    config = OmegaConf.to_container(OmegaConf.load(FOLDER / f"{name}.yaml"))
    assert config.pop("name") == "graph"
    for path, value in (changes or {}).items():
        *sections, last = path.split(".")
        section = config
        for key in sections:
            section = section[key]
        assert last in section, path
        section[last] = value
    return config


def examples(model: keras.Model) -> dict[str, np.ndarray]:
    """Return four examples; a size that is open is 5, ids stay below 3, bytes take all values."""
    random = np.random.default_rng(0)
    values = {}
    for key, tensor in model.input.items():
        shape = (4, *(size or 5 for size in tensor.shape[1:]))
        if "int" in tensor.dtype:
            highest = 256 if tensor.dtype == "uint8" else 3
            values[key] = random.integers(0, highest, shape).astype(tensor.dtype)
            values[key][0, ..., -1] = 0  # a text that ends in padding
        else:
            values[key] = random.normal(size=shape).astype(tensor.dtype)
    return values


def set_random_weights(model: keras.Model) -> None:
    """Draw weights so small that no output saturates: it would hide a difference."""
    random = np.random.default_rng(1)
    for weight in model.weights:
        values = random.normal(size=weight.shape) / np.sqrt(max(1, np.prod(weight.shape[:-1])))
        weight.assign(values.astype(weight.dtype))


def paths(model: keras.Model) -> dict[str, tuple[int, ...]]:
    return {weight.path: tuple(weight.shape) for weight in model.weights}


def test_every_model_has_a_twin():
    files = {file.stem for file in FOLDER.glob("*.yaml")}
    assert files == set(TWINS)
    assert files == set(builders.shipped()) - {"graph", "headline_engagement", "shared_bottom"}


@pytest.mark.parametrize("name", sorted(TWINS))
def test_a_twin_has_the_weights_and_the_outputs_of_its_builder(name, tmp_path):
    twin = TWINS[name]
    written = graph(**described(name, twin.changes))
    built = builders.get(name)(**twin.parameters, **twin.handed_in)

    assert paths(written) == paths(built)
    assert [w.trainable for w in written.weights] == [w.trainable for w in built.weights]
    assert {k: (t.shape, t.dtype) for k, t in written.input.items()} == {
        k: (t.shape, t.dtype) for k, t in built.input.items()
    }
    set_random_weights(built)
    by_path = {weight.path: weight for weight in built.weights}
    for weight in written.weights:
        weight.assign(by_path[weight.path])

    given = examples(built)
    expected, found = built(given), written(given)
    assert found.keys() == expected.keys()
    for output, value in expected.items():
        assert np.std(value) > 0
        np.testing.assert_allclose(found[output], value, atol=1e-5, rtol=1e-5)

    written.save(tmp_path / "written.keras")
    loaded = keras.models.load_model(tmp_path / "written.keras", safe_mode=True)
    for output, value in found.items():
        np.testing.assert_allclose(loaded(given)[output], value, atol=1e-6)


@pytest.mark.parametrize("name", sorted(set(TWINS) - LARGE))
def test_a_twins_sizes_are_its_builders_defaults(name):
    twin = TWINS[name]
    built = builders.get(name)(**twin.handed_in)
    assert paths(graph(**described(name))) == paths(built)


@pytest.mark.parametrize(
    ("name", "path", "parameter"),
    [
        ("vqa", "inputs.image.shape.0", "height"),
        ("vqa", "layers.vision_model.layers.convolution_3_3.filters", "filters.2"),
        ("vqa", "layers.embedding.input_dim", "vocabulary_size"),
        ("vqa", "layers.embedding.output_dim", "embedding_size"),
        ("vqa", "layers.lstm.units", "lstm_units"),
        ("vqa", "layers.answer.units", "answers"),
        ("video_qa", "inputs.video.shape.0", "frames"),
        ("video_qa", "inputs.video.shape.1", "height"),
        ("video_qa", "layers.vision_model.layers.convolution_2_1.filters", "filters.1"),
        ("video_qa", "layers.video_lstm.units", "video_lstm_units"),
        ("video_qa", "layers.question_encoder.layers.lstm.units", "lstm_units"),
        ("video_qa", "layers.answer.units", "answers"),
    ],
)
def test_a_large_twins_sizes_are_its_builders_defaults(name, path, parameter):
    settings = OmegaConf.load(shipped() / "conf" / "model" / f"{name}.yaml")
    written = OmegaConf.load(FOLDER / f"{name}.yaml")
    found = OmegaConf.select(written, path)
    assert found is not None
    assert found == OmegaConf.select(settings, parameter)

"""The exemplar model against the document's sums, and what it takes from the training split."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import mtl
from mtl.errors import ConfigError, MtlError
from mtl.models.exemplar import exemplar


@dataclass
class Given:
    """What the runner hands in for one input."""

    shape: tuple = (4,)
    kind: str = "array"
    dtype: str = "float32"
    vocabulary_size: None = None


@dataclass
class Wanted:
    """A task of three classes."""

    name: str = "label"
    units: int = 3
    activation: str = "softmax"
    auxiliary_of: None = None


@dataclass
class Training:
    """Thirty rows of three classes, one of them not labelled."""

    inputs: dict = field(default_factory=dict)
    targets: dict = field(default_factory=dict)

    def __post_init__(self):
        random = np.random.default_rng(0)
        labels = np.arange(30) % 3
        values = random.normal(size=(30, 4)) + labels[:, None]
        self.inputs = {"image": values.astype("float32")}
        self.targets = {"label": np.where(np.arange(30) == 7, np.nan, labels).astype("float32")}


TRAINING = Training()


def build(training=TRAINING, given=None, **parameters):
    parameters = {"exemplars": 3, **parameters}
    return exemplar({"image": given or Given()}, {"label": Wanted()}, training, **parameters)


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_one_exemplar_a_class_is_the_documents_model() -> None:
    model = build(c=1.5)
    assert [weight.path for weight in model.trainable_weights] == ["weights/kernel"]
    assert model.get_layer("weights").kernel.shape == (3, 4)
    assert [layer.name for layer in model.layers] == ["image", "exemplars", "weights", "label"]
    a = np.random.default_rng(1).normal(size=(3, 4)).astype("float32")
    model.get_layer("weights").kernel.assign(a)
    exemplars = np.asarray(model.get_layer("exemplars").rows.value)
    for batch in (1, 5):
        x = np.random.default_rng(2).normal(size=(batch, 4)).astype("float32")
        scores = (a * np.exp((x[:, None] - exemplars) / 1.5)).sum(axis=-1)
        np.testing.assert_allclose(model({"image": x})["label"], softmax(scores), rtol=1e-5)


@pytest.mark.parametrize("choice", ["stratified", "medoids"])
def test_exemplar_p_is_of_class_p(choice) -> None:
    rows = np.asarray(build(choice=choice).get_layer("exemplars").rows.value)
    values, labels = TRAINING.inputs["image"], TRAINING.targets["label"]
    of_rows = [labels[(values == row).all(axis=1)][0] for row in rows]
    assert of_rows == [0, 1, 2]


def test_more_exemplars_are_summed_by_class_before_the_softmax() -> None:
    model = build(exemplars=7, function="gaussian", choice="first")
    a = np.random.default_rng(1).normal(size=(7, 4)).astype("float32")
    model.get_layer("weights").kernel.assign(a)
    exemplars, c = (
        np.asarray(model.get_layer(layer).weights[number].value)
        for layer, number in (("exemplars", 0), ("weights", 1))
    )
    # The first seven rows by class: 0, 3, 6 | 1, 4 | 2, 5.
    np.testing.assert_array_equal(exemplars, TRAINING.inputs["image"][[0, 3, 6, 1, 4, 2, 5]])
    x = np.random.default_rng(2).normal(size=(5, 4)).astype("float32")
    scores = (a * np.exp(-(((x[:, None] - exemplars) / c) ** 2))).sum(axis=-1)
    by_class = np.stack([scores[:, :3].sum(1), scores[:, 3:5].sum(1), scores[:, 5:].sum(1)], axis=1)
    np.testing.assert_allclose(model({"image": x})["label"], softmax(by_class), rtol=1e-5)


def test_c_is_given_or_the_spread_of_the_training_rows() -> None:
    def c_of(**parameters):
        return np.asarray(build(**parameters).get_layer("weights").c.value)

    deviations = TRAINING.inputs["image"].std(axis=0)
    np.testing.assert_allclose(c_of(c_scale=2.0, least_spread=0.0), 2 * deviations, rtol=1e-5)
    np.testing.assert_array_equal(c_of(c=0.5), [0.5] * 4)
    np.testing.assert_array_equal(c_of(c=[1.0, 2.0, 3.0, 4.0]), [1, 2, 3, 4])


@pytest.mark.parametrize("kind", ["image", "array"])
def test_images_are_scaled_and_arrays_flattened(kind) -> None:
    images = np.random.default_rng(0).integers(0, 256, (30, 2, 2, 1)).astype("uint8")
    training = SimpleNamespace(inputs={"image": images}, targets=TRAINING.targets)
    given = Given((2, 2, 1), kind, "uint8")
    model = build(training, given, choice="first", function="absolute_difference")
    model.get_layer("weights").kernel.assign(np.ones((3, 4)))
    flat = images.reshape(30, 4) / (255 if kind == "image" else 1)
    scores = np.abs(flat[:, None] - flat[:3]).sum(axis=-1)
    np.testing.assert_allclose(model({"image": images})["label"], softmax(scores), atol=1e-5)


def test_without_training_rows_the_weights_have_the_same_shapes(tmp_path) -> None:
    trained, empty = build(exemplars=7), build(None, exemplars=7)
    assert [w.shape for w in trained.weights] == [w.shape for w in empty.weights]
    assert [w.path for w in trained.weights] == [w.path for w in empty.weights]
    trained.get_layer("weights").kernel.assign(np.ones((7, 4)))
    empty.set_weights(trained.get_weights())
    trained.save(tmp_path / "exemplar.keras")
    loaded = keras.models.load_model(tmp_path / "exemplar.keras", safe_mode=True)
    expected = trained(TRAINING.inputs)["label"]
    for each in (empty, loaded):
        np.testing.assert_array_equal(each(TRAINING.inputs)["label"], expected)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"exemplars": 2}, "model.exemplars: found 2, and task 'label' has 3 classes"),
        ({"function": "gausian"}, "model.function.*Did you mean 'gaussian'"),
        ({"c": [1.0, 2.0]}, "model.c: found 2 numbers. Expected one for each of the 4 features"),
        ({"given": Given(kind="text")}, "inputs.image: it is of kind 'text'"),
        ({"given": Given(shape=(None, 3))}, "of a fixed size"),
    ],
)
def test_refuses_what_does_not_fit(parameters, message) -> None:
    with pytest.raises(ConfigError, match=message):
        build(**parameters)


def test_widths_that_are_not_above_0_are_problems_with_their_paths() -> None:
    with pytest.raises(ConfigError) as caught:
        build(c=[1.0, -1.0, 1.0, 1.0], c_scale=0.0, exemplars=1)
    assert [problem.path for problem in caught.value.problems] == [
        "model.exemplars",
        "model.c",
        "model.c_scale",
    ]


def test_refuses_other_tasks_than_one_of_classes() -> None:
    inputs = {"image": Given()}
    with pytest.raises(ConfigError, match=r"tasks: found 2\. Expected one"):
        exemplar(inputs, {"label": Wanted(), "other": Wanted("other")}, None)
    with pytest.raises(ConfigError, match=r"tasks\.label: its activation is 'sigmoid'"):
        exemplar(inputs, {"label": Wanted(activation="sigmoid")}, None)
    with pytest.raises(ConfigError, match="inputs: found 2 inputs"):
        exemplar({**inputs, "more": Given()}, {"label": Wanted()}, None)


def test_a_class_without_exemplar_is_an_error() -> None:
    labels = np.repeat([0.0, 1.0, 2.0], 10)
    training = SimpleNamespace(inputs=TRAINING.inputs, targets={"label": labels})
    with pytest.raises(MtlError, match="no exemplar is of class number 1"):
        build(training, exemplars=4, choice="first")


@pytest.mark.parametrize("choice", ["stratified", "medoids"])
@pytest.mark.parametrize("exemplars", [3, 5])
def test_a_class_without_training_rows_is_an_error(choice, exemplars) -> None:
    """Else an exemplar of another class would stand for it, or number 2 for class number 1."""
    labels = np.where(np.arange(30) % 2 == 0, 0.0, 2.0)
    training = SimpleNamespace(inputs=TRAINING.inputs, targets={"label": labels})
    with pytest.raises(MtlError, match="no labelled row of class number 1"):
        build(training, exemplars=exemplars, choice=choice)


@pytest.mark.slow
def test_digits(tmp_path) -> None:
    run = mtl.train(mtl.compose("exemplar", [f"runs={tmp_path}"]))
    assert run.results["metrics"]["test"]["label"]["accuracy"] >= 0.95

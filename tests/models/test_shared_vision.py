"""One vision model on two digits, as the guide draws it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mtl.graph.calls import calls
from mtl.models.shared_vision import shared_vision

SMALL = {"height": 8, "width": 8, "filters": (3,), "convolutions": (1,)}


@pytest.fixture(scope="module")
def digits():
    random = np.random.default_rng(0)
    return {
        name: random.integers(0, 256, (5, 8, 8, 1), np.uint8) for name in ("digit_a", "digit_b")
    }


def swapped(digits):
    return {"digit_a": digits["digit_b"], "digit_b": digits["digit_a"]}


def test_layers_and_parameters_are_the_guides():
    model = shared_vision()
    vision = model.get_layer("vision_model")
    assert {name: tensor.shape for name, tensor in model.input.items()} == {
        "digit_a": (None, 27, 27, 1),
        "digit_b": (None, 27, 27, 1),
    }
    # 27 - 2 - 2, halved: 11.
    assert vision.output_shape == (None, 11 * 11 * 64)
    assert vision.count_params() == (9 * 64 + 64) + (9 * 64 * 64 + 64)
    assert model.get_layer("same").count_params() == 2 * 11 * 11 * 64 + 1
    assert model.count_params() == 53_057
    assert vision.get_layer("convolution_1_1").activation.__name__ == "linear"
    assert model.get_layer("same").activation.__name__ == "sigmoid"


def test_one_vision_model_is_called_twice(digits):
    keras.utils.set_random_seed(0)
    model = shared_vision(**SMALL)
    vision = model.get_layer("vision_model")
    own = [call for call in calls(model) if call.operation is vision]
    assert [call.inputs[0].name for call in own] == ["digit_a", "digit_b"]
    vectors = keras.Model(model.input, [call.outputs[0] for call in own])
    first, second = vectors(digits)
    assert not np.allclose(first, second)
    for found, expected in zip(vectors(swapped(digits)), (second, first), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_guides_merge_only_adds_up_what_each_digit_says(digits):
    """Why it cannot learn sameness: f(a, b) + f(b, a) = f(a, a) + f(b, b) before the sigmoid."""
    model = shared_vision(**SMALL, activation="relu")
    a, b = digits["digit_a"], digits["digit_b"]

    def score(first, second):
        same = np.asarray(model({"digit_a": first, "digit_b": second})["same"], dtype=np.float64)
        return np.log(same / (1 - same))

    np.testing.assert_allclose(score(a, b) + score(b, a), score(a, a) + score(b, b), atol=1e-4)


def test_comparing_is_the_same_in_either_order(digits):
    keras.utils.set_random_seed(0)
    model = shared_vision(
        **SMALL,
        activation="relu",
        merge=("absolute_difference", "product"),
        vector_units=4,
        dense_units=(3,),
    )
    np.testing.assert_array_equal(model(digits)["same"], model(swapped(digits))["same"])
    vision = model.get_layer("vision_model")
    a, b = (np.asarray(vision(digits[name])) for name in ("digit_a", "digit_b"))
    assert a.shape == (5, 4)
    merged = keras.Model(model.input, model.get_layer("merged").output)(digits)
    np.testing.assert_allclose(merged, np.concatenate([abs(a - b), a * b], axis=1), atol=1e-6)


def test_saves_and_loads(digits, tmp_path):
    model = shared_vision(**SMALL, merge=["absolute_difference"])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(digits)["same"], model(digits)["same"])

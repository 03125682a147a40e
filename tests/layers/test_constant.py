"""Fixed numbers in a graph."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from mtl.layers.constant import Constant


def test_is_the_same_whatever_it_is_called_on() -> None:
    layer = Constant([[1.0, 2.0], [3.0, 4.0]])
    for shape in ((1,), (5, 3), (2, 2, 2)):
        np.testing.assert_array_equal(layer(ops.ones(shape)), [[1, 2], [3, 4]])
    assert layer.trainable_weights == []
    assert [tuple(weight.shape) for weight in layer.weights] == [(2, 2)]


def test_is_loaded_as_it_was_saved_and_not_as_it_was_configured(tmp_path) -> None:
    given = keras.Input((3,), name="x")
    model = keras.Model(given, given + Constant([1.0, 2.0, 3.0], name="vector")(given))
    model.get_layer("vector").value.assign([7.0, 8.0, 9.0])
    model.save(tmp_path / "constant.keras")
    loaded = keras.models.load_model(tmp_path / "constant.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(np.zeros((2, 3), "float32")), [[7, 8, 9]] * 2)


def test_knows_its_shape_and_type() -> None:
    assert Constant([1.0, 2.0])(keras.Input((5,))).shape == (2,)
    assert Constant([1.0, 2.0], dtype="mixed_float16")(np.ones((4, 5))).dtype == "float16"
    assert Constant.from_config(Constant([[1, 2]]).get_config())(np.ones((3, 1))).shape == (1, 2)


@pytest.mark.parametrize("value", [[1.0, float("nan")], [[1.0], [1.0, 2.0]], "text", None])
def test_refuses_what_is_no_tensor(value) -> None:
    with pytest.raises(ValueError, match="finite numbers"):
        Constant(value)

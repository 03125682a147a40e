"""Adding up the columns of a class."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mtl.layers.class_sums import ClassSums

X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, -6.0]], "float32")


def test_sums_by_class_and_zero_for_a_class_without_columns() -> None:
    layer = ClassSums(3)
    layer.build((None, 3))
    layer.assign([2, 0, 2])
    np.testing.assert_array_equal(layer(X), [[2, 0, 4], [5, 0, -2]])
    assert layer.trainable_weights == []


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_the_classes_are_saved(policy, tmp_path) -> None:
    given = keras.Input((3,), name="x")
    model = keras.Model(given, ClassSums(2, name="sums", dtype=policy)(given))
    assert model.output.shape == (None, 2)
    model.get_layer("sums").assign([0, 1, 1])
    model.save(tmp_path / "sums.keras")
    loaded = keras.models.load_model(tmp_path / "sums.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(loaded(X), "float32"), [[1, 5], [4, -1]])


def test_sums_that_the_narrow_type_cannot_hold_are_its_largest_number() -> None:
    layer = ClassSums(2, dtype="mixed_float16")
    layer.build((None, 4))
    layer.assign([0, 0, 0, 1])
    given = np.array([[6e4, 6e4, -6e4, 1], [-6e4, -6e4, -6e4, 1]], "float16")
    found = np.asarray(layer(given))
    assert found.dtype == "float16"
    np.testing.assert_array_equal(found, [[np.float16(6e4), 1], [-65504, 1]])


def test_refuses_classes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="classes=0"):
        ClassSums(0)
    with pytest.raises(ValueError, match="columns known"):
        ClassSums(2)(X[None])
    layer = ClassSums(2)
    layer.build((None, 3))
    with pytest.raises(ValueError, match="one a column"):
        layer.assign([0, 1])
    with pytest.raises(ValueError, match=r"classes from 0 to 1\. Received: 0 to 2"):
        layer.assign([0, 1, 2])

"""One-hot vectors against rows of the identity matrix."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from mtl.layers.one_hot import OneHot


def test_vectors_are_rows_of_the_identity(tmp_path: Path) -> None:
    numbers = np.array([[3, 0, 1], [2, 2, 3]], np.uint8)
    layer = OneHot(4)
    np.testing.assert_array_equal(layer(numbers), np.eye(4)[numbers])
    model = keras.Model(given := keras.Input((None,), dtype="uint8"), layer(given))
    assert model.output.shape == (None, None, 4)
    model.save(tmp_path / "one_hot.keras")
    loaded = keras.models.load_model(tmp_path / "one_hot.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(numbers), np.eye(4)[numbers])


def test_a_number_out_of_range_is_nowhere() -> None:
    assert not np.any(OneHot(4)(np.array([4, -1], np.int32)))


def test_a_size_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="Received: size=0"):
        OneHot(0)


def test_mixed_precision_gives_the_compute_type() -> None:
    vectors = OneHot(3, dtype="mixed_float16")(np.array([1, 2]))
    assert keras.backend.standardize_dtype(vectors.dtype) == "float16"

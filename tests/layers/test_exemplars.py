"""Rows that a model carries along."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mtl.layers.exemplars import Exemplars

ROWS = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


def test_gives_its_rows_whatever_the_batch_is(tmp_path) -> None:
    given = keras.Input((3,), name="x")
    layer = Exemplars(2, name="exemplars")
    rows = layer(given)
    assert rows.shape == (2, 3)
    layer.assign(ROWS)
    model = keras.Model(given, keras.ops.matmul(given, keras.ops.transpose(rows)))
    model.save(tmp_path / "exemplars.keras")
    for each in (model, keras.models.load_model(tmp_path / "exemplars.keras", safe_mode=True)):
        for batch in (1, 4):
            x = np.ones((batch, 3), "float32")
            np.testing.assert_array_equal(each(x), [[6, 15]] * batch)
        assert each.trainable_weights == []
        assert each.count_params() == 6


def test_rows_keep_their_precision_under_mixed_precision() -> None:
    layer = Exemplars(1, dtype="mixed_float16")
    layer.build((None, 1))
    layer.assign([[1 + 2**-20]])
    assert float(layer(np.zeros((3, 1)))[0, 0]) == 1 + 2**-20


def test_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="count=0"):
        Exemplars(0)
    with pytest.raises(ValueError, match=r"flatten.*\(None, 8, 8\)"):
        Exemplars(2)(keras.Input((8, 8)))
    layer = Exemplars(2)
    layer.build((None, 3))
    with pytest.raises(ValueError, match=r"Expected rows of shape \(2, 3\). Received: \(3, 2\)"):
        layer.assign(np.ones((3, 2)))

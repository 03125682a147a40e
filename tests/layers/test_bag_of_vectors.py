"""Sums of vectors with padding left out, by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mtl.layers.bag_of_vectors import BagOfVectors

IDS = np.array([[0, 0, 3, 5], [1, 1, 1, 1], [0, 0, 0, 0]])
VECTORS = np.arange(24, dtype="float32").reshape(3, 4, 2)


def test_sum_over_the_root_of_the_number_of_ids() -> None:
    found = BagOfVectors(scale=3.0)(VECTORS, IDS)
    first = 3 * (VECTORS[0, 2] + VECTORS[0, 3]) / np.sqrt(2)
    second = 3 * VECTORS[1].sum(axis=0) / 2
    np.testing.assert_allclose(found, [first, second, [0, 0]], rtol=1e-6)


def test_padding_changes_nothing() -> None:
    more = (
        np.pad(IDS, ((0, 0), (5, 0))),
        np.pad(VECTORS, ((0, 0), (5, 0), (0, 0)), constant_values=9),
    )
    np.testing.assert_allclose(BagOfVectors()(more[1], more[0]), BagOfVectors()(VECTORS, IDS))


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_saves_and_loads(policy: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    ids = keras.Input((4,), dtype="int32", name="ids")
    vectors = keras.layers.Embedding(6, 2, dtype=policy)(ids)
    model = keras.Model(ids, BagOfVectors(2.0, dtype=policy)(vectors, ids))
    assert model.output.shape == (None, 2)
    model.save(tmp_path / "bag.keras")
    loaded = keras.models.load_model(tmp_path / "bag.keras", safe_mode=True)
    assert loaded.layers[-1].scale == 2.0
    np.testing.assert_array_equal(
        np.asarray(loaded(IDS), "float32"), np.asarray(model(IDS), "float32")
    )

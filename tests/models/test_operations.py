"""`absolute`, `absolute_sum`, `vector_matrix`: the documents' examples, and runs without loss."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import mtl
from mtl.models.absolute import absolute
from mtl.models.absolute_sum import absolute_sum
from mtl.models.vector_matrix import vector_matrix


def test_absolute() -> None:
    model = absolute()
    found = model({"x": np.array([[-1, 2, -3]], "float32")})["y"]
    np.testing.assert_array_equal(found, [[1, 2, 3]])
    assert model.weights == []


def test_absolute_sum() -> None:
    model = absolute_sum()
    given = {
        "x_1": np.array([[-1, 2, -3], [0, 0, 1]], "float32"),
        "x_2": np.array([[4, -5, 6], [-1, 0, -1]], "float32"),
    }
    np.testing.assert_array_equal(model(given)["y"], [[5, 7, 9], [1, 0, 2]])
    assert model.weights == []


def test_vector_matrix(tmp_path) -> None:
    model = vector_matrix()
    matrices = np.array([[[1, 2], [3, 4], [5, 6]], np.eye(3, 2)], "float32")
    assert model.output["y"].shape == (None, 2)
    np.testing.assert_array_equal(model({"matrix": matrices})["y"], [[22, 28], [1, 2]])
    assert model.trainable_weights == []
    model.get_layer("vector").value.assign([0.0, 0.0, 1.0])
    model.save(tmp_path / "vector.keras")
    loaded = keras.models.load_model(tmp_path / "vector.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded({"matrix": matrices})["y"], [[5, 6], [0, 0]])


def test_sizes_are_parameters() -> None:
    assert absolute(size=7).output["y"].shape == (None, 7)
    assert absolute_sum(size=7).output["y"].shape == (None, 7)
    assert vector_matrix(vector=[1.0] * 4, columns=5).output["y"].shape == (None, 5)


@pytest.mark.parametrize("name", ["absolute", "absolute_sum", "vector_matrix"])
def test_an_experiment_measures_no_loss(name, tmp_path) -> None:
    config = mtl.compose(name, [f"runs={tmp_path}", "training.epochs=1"])
    results = mtl.train(config).results
    assert results["metrics"]["test"]["y"]["loss"] == 0
    assert results["metrics"]["test"]["y"]["r2"] == 1

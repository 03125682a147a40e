"""The shared bottom: what is joined, what is shared, what each head computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest

from mtl.data.inputs import InputSpecification
from mtl.errors import ConfigError
from mtl.graph.branches import branches
from mtl.models.shared_bottom import shared_bottom


@dataclass
class Task:
    """What the builder asks of a task."""

    name: str
    units: int = 1
    activation: str | None = None
    auxiliary_of: str | None = None


INPUTS = {
    "numbers": InputSpecification("numbers", "features", (3,), "float32", {"a": 3}),
    "city": InputSpecification("city", "index", (), "int32", {"city": 1}, 5),
}
TASKS = {"price": Task("price"), "kind": Task("kind", units=4, activation="softmax")}


def build(**changes: Any) -> keras.Model:
    return shared_bottom(INPUTS, TASKS, **({"units": [6, 5], "embedding_size": 2} | changes))


def test_computes_what_numpy_does() -> None:
    model = build(head_units=[7])
    random = np.random.default_rng(0)
    numbers, cities = random.normal(size=(8, 3)).astype("f"), random.integers(0, 5, 8)
    found = model({"numbers": numbers, "city": cities.astype("int32")})

    def dense(name: str, x: np.ndarray) -> np.ndarray:
        kernel, bias = model.get_layer(name).get_weights()
        return x @ kernel + bias

    (table,) = model.get_layer("city_vector").get_weights()
    x = np.concatenate([numbers, table[cities]], axis=1)
    for name in ("shared_1", "shared_2"):
        x = np.maximum(dense(name, x), 0)
    price = dense("price", np.maximum(dense("price_1", x), 0))
    scores = np.exp(dense("kind", np.maximum(dense("kind_1", x), 0)))
    np.testing.assert_allclose(found["price"], price, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["kind"], scores / scores.sum(1, keepdims=True), rtol=1e-4)


def test_the_bottom_is_what_is_shared() -> None:
    model = build(head_units=[7])
    found = branches(model, list(TASKS))
    shared = {weight.path.split("/")[0] for weight in found.shared}
    assert shared == {"city_vector", "shared_1", "shared_2"}
    assert [tensor.shape for tensor in found.frontier] == [(None, 5)]


def test_dropout_and_activation_are_of_the_shared_layers() -> None:
    model = build(dropout=0.3, activation=None, units=[4])
    assert model.get_layer("shared_1_dropout").rate == 0.3
    assert model.get_layer("shared_1").activation.__name__ == "linear"


def test_refuses_inputs_that_it_cannot_read() -> None:
    text = InputSpecification("title", "text", (9,), "int32", {"title": 9}, 30)
    with pytest.raises(ConfigError) as raised:
        shared_bottom(INPUTS | {"title": text}, TASKS)
    assert [problem.path for problem in raised.value.problems] == ["inputs.title"]
    assert "'text'" in raised.value.problems[0].found

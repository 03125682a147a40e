"""Which outputs each layer serves."""

from __future__ import annotations

import keras

from mtl.graph.sharing import services
from mtl.models.headline import headline


def test_the_headline_model_shares_its_embedding_and_its_lstm() -> None:
    model = headline(vocabulary_size=9, length=4, embedding_size=3, lstm_units=2, dense_layers=1)
    outputs = {service.layer.name: set(service.outputs) for service in services(model)}
    assert outputs == {
        "embedding": {"main_output", "aux_output"},
        "lstm": {"main_output", "aux_output"},
        "dense_1": {"main_output"},
        "main_output": {"main_output"},
        "aux_output": {"aux_output"},
    }
    assert [s.layer.name for s in services(model) if s.shared] == ["embedding", "lstm"]


def test_a_layer_called_twice_is_shared_by_its_calls() -> None:
    left, right = keras.Input((3,)), keras.Input((3,))
    dense = keras.layers.Dense(2, name="both")
    merged = keras.layers.Concatenate()([dense(left), dense(right)])
    model = keras.Model([left, right], keras.layers.Dense(1, name="head")(merged))
    both, head = services(model)
    assert (both.layer, both.calls, both.outputs, both.shared) == (dense, 2, ("head",), True)
    assert not head.shared


def test_a_head_inside_the_trunk_serves_its_own_output_and_those_after_it() -> None:
    given = keras.Input((3,))
    first = keras.layers.Dense(2, name="first")(given)
    second = keras.layers.Dense(2, name="second")(first)
    found = services(keras.Model(given, {"a": first, "b": second}))
    assert {s.layer.name: s.outputs for s in found} == {"first": ("a", "b"), "second": ("b",)}

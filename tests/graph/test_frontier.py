"""Where the shared part of a graph ends."""

from __future__ import annotations

import keras
from keras import layers

from mtl.graph.frontier import SharedPart, shared_part
from mtl.models.headline import headline


def frontier(part: SharedPart) -> dict[str, tuple[str, ...]]:
    return {entry.value.name: entry.outputs for entry in part.frontier}


def test_the_headline_model_is_shared_up_to_its_lstm() -> None:
    model = headline(vocabulary_size=9, length=4, embedding_size=3, lstm_units=2, dense_layers=1)
    part = shared_part(model)
    assert frontier(part) == {"lstm": ("aux_output", "main_output")}
    (entry,) = part.frontier
    assert entry.value.shape == (None, 2)
    assert [reader.name for reader in entry.readers] == ["aux_output", "title_and_auxiliary"]
    # 9 × 3 of the embedding; 3 × 8, 2 × 8 and 8 of the LSTM.
    assert sum(weight.value.shape.num_elements() for weight in part.weights) == 27 + 24 + 16 + 8


def test_one_output_shares_nothing() -> None:
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    dense = layers.Dense(2, name="dense")
    joined = layers.Concatenate(name="joined")([dense(left), dense(right)])
    part = shared_part(keras.Model([left, right], {"same": joined}))
    assert (part.steps, part.frontier, part.weights) == ([], [], [])


def test_towers_on_one_input_share_nothing() -> None:
    given = keras.Input((3,), name="given")
    heads = {name: layers.Dense(1, name=name)(given) for name in ("a", "b")}
    assert shared_part(keras.Model(given, heads)).frontier == []


def test_an_output_on_the_way_to_another_is_where_it_ends() -> None:
    given = keras.Input((3,), name="given")
    first = layers.Dense(2, name="first")(given)
    second = layers.Dense(2, name="second")(first)
    part = shared_part(keras.Model(given, {"a": first, "b": second}))
    assert frontier(part) == {"first": ("a", "b")}
    assert [reader.name for reader in part.frontier[0].readers] == ["second"]


def test_weights_that_two_outputs_use_apart_are_shared_with_all_before_them() -> None:
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    own = layers.Dense(3, name="own")(left)
    dense = layers.Dense(2, name="dense")
    outputs = {
        "a": layers.Dense(1, name="a")(dense(own)),
        "b": layers.Dense(1, name="b")(dense(right)),
    }
    part = shared_part(keras.Model([left, right], outputs))
    assert [step.name for step in part.steps] == ["own", "dense[0]", "dense[1]"]
    assert frontier(part) == {"dense[0]": ("a",), "dense[1]": ("b",)}


def test_one_activation_in_two_heads_shares_nothing() -> None:
    given = keras.Input((3,), name="given")
    trunk = layers.Dense(2, name="trunk")(given)
    relu = layers.ReLU(name="relu")
    outputs = {name: relu(layers.Dense(1, name=name)(trunk)) for name in ("a", "b")}
    assert frontier(shared_part(keras.Model(given, outputs))) == {"trunk": ("a", "b")}


def test_a_model_for_two_outputs_is_left_at_its_end() -> None:
    image = keras.Input((4, 4, 1), name="image")
    flat = layers.Flatten(name="flat")(layers.Conv2D(2, 3, name="conv")(image))
    vision = keras.Model(image, flat, name="vision")
    left, right = keras.Input((4, 4, 1), name="left"), keras.Input((4, 4, 1), name="right")
    outputs = {
        "a": layers.Dense(1, name="a")(vision(left)),
        "b": layers.Dense(1, name="b")(vision(right)),
    }
    part = shared_part(keras.Model([left, right], outputs))
    assert frontier(part) == {"vision[0]": ("a",), "vision[1]": ("b",)}
    assert part.frontier[0].value.shape == (None, 8)


def test_a_trunk_inside_a_nested_model() -> None:
    inside = keras.Input((3,), name="inside")
    trunk = layers.Dense(2, name="trunk")(inside)
    heads = {name: layers.Dense(1, name=name)(trunk) for name in ("a", "b")}
    core = keras.Model(inside, heads, name="core")
    given = keras.Input((3,), name="given")
    part = shared_part(keras.Model(given, core(given)))
    assert frontier(part) == {"core/trunk": ("a", "b")}


def test_one_tensor_under_two_names() -> None:
    given = keras.Input((3,), name="given")
    made = layers.Dense(1, name="dense")(given)
    part = shared_part(keras.Model(given, {"x": made, "y": made}))
    assert frontier(part) == {"dense": ("x", "y")}
    assert part.frontier[0].readers == ()

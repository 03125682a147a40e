"""A graph without its nested models."""

from __future__ import annotations

import keras
from keras import layers

from mtl.graph.unfolding import unfold


def vision() -> keras.Model:
    digit = keras.Input((4,), name="digit")
    hidden = layers.Dense(3, name="hidden")(digit)
    return keras.Model(digit, layers.Dense(2, name="code")(hidden), name="vision")


def test_a_model_that_is_called_twice_is_computed_twice() -> None:
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    shared = vision()
    joined = layers.Concatenate(name="joined")([shared(left), shared(right)])
    unfolded = unfold(keras.Model([left, right], {"same": joined}))
    reads = {step.name: [value.name for value in step.reads] for step in unfolded.steps}
    assert reads == {
        "vision[0]/hidden": ["left"],
        "vision[0]/code": ["vision[0]/hidden"],
        "vision[1]/hidden": ["right"],
        "vision[1]/code": ["vision[1]/hidden"],
        # What leaves a nested model goes by the name that it has outside.
        "joined": ["vision[0]", "vision[1]"],
    }
    uses = unfolded.uses
    assert (uses[id(shared)], uses[id(shared.get_layer("code"))]) == (2, 2)
    assert unfolded.steps[1].within == (shared,)
    assert unfolded.outputs["same"].name == "joined"


def test_a_layer_inside_and_outside_of_a_model_is_used_in_both() -> None:
    given = keras.Input((4,), name="given")
    shared = vision()
    frames = keras.Input((5, 4), name="frames")
    outputs = {
        "a": shared.get_layer("hidden")(given),
        "b": layers.TimeDistributed(shared, name="each")(frames),
    }
    unfolded = unfold(keras.Model({"given": given, "frames": frames}, outputs))
    assert [step.name for step in unfolded.steps] == ["hidden", "each"]
    assert unfolded.uses[id(shared.get_layer("hidden"))] == 2
    assert unfolded.uses[id(shared.get_layer("code"))] == 1


def test_arguments_go_by_name_where_they_are_a_dict() -> None:
    first, second = keras.Input((4,), name="z"), keras.Input((3,), name="a")
    outputs = {
        "p": layers.Dense(1, name="of_z")(first),
        "q": layers.Dense(1, name="of_a")(second),
    }
    pair = keras.Model([first, second], outputs, name="pair")
    four, three = keras.Input((4,), name="four"), keras.Input((3,), name="three")
    # By position, and in the order of its keys, the dict would be the other way round.
    unfolded = unfold(keras.Model([four, three], pair({"z": four, "a": three})))
    reads = {step.name: [value.name for value in step.reads] for step in unfolded.steps}
    assert reads == {"pair/of_z": ["four"], "pair/of_a": ["three"]}
    assert unfolded.outputs["q"].name == "pair:q"


def test_what_a_nested_model_hands_through_keeps_its_name() -> None:
    one = keras.Input((4,), name="one")
    inner = keras.Model(one, {"same": one, "new": layers.ReLU(name="relu")(one)}, name="inner")
    given = keras.Input((4,), name="given")
    made = inner(given)
    unfolded = unfold(keras.Model({"given": given}, {"x": made["same"], "y": made["new"]}))
    assert {name: value.name for name, value in unfolded.outputs.items()} == {
        "x": "given",
        "y": "inner:new",
    }

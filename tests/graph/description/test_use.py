"""Cycles, and what no output needs."""

from __future__ import annotations

INPUT = {"x": {"shape": [4, 3]}}
LSTM = {"type": "LSTM", "units": 2}


def test_what_no_output_needs_is_reported(said):
    assert said(
        inputs={**INPUT, "z": {"shape": [3]}},
        layers={
            "unused": LSTM,
            "used": LSTM,
            "held": LSTM,
            "two": {"type": "Bidirectional", "layer": "held"},
        },
        nodes={"a": "used(x)", "b": "a + 1", "c": "b + 1", "d": "two(x)"},
        outputs={"y": "a", "u": "d"},
    ) == [
        "model.inputs.z: no node reads this input. Remove or use it.",
        "model.layers.unused: no node calls this layer. Remove or use it.",
        "model.nodes.b: no output needs this node. Remove or use it.",
        "model.nodes.c: no output needs this node. Remove or use it.",
    ]


def test_what_a_wrong_expression_may_have_meant_is_not_reported_too(said):
    found = said(
        inputs={**INPUT, "z": {"shape": [3]}},
        layers={"lstm": LSTM, "other": LSTM, "unused": LSTM},
        nodes={"a": "lsmt(x)", "b": "other(z", "first": "x + 1", "c": "a + 1"},
        outputs={"y": "fist + b"},
    )
    assert [line.partition(": ")[0] for line in found] == [
        "model.layers.unused",
        "model.nodes.b",
        "model.nodes.a",
        "model.nodes.a",
        "model.nodes.c",
        "model.outputs.y",
    ]


def test_cycles_unknown_names_unused_nodes_and_wrong_shapes_are_reported_together(said):
    found = said(
        inputs=INPUT,
        layers={"dense": {"type": "Dense", "units": 2}},
        nodes={
            "a": "b + x",
            "b": "a + x",
            "unknown": "dense(xx)",
            "unused": "abs(x)",
            "wrong": "concatenate([x, dense(x)], axis=-2) + x",
        },
        outputs={"y": "a + unknown", "z": "wrong"},
    )
    assert [line.partition(": ")[0] for line in found] == [
        "model.nodes.unknown",
        "model.nodes.a",
        "model.nodes.unused",
        "model.nodes.wrong",
    ]


def test_a_cycle_is_printed_whole(said):
    assert said(
        inputs=INPUT,
        nodes={"a": "x + c", "b": "a + 1", "c": "b + 1", "d": "c + 1", "e": "e + 1"},
        outputs={"y": "d + e"},
    ) == [
        (
            "model.nodes.a: these nodes need each other: a → c → b → a. "
            "Expected nodes that can be computed one after the other."
        ),
        (
            "model.nodes.e: these nodes need each other: e → e. "
            "Expected nodes that can be computed one after the other."
        ),
    ]


def test_layers_that_hold_each_other(said):
    assert said(
        inputs=INPUT,
        layers={
            "a": {"type": "TimeDistributed", "layer": "b"},
            "b": {"type": "TimeDistributed", "layer": {"type": "TimeDistributed", "layer": "a"}},
        },
        outputs={"y": "a(x)"},
    ) == [
        "model.layers.a: these layers hold each other: a → b → a. Expected layers that can be made."
    ]


def test_a_copy_that_looks_shared_is_refused(said):
    assert said(
        inputs=INPUT,
        layers={"lstm": LSTM, "two": {"type": "Bidirectional", "layer": "lstm"}},
        outputs={"y": "two(x)", "z": "lstm(x)"},
    ) == [
        (
            "model.layers.two.layer: a Bidirectional copies 'lstm', which something else uses too. "
            "They would share no weights. Describe it inline, {type: …}."
        )
    ]

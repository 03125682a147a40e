"""Names for which installed plug-ins are imported."""

from __future__ import annotations

import pytest

from mtl.graph.description.unknown import has_unknown_names

DENSE = {"type": "Dense", "units": 2}


def nested(**sections):
    return {"layers": {"a": {"type": "graph", **sections}}, "outputs": {"y": "a(x)"}}


@pytest.mark.parametrize(
    "description",
    [
        {"layers": {"a": {"type": "shop>Basket"}}},
        {"layers": {"a": {"type": "TimeDistributed", "layer": {"type": "shop>Basket"}}}},
        {"layers": {"a": {"type": "StackedRNNCells", "cells": [{"type": "shop>Cell"}]}}},
        {"layers": {"a": {**DENSE, "kernel_initializer": "shop>Shelf"}}},
        {"layers": {"a": {**DENSE, "kernel_initializer": {"name": "shop>Shelf", "size": 3}}}},
        {"layers": {"a": {**DENSE, "kernel_initializer": {"class_name": "shop>Shelf"}}}},
        {"layers": {"a": {**DENSE, "activation": "shop_tanh"}}},
        {"nodes": {"a": "abs(with_tax(x))"}},
        {"outputs": {"a": "with_tax(x)"}},
        nested(layers={"b": {"type": "shop>Basket"}}),
        nested(outputs="with_tax(x)"),
        nested(outputs={"y": "with_tax(x)"}),
    ],
)
def test_a_name_that_nothing_has_is_seen(description):
    assert has_unknown_names(description)


@pytest.mark.parametrize(
    "description",
    [
        {},
        {"layers": {"a": DENSE}, "nodes": {"b": "a(x)"}, "outputs": {"y": "abs(b)"}},
        {"layers": {"a": {**DENSE, "activation": "relu", "bias_initializer": {"name": "zeros"}}}},
        {"layers": {"a": {"type": "mtl>LSTM", "units": 2}}},
        nested(layers={"b": DENSE}, outputs="b(x)"),
        {"layers": 3, "nodes": ["x"], "outputs": {"y": "x +", "z": 3}},
        {"layers": {"a": 3, "b": {"type": 3}, "c": {"activation": 3}}},
    ],
)
def test_known_names_and_what_cannot_be_read_are_not(description):
    assert not has_unknown_names(description)

"""The values that builders take, held against configs before anything is built."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from mtl.config.check import bind_signature
from mtl.config.compose import compose, plain
from mtl.errors import ConfigError
from mtl.models.parameters import ACTIVATIONS
from mtl.registry import builders
from mtl.training.assembly import assemble


def said(name: str, **values: Any) -> list[str]:
    problems = bind_signature(builders.get(name), values, "model")
    return [str(problem) for problem in problems]


def test_every_value_of_a_shared_bottom_that_cannot_be_is_told_of_with_its_place() -> None:
    wrong = {"dropout": 1.5, "units": [64, -1], "activation": "rleu", "head_units": [0]}
    assert said("shared_bottom", **wrong) == [
        "model.dropout: found 1.5. Expected a share, 0 or more and less than 1.",
        "model.units[1]: found -1. Expected a whole number of 1 or more.",
        (
            "model.activation: found 'rleu'. Expected the name of a Keras activation, such as relu."
            " Did you mean 'relu'?"
        ),
        "model.head_units[0]: found 0. Expected a whole number of 1 or more.",
    ]
    assert said("shared_bottom", units=[], dropout=-0.1)[0] == (
        "model.units: found []. Expected one entry or more."
    )


def test_a_run_reports_them_with_all_else_that_is_wrong() -> None:
    changes = ["model.dropout=1.5", "model.units=[64,-1]", "training.epochs=0"]
    config = plain(compose("balancing_scales", changes))
    with pytest.raises(ConfigError) as raised:
        assemble(config)
    paths = {problem.path for problem in raised.value.problems}
    assert paths == {"model.dropout", "model.units[1]", "training.epochs"}


@pytest.mark.parametrize(
    ("name", "values", "paths"),
    [
        ("absolute", {"size": 0}, ["size"]),
        ("absolute_sum", {"size": 0}, ["size"]),
        ("exemplar", {"exemplars": 0, "l2": -1.0, "seed": -1}, ["exemplars", "l2", "seed"]),
        ("headline", {"lstm_units": 0, "dense_layers": -1}, ["lstm_units", "dense_layers"]),
        (
            "headline_engagement",
            {"word_dropout": 1, "pair_buckets": 1, "context_layers": -1},
            ["word_dropout", "pair_buckets", "context_layers"],
        ),
        ("inception", {"classes": 1, "filters": 0}, ["classes", "filters"]),
        ("mlp", {"units": -1, "hidden": -1}, ["units", "hidden"]),
        ("product", {"factors": 0}, ["factors"]),
        ("residual", {"activation": "rel", "stem_filters": 0}, ["activation", "stem_filters"]),
        (
            "shared_vision",
            {"filters": [8, 0], "activation": "x", "vector_units": 0},
            ["filters[1]", "activation", "vector_units"],
        ),
        ("tweets", {"dropout": 1.0, "dense_units": [0]}, ["dropout", "dense_units[0]"]),
        ("vector_matrix", {"vector": [], "columns": 0}, ["vector", "columns"]),
        ("video_qa", {"frames": 0, "dropout": 2, "answers": 1}, ["frames", "dropout", "answers"]),
        ("vin", {"iterations": 0, "moves": -1}, ["iterations", "moves"]),
        ("vqa", {"convolutions": [1, -1], "dropout": -1}, ["convolutions[1]", "dropout"]),
    ],
)
def test_each_builder_says_what_it_takes(name: str, values: dict[str, Any], paths: list[str]):
    assert [each.partition(":")[0] for each in said(name, **values)] == [
        f"model.{path}" for path in paths
    ]


def test_activations_are_kerass() -> None:
    assert "relu" in ACTIVATIONS
    for activation in (None, *ACTIVATIONS):
        assert keras.activations.get(activation)
        assert said("shared_bottom", activation=activation) == []
    assert said("shared_bottom", activation="get") != []

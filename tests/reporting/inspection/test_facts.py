"""The facts of a graph as JSON, and which nested models are folded."""

from __future__ import annotations

import json
from dataclasses import replace

from mtl.reporting.inspection.facts import LARGE, folded_models, to_json
from tests.reporting.graphs import same_digit


def test_json_has_every_fact_under_its_name() -> None:
    found = json.loads(to_json(same_digit()))
    assert list(found) == [
        *("name", "builder", "parameters", "trainable", "inputs", "outputs", "layers", "nodes"),
        *("models", "shared_parameters", "frontier"),
    ]
    assert found["inputs"][0] == {
        "name": "left",
        "shape": [None, 4, 4, 1],
        "dtype": "float32",
        "kind": "array",
        "columns": ["column_left"],
    }
    assert found["outputs"][0]["task"]["loss"] == "binary_crossentropy"
    assert found["layers"][1]["weights"][0]["trained_by"] == ["same"]
    assert found["nodes"][2]["inputs"] == [
        {"name": "vision[0]", "shape": [None, 8], "dtype": "float32"},
        {"name": "vision[1]", "shape": [None, 8], "dtype": "float32"},
    ]
    assert found["models"][0]["nodes"][0]["layer"] == "vision/conv"


def test_models_of_many_calls_are_folded_unless_asked() -> None:
    small = same_digit()
    model = small.models[0]
    large = replace(small, models=[replace(model, nodes=list(model.nodes) * LARGE)])
    assert folded_models(small, fold=None) == set()
    assert folded_models(small, fold=True) == {"vision"}
    assert folded_models(large, fold=None) == {"vision"}
    assert folded_models(large, fold=False) == set()

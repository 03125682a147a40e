"""Figures by name and nested, and JSON."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mtl.config.check.tasks import RESERVED
from mtl.reporting.results import MEAN, TOTAL, flatten, jsonable, nest, to_json

FIGURES = {
    "validation/main_output/auc": 0.75,
    "validation/a/b/auc": 0.5,
    "validation/mean/auc": 0.625,
    "test/loss": 0.25,
}
NESTED = {
    "validation": {"main_output": {"auc": 0.75}, "a/b": {"auc": 0.5}, "mean": {"auc": 0.625}},
    "test": {"total": {"loss": 0.25}},
}


def test_figures_are_nested_by_split_output_and_metric() -> None:
    assert nest({**FIGURES, "learning_rate": 1.0, "balancing/weight/main_output": 1.0}) == NESTED


def test_flattening_undoes_nesting() -> None:
    assert flatten(NESTED) == FIGURES


@dataclass
class Entry:
    value: float
    folder: Path


def test_json_has_no_value_that_json_lacks() -> None:
    value = {
        1: [math.nan, -math.inf, 0.5],
        "array": np.array([[1.0, np.nan]], np.float32),
        "flag": np.bool_(True),
        "half": np.float16(0.5),
        "nothing": np.float64("nan"),
        "entry": Entry(math.inf, Path("runs")),
        "pair": (1, True, None),
    }
    expected = {
        "1": [None, None, 0.5],
        "array": [[1.0, None]],
        "flag": True,
        "half": 0.5,
        "nothing": None,
        "entry": {"value": None, "folder": "runs"},
        "pair": [1, True, None],
    }
    assert jsonable(value) == expected
    assert json.loads(to_json(value), parse_constant=pytest.fail) == expected


def test_names_of_totals_are_reserved() -> None:
    assert set(RESERVED) == {MEAN, TOTAL}

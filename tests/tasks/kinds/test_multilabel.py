"""Multilabel tasks, from each of the three ways to write labels."""

import json

import numpy as np
import polars as pl
import pytest

from mtl.tasks.task import Task

NAN = float("nan")


def test_columns_of_flags_are_missing_entry_by_entry(fit):
    columns = {"red": [1, 0, None], "big": [True, None, False]}
    task = fit({"kind": "multilabel", "target": ["red", "big"]}, **columns)

    labels = task.encode(pl.DataFrame(columns))

    assert labels.dtype == np.float32
    np.testing.assert_array_equal(labels, [[1, 1], [0, NAN], [NAN, 0]])
    assert task.class_names == ("red", "big")
    assert (task.units, task.activation) == (2, "sigmoid")


@pytest.mark.parametrize(
    ("config", "values"),
    [
        ({"separator": "|"}, ["red | big", "", None, "big"]),
        ({}, [["red", "big"], [], None, ["big"]]),
    ],
)
def test_text_and_lists_are_missing_row_by_row(fit, config, values):
    task = fit({"kind": "multilabel", **config}, y=values)

    labels = task.encode(pl.DataFrame({"y": values}, schema_overrides=None))

    assert task.class_names == ("big", "red")
    np.testing.assert_array_equal(labels, [[1, 1], [0, 0], [NAN, NAN], [1, 0]])


def test_an_unknown_label_is_left_out_with_a_warning(fit, caplog):
    task = fit({"kind": "multilabel", "separator": ","}, y=["a,b", "a", "b"])

    labels = task.encode(pl.DataFrame({"y": ["a,c", "c"]}))

    np.testing.assert_array_equal(labels, [[1, 0], [0, 0]])
    assert "'c' (2)" in caplog.text


def test_decoding_joins_the_labels_above_one_half(fit):
    task = fit({"kind": "multilabel", "separator": "; "}, y=["a; b", "a", "b"])

    columns = task.decode(np.array([[0.9, 0.6], [0.1, 0.2]]))

    assert columns["out"].tolist() == ["a; b", ""]
    np.testing.assert_allclose(columns["out_probability_b"], [0.6, 0.2], rtol=1e-6)


def test_a_label_that_does_not_vary_is_a_warning(fit, caplog):
    fit({"kind": "multilabel", "target": ["u", "v"]}, u=[0, 0, 0], v=[0, 1, None])

    assert "these labels do not vary: u" in caplog.text


def test_the_state_restores_the_task_exactly(fit):
    config = {
        "target": "y",
        "kind": "multilabel",
        "separator": "|",
        "class_weights": "balanced",
    }
    task = fit(config, y=["a|b", "a", "a", ""])
    table = pl.DataFrame({"y": ["b", None, "a"]})

    restored = Task.from_state(config, json.loads(json.dumps(task.state())))

    assert restored.fitted == task.fitted
    labels = task.encode(table)
    np.testing.assert_array_equal(restored.encode(table), labels)
    np.testing.assert_array_equal(
        restored.example_weights(table, labels), task.example_weights(table, labels)
    )


@pytest.mark.parametrize(
    ("config", "columns", "words"),
    [
        ({}, {"y": ["a|b"]}, ["tasks.out.separator", "is text"]),
        ({}, {"y": [1, 2]}, ["Int64", "list of columns"]),
        ({"separator": "|"}, {"y": [None, None]}, ["all 2 labels", "missing"]),
        ({"separator": "|"}, {"y": ["", ""]}, ["no row of column 'y' has a label"]),
        ({"separator": "|"}, {"y": [["a"]]}, ["tasks.out.separator", "holds lists"]),
        ({"target": ["u", "v"]}, {"u": [0, 2], "v": [0, 1]}, ["2 in column 'u', row 2"]),
        ({"target": ["u", "v"]}, {"u": ["x"], "v": [1]}, ["'x' in column 'u', row 1"]),
        ({"target": ["u", "v"]}, {"u": [0, 0], "v": [1, 1]}, ["no label is both"]),
        ({"target": ["u", "v"]}, {"u": [None], "v": [None]}, ["u, v are missing"]),
        ({"target": ["u", "v"], "separator": ","}, {"u": [0], "v": [1]}, ["out.separator"]),
    ],
)
def test_a_target_that_is_not_multilabel_is_refused(refusal, config, columns, words):
    message = refusal({"kind": "multilabel", **config}, **columns)

    for word in words:
        assert word in message

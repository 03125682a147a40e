"""Categorical tasks."""

import json

import numpy as np
import polars as pl
import pytest

from mtl.tasks.task import Task

NAN = float("nan")


def test_classes_are_sorted_and_numbered(fit):
    task = fit({"kind": "categorical"}, y=["pear", "apple", None, "fig", "apple"])

    labels = task.encode(pl.DataFrame({"y": ["fig", None, "apple", "pear"]}))

    assert task.class_names == ("apple", "fig", "pear")
    assert (task.units, task.activation) == (3, "softmax")
    assert task.loss_name == "sparse_categorical_crossentropy"
    assert labels.dtype == np.float32
    np.testing.assert_array_equal(labels, [1, NAN, 0, 2])


def test_whole_numbers_are_sorted_as_numbers_and_decoded_as_such(fit):
    task = fit({"kind": "categorical"}, y=[10.0, 9.0, NAN, 2.0, 9.0])

    columns = task.decode(np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]))

    assert task.class_names == ("2", "9", "10")
    assert columns["out"].tolist() == [10, 2]
    np.testing.assert_allclose(columns["out_probability_9"], [0.2, 0.3], rtol=1e-6)
    assert list(columns) == [
        *("out", "out_probability_2", "out_probability_9", "out_probability_10")
    ]


def test_unknown_classes_are_missing_with_one_warning_that_counts_them(fit, caplog):
    task = fit({"kind": "categorical"}, y=["a", "b", "a"])

    labels = task.encode(pl.DataFrame({"y": ["c", "a", "d", "c", None]}))

    np.testing.assert_array_equal(labels, [NAN, 0, NAN, NAN, NAN])
    assert len(caplog.records) == 1
    assert "3 labels" in caplog.text
    assert "'c' (2), 'd' (1)" in caplog.text


def test_as_many_classes_as_rows_is_a_warning(fit, caplog):
    fit({"kind": "categorical"}, y=["x1", "x2", "x3", None])

    assert "each of the 3 labels of column 'y' is a class of its own" in caplog.text


def test_the_state_restores_the_task_exactly(fit):
    config = {"target": "y", "kind": "categorical", "class_weights": {"a": 2.5}}
    task = fit(config, y=["a", "b", "a"])

    restored = Task.from_state(config, json.loads(json.dumps(task.state())))

    assert restored.fitted == task.fitted
    table = pl.DataFrame({"y": ["b", "a", None]})
    labels = restored.encode(table)
    np.testing.assert_array_equal(labels, [1, 0, NAN])
    assert restored.example_weights(table, labels)[:2].tolist() == [1, 2.5]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([None, None], ["all 2 labels of column 'y' are missing"]),
        (["a", "a"], ["every label of column 'y' is 'a'", "at least two classes"]),
        ([1.5, 2.0], ["1.5 in column 'y', row 1", "kind regression"]),
        ([1.0, float("inf")], ["inf in column 'y', row 2"]),
    ],
)
def test_a_target_that_is_not_categorical_is_refused(refusal, values, words):
    message = refusal({"kind": "categorical"}, y=values)

    for word in words:
        assert word in message

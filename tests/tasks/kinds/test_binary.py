"""Binary tasks: from two values, or derived."""

import json

import numpy as np
import polars as pl
import pytest

from mtl.errors import DataError
from mtl.tasks.task import Task

NAN = float("nan")


def encoded(task, **columns):
    return task.encode(pl.DataFrame(columns, strict=False)).tolist()


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([False, True, None], ("false", "true")),
        ([0, 1, None], ("0", "1")),
        ([0.0, 1.0, NAN], ("0", "1")),
        (["no", "yes", None], ("no", "yes")),
        ([1, 2, None], ("1", "2")),
    ],
)
def test_the_later_of_two_values_is_positive(fit, values, classes):
    task = fit({"kind": "binary"}, y=values)

    labels = task.encode(pl.DataFrame({"y": values}, strict=False))

    assert labels.dtype == np.float32
    np.testing.assert_array_equal(labels, [0, 1, NAN])
    assert task.class_names == classes
    assert (task.units, task.activation, task.loss_name) == (1, "sigmoid", "binary_crossentropy")
    assert task.metric_names == ("accuracy", "auc")


def test_above_the_median_is_strict_and_of_the_training_split(fit):
    task = fit({"kind": "binary", "above": "median"}, y=[1, 2, 3, 4, 100, None])

    assert task.fitted.threshold == 3.0
    np.testing.assert_array_equal(encoded(task, y=[3, 4, 2, None, 3.5]), [0, 1, 0, NAN, 1])


def test_above_the_mean_and_a_number(fit):
    assert fit({"kind": "binary", "above": "mean"}, y=[0, 0, 9]).fitted.threshold == 3.0
    assert encoded(fit({"kind": "binary", "above": 5}, y=[0, 9]), y=[5, 6]) == [0, 1]


def test_equals_compares_text_numbers_and_truth(fit):
    task = fit({"kind": "binary", "equals": "Never married"}, y=["Never married", "Widowed"])
    np.testing.assert_array_equal(
        encoded(task, y=["Widowed", None, "Never married", "new"]), [0, NAN, 1, 0]
    )
    assert encoded(fit({"kind": "binary", "equals": 2}, y=[1, 2, 3]), y=[2, 7]) == [1, 0]
    assert encoded(fit({"kind": "binary", "equals": 0.5}, y=[0.5, 2.25]), y=[0.5, 1]) == [1, 0]
    assert encoded(fit({"kind": "binary", "equals": True}, y=[True, False]), y=[True]) == [1]


def test_a_value_that_the_training_split_lacks_is_missing_and_named(fit, caplog):
    task = fit({"kind": "binary"}, y=["no", "yes"])

    labels = encoded(task, y=["perhaps", "yes", "perhaps"])

    np.testing.assert_array_equal(labels, [NAN, 1, NAN])
    assert len(caplog.records) == 1
    assert "tasks.out: 2 labels of column 'y'" in caplog.text
    assert "'perhaps' (2)" in caplog.text


def test_truth_written_as_numbers_later_is_understood(fit):
    assert encoded(fit({"kind": "binary"}, y=[True, False]), y=[1, 0]) == [1, 0]
    assert encoded(fit({"kind": "binary"}, y=[1, 0]), y=[True, False]) == [1, 0]


def test_decoding_gives_the_class_and_the_probability(fit):
    task = fit({"kind": "binary"}, y=["no", "yes"])

    columns = task.decode(np.array([[0.9], [0.5], [0.2]]))

    assert columns["out"].tolist() == ["yes", "no", "no"]
    np.testing.assert_allclose(columns["out_probability"], [0.9, 0.5, 0.2], rtol=1e-6)
    above = fit({"kind": "binary", "above": 5}, y=[0, 9]).decode(np.array([0.9, 0.1]))
    assert above["out"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({}, ["no", "yes", None]),
        ({"above": "mean"}, [0.1, 0.7, 0.1]),
        ({"equals": 0.1}, [0.1, 0.7, None]),
        ({"class_weights": "balanced"}, [0, 1, 1]),
    ],
)
def test_the_state_restores_the_task_exactly(fit, options, values):
    config = {"target": "y", "kind": "binary", **options}
    columns = {"y": values}
    task = fit(config, **columns)
    table = pl.DataFrame(columns)

    restored = Task.from_state(config, json.loads(json.dumps(task.state())))

    assert restored.fitted == task.fitted
    assert restored.state() == task.state()
    labels = task.encode(table)
    np.testing.assert_array_equal(restored.encode(table), labels)
    np.testing.assert_array_equal(
        restored.example_weights(table, labels), task.example_weights(table, labels)
    )


@pytest.mark.parametrize(
    ("config", "values", "words"),
    [
        ({}, [None, None], ["tasks.out.target", "all 2 labels", "'y'", "missing"]),
        ({"above": "median"}, [None, None], ["all 2 labels", "missing"]),
        ({"equals": "a"}, [None, None], ["all 2 labels", "missing"]),
        ({}, [1, 1, None], ["every label of column 'y' is 1", "two values"]),
        ({}, ["a", "b", "c"], ["3 different values", "'a', 'b', 'c'", "kind categorical"]),
        ({}, [0.5, 1.5], ["0.5 in column 'y', row 1", "regression"]),
        ({"above": "median"}, [2, 2, 2], ["tasks.out.above", "no value", "above 2"]),
        ({"above": -1}, [2, 3], ["every value of column 'y' is above -1"]),
        ({"above": "median"}, ["a", "b"], ["tasks.out.above", "String", "column of numbers"]),
        ({"above": "median"}, [True, False], ["Boolean", "column of numbers"]),
        ({"above": "median"}, [1, float("inf")], ["inf in column 'y', row 2", "finite"]),
        ({"above": "medain"}, [1, 2], ["tasks.out.above", "'medain'", "`median`"]),
        ({"equals": "maried"}, ["married", "widowed"], ["no value", "Did you mean 'married'?"]),
        ({"equals": "married"}, ["married", None], ["every value", "other values"]),
        ({"equals": 1, "above": 1}, [1, 2], ["`above` and `equals` together"]),
        ({"target": ["y", "z"]}, [0, 1], ["2 columns with kind binary"]),
        ({"target": "x"}, [0, 1], ["no column 'x'"]),
        ({}, [["a"], ["b"]], ["holds lists", "kind multilabel"]),
    ],
)
def test_a_target_that_is_not_binary_is_refused(refusal, config, values, words):
    message = refusal({"kind": "binary", **config}, y=values)

    for word in words:
        assert word in message


def test_the_row_in_the_users_table_is_named(fit):
    task = fit({"kind": "binary", "above": 1}, y=[0, 5])

    with pytest.raises(DataError, match="'many' in column 'y', row 41"):
        task.encode(pl.DataFrame({"y": ["3", "many"]}), rows=np.array([7, 40]))

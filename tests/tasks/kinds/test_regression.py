"""Regression tasks and their transforms."""

import json
import math

import numpy as np
import polars as pl
import pytest

from mtl.errors import DataError
from mtl.tasks.task import Task

NAN = float("nan")


def test_numbers_are_taken_as_they_are(fit):
    task = fit({"kind": "regression"}, y=[1.5, None, -2])

    labels = task.encode(pl.DataFrame({"y": [1.5, None, -2.0]}))

    assert labels.dtype == np.float32
    np.testing.assert_array_equal(labels, [1.5, NAN, -2])
    assert (task.units, task.activation, task.class_names) == (1, None, None)
    assert task.metric_names == ("r2", "rmse", "mae")


def test_transforms_are_applied_in_order_and_undone(fit):
    values = [0.0, math.e - 1, math.e**2 - 1, NAN]
    task = fit({"kind": "regression", "transform": ["log1p", "standardise"]}, y=values)

    labels = task.encode(pl.DataFrame({"y": values}))

    scale = math.sqrt(2 / 3)
    np.testing.assert_allclose(labels, [-1 / scale, 0, 1 / scale, NAN], atol=1e-6)
    decoded = task.decode(labels[:3, None])["out"]
    np.testing.assert_allclose(decoded, values[:3], atol=1e-5)


@pytest.mark.parametrize(
    ("transform", "values", "expected"),
    [
        ("log1p", [0, 3], [0, math.log(4)]),
        ("sqrt", [0, 9], [0, 3]),
        ("log", [1, math.e], [0, 1]),
        ("standardise", [2, 4], [-1, 1]),
    ],
)
def test_each_transform(fit, transform, values, expected):
    task = fit({"kind": "regression", "transform": transform}, y=values)

    labels = task.encode(pl.DataFrame({"y": values}, strict=False))

    np.testing.assert_allclose(labels, expected, atol=1e-6)
    np.testing.assert_allclose(task.decode(labels)["out"], values, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("transform", ["log1p", "sqrt"])
def test_a_prediction_below_the_range_gives_the_smallest_target(fit, transform):
    task = fit({"kind": "regression", "transform": transform}, y=[0, 3])

    assert task.decode(np.array([-1.5]))["out"].tolist() == [0]


def test_several_columns_have_a_unit_each(fit):
    columns = {"a": [0.0, 2.0, None], "b": [10.0, None, 30.0]}
    config = {"kind": "regression", "target": ["a", "b"], "transform": "standardise"}
    task = fit(config, **columns)

    labels = task.encode(pl.DataFrame(columns))

    np.testing.assert_allclose(labels, [[-1, -1], [1, NAN], [NAN, 1]])
    decoded = task.decode(np.array([[0.0, 1.0]]))
    assert {name: values.tolist() for name, values in decoded.items()} == {
        "out_a": [1.0],
        "out_b": [30.0],
    }


def test_a_constant_target_is_a_warning_and_stays_finite(fit, caplog):
    task = fit({"kind": "regression", "transform": "standardise"}, y=[7, 7])

    assert "every label of column 'y' is 7" in caplog.text
    assert task.encode(pl.DataFrame({"y": [7, 8]})).tolist() == [0, 1]


def test_the_state_restores_the_task_exactly(fit):
    config = {"target": "y", "kind": "regression", "transform": ["sqrt", "standardise"]}
    task = fit(config, y=[0.1, 0.7, 123.456])

    restored = Task.from_state(config, json.loads(json.dumps(task.state())))

    assert restored.fitted == task.fitted


@pytest.mark.parametrize(
    ("config", "values", "words"),
    [
        ({}, [None, None], ["all 2 labels of column 'y' are missing"]),
        ({}, ["1.5", "many", "few"], ["'many' in column 'y', row 2", "2 values are none"]),
        ({}, [1, -math.inf], ["-inf in column 'y', row 2", "finite"]),
        ({}, [1e39, 1], ["1e+39 in column 'y', row 1", "float32"]),
        ({"transform": "log1p"}, [1, -3], ["tasks.out.transform", "-3 in", "row 2", "'log1p'"]),
        ({"transform": "sqrt"}, [-1, 3], ["-1 in column 'y', row 1", "of 0 or more"]),
        ({"transform": "log"}, [0, 3], ["0 in column 'y', row 1", "above 0"]),
        ({"transform": ["standardise", "sqrt"]}, [1, 3], ["1 in column 'y'", "'sqrt'"]),
        ({"transform": "log2p"}, [1, 3], ["no transform 'log2p'", "Did you mean 'log1p'?"]),
        ({"transform": 3}, [1, 3], ["tasks.out.transform: found 3"]),
        ({"loss": "poisson"}, [-1, 3], ["tasks.out.loss", "'poisson'", "-1", "row 1"]),
    ],
)
def test_a_target_that_cannot_be_predicted_is_refused(refusal, config, values, words):
    message = refusal({"kind": "regression", **config}, y=values)

    for word in words:
        assert word in message


def test_a_negative_value_later_names_its_row(fit):
    task = fit({"kind": "regression", "transform": "log1p"}, y=[1, 3])

    with pytest.raises(DataError, match="-4 in column 'y', row 3"):
        task.encode(pl.DataFrame({"y": [1, 2, -4]}))

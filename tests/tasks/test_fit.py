"""Fitting all tasks of a config."""

import polars as pl
import pytest

from mtl.errors import ConfigError, MtlError
from mtl.tasks.fit import fit_tasks, main_task

TABLE = pl.DataFrame({"n": [1, 2, 3, 4], "page": ["a", "b", "a", "b"], "none": [None] * 4})
SHARES = {"target": "n", "kind": "binary", "above": "median"}


def test_tasks_keep_the_order_of_the_config_and_null_ones_are_left_out():
    tasks = fit_tasks(
        {
            "main": {"target": "n", "kind": "regression"},
            "gone": None,
            "extra": {**SHARES, "weight": 0.2, "auxiliary_of": "main"},
            "idle": {"untrained": True},
            "weightless": {"weight": 0},
        },
        TABLE,
    )

    assert list(tasks) == ["main", "extra"]
    extra = tasks["extra"]
    assert (extra.name, extra.kind, extra.columns) == ("extra", "binary", ("n",))
    assert (extra.weight, extra.auxiliary_of, extra.untrained) == (0.2, "main", False)


def test_every_problem_of_every_task_is_reported():
    with pytest.raises(ConfigError) as caught:
        fit_tasks(
            {
                "a": {"target": "m", "kind": "binary", "loss": "focl"},
                "b": {"target": "page", "kind": "regresion"},
                "c": {"target": "none", "kind": "categorical"},
                "d": {"target": "n", "kind": "regression", "weight": -1},
                "e": SHARES,
            },
            TABLE,
        )

    assert [problem.path for problem in caught.value.problems] == [
        *("tasks.a.loss", "tasks.a.target", "tasks.b.kind", "tasks.c.target", "tasks.d.weight")
    ]
    assert "Did you mean 'regression'?" in str(caught.value)
    assert "the table has no column 'm'" in str(caught.value)


def test_the_main_task_is_the_first_trained_one_that_serves_no_other():
    configs = {
        "first": {**SHARES, "auxiliary_of": "second"},
        "off": {**SHARES, "untrained": True},
        "zero": {**SHARES, "weight": 0},
        "second": SHARES,
        "third": SHARES,
    }

    assert main_task(fit_tasks(configs, TABLE)) == "second"
    assert main_task(fit_tasks({"off": configs["off"]}, TABLE)) == "off"
    with pytest.raises(MtlError, match="no task"):
        main_task({})

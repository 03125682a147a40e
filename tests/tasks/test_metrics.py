"""The best that can be reached on generated data."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import r2_score, roc_auc_score

from mtl.tasks.fit import fit_tasks
from mtl.tasks.metrics import best_possible


@pytest.fixture(scope="module")
def truth():
    rng = np.random.default_rng(1)
    mu = rng.normal(3, 1, 500)
    counts = np.expm1(np.maximum(mu + rng.normal(0, 0.5, 500), 0))
    counts[::9] = np.nan
    return mu, pl.DataFrame({"n": counts}).fill_nan(None)


def best(truth, **config):
    mu, table = truth
    task = fit_tasks({"out": {"target": "n", **config}}, table)["out"]
    encoded = task.encode(table)
    return best_possible(task, mu, encoded), encoded, ~np.isnan(encoded)


def test_the_area_of_a_target_above_a_threshold(truth):
    found, encoded, there = best(truth, kind="binary", above="median")

    assert found == {"auc": pytest.approx(roc_auc_score(encoded[there], truth[0][there]))}
    assert 0.8 < found["auc"] < 1


@pytest.mark.parametrize("transform", ["log1p", ["log1p", "standardise"]])
def test_r2_of_a_regression_on_the_scale_of_what_is_known(truth, transform):
    found, _, there = best(truth, kind="regression", transform=transform)

    logs = np.log1p(truth[1]["n"].to_numpy()[there])
    assert found == {"r2": pytest.approx(r2_score(logs, truth[0][there]), rel=1e-5)}


@pytest.mark.parametrize(
    "config",
    [
        {"kind": "regression"},
        {"kind": "regression", "transform": "sqrt"},
        {"kind": "binary", "above": "median", "metrics": ["accuracy"]},
    ],
)
def test_nothing_is_known_of_other_tasks(truth, config):
    assert best(truth, **config)[0] == {}


def test_one_class_alone_has_no_best(truth):
    mu, table = truth
    task = fit_tasks({"out": {"target": "n", "kind": "binary", "above": 1}}, table)["out"]

    assert best_possible(task, mu, np.ones(len(mu))) == {}

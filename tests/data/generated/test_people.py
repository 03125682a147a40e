import gzip

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from mtl.data.generated.people import people
from mtl.errors import DataError
from tests.data.real import CENSUS, needs_census


def test_is_the_same_for_one_seed_and_another_for_another():
    assert people(rows=30, seed=3).table.equals(people(rows=30, seed=3).table)
    assert not people(rows=30, seed=3).table.equals(people(rows=30, seed=4).table)


def test_a_sixteenth_has_the_larger_income():
    table = people(rows=40_000).table
    assert (table["income_50k"] == "50000+.").mean() == pytest.approx(0.062, abs=0.004)


def test_columns_say_something_about_the_targets_on_another_seed():
    """The world is the same for every seed: what is learnt on one table holds on another."""

    def numbers(seed: int) -> tuple[np.ndarray, np.ndarray]:
        table = people(rows=6000, seed=seed).table
        x = table.select("age", "num_emp", "weeks_worked").to_numpy().astype(float)
        return x, (table["income_50k"] == "50000+.").to_numpy()

    x, income = numbers(0)
    model = LogisticRegression(max_iter=1000).fit((x - x.mean(0)) / x.std(0), income)
    other, answers = numbers(1)
    scores = model.predict_proba((other - x.mean(0)) / x.std(0))[:, 1]
    assert 0.6 < roc_auc_score(answers, scores) < 0.99


@needs_census
def test_has_the_columns_of_the_real_table():
    with gzip.open(CENSUS, "rt") as file:
        names = file.readline().strip().split(",")
    table = people(rows=100).table
    assert set(table.columns) == set(names) - {"instance_weight"}
    real = pl.read_csv(CENSUS, n_rows=2000)
    for target in ("income_50k", "marital_stat", "education"):
        assert set(real[target].unique()) <= set(people(rows=20_000).table[target].unique())


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"seed": -1}])
def test_refuses_arguments_out_of_range(wrong):
    with pytest.raises(DataError, match=next(iter(wrong))):
        people(**wrong)

import re

import numpy as np
import polars as pl
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from mtl.data.generated.headline_grammar import PATTERNS, worth, write
from mtl.data.generated.headlines import headlines
from mtl.data.tables import column_names
from mtl.errors import DataError
from tests.data.real import POSTS, needs_posts

TARGETS = ["num_reactions", "num_comments", "num_shares"]


@pytest.fixture(scope="module")
def generated():
    return headlines(rows=20_000, seed=7)


@pytest.fixture(scope="module")
def logs(generated):
    return np.log1p(generated.table.select(TARGETS).to_numpy().astype(float))


@pytest.fixture(scope="module")
def known(generated):
    return np.stack([generated.known[name] for name in TARGETS], axis=1)


def test_is_the_same_for_one_seed_and_another_for_another(generated):
    again = headlines(rows=20_000, seed=7)
    assert again.table.equals(generated.table)
    assert not headlines(rows=20_000, seed=8).table.equals(generated.table)


def test_is_sorted_by_time_over_ninety_days(generated):
    times = generated.table["status_published"].str.to_datetime("%Y-%m-%d %H:%M:%S", strict=True)
    assert times.is_sorted()
    assert (times.max() - times.min()).days in range(85, 90)


def test_has_24_pages_and_a_few_hundred_words(generated):
    assert generated.table["page"].n_unique() == 24
    text = " ".join(generated.table["link_name"].to_list()).lower()
    assert 300 <= len(set(re.sub(r"[^\w\s]", "", text).split())) <= 800


def test_reactions_are_the_sum_of_the_feelings(generated):
    feelings = generated.table.select("^num_(likes|loves|wows|hahas|sads|angrys)$")
    assert feelings.width == 6
    np.testing.assert_array_equal(feelings.sum_horizontal(), generated.table["num_reactions"])


def test_what_is_known_is_the_mean_and_the_rest_is_noise(logs, known):
    error = logs - known
    np.testing.assert_allclose(error.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(error.std(axis=0), 0.75 * np.array([1, 1.05, 1.2]), rtol=0.02)
    slopes = (error * (known - known.mean(axis=0))).mean(axis=0) / known.var(axis=0)
    np.testing.assert_allclose(slopes, 0, atol=0.02)
    assert (np.corrcoef(error.T) > 0.6).all()


def test_without_noise_everything_is_known():
    generated = headlines(rows=500, noise=0.0)
    reactions = generated.table["num_reactions"].to_numpy()
    np.testing.assert_array_equal(reactions, np.rint(np.expm1(generated.known["num_reactions"])))


def test_the_best_possible_auc_leaves_room_to_learn(logs, known):
    popular = logs[:, 0] > np.median(logs[:, 0])
    assert 0.85 < roc_auc_score(popular, known[:, 0]) < 0.9


def test_words_and_page_each_tell_something_and_not_all(generated, logs, known):
    popular = logs[:, 0] > np.median(logs[:, 0])
    words = CountVectorizer().fit_transform(generated.table["link_name"].to_list())
    learnt = LogisticRegression(max_iter=300, C=0.1).fit(words[:10_000], popular[:10_000])
    from_words = roc_auc_score(popular[10_000:], learnt.decision_function(words[10_000:]))
    means = generated.table.select(pl.col("num_reactions").log1p().mean().over("page")).to_series()
    from_page = roc_auc_score(popular[10_000:], means[10_000:])
    best = roc_auc_score(popular[10_000:], known[10_000:, 0])
    assert 0.65 < from_words < best - 0.1
    assert 0.6 < from_page < best - 0.1


def test_the_order_of_words_matters():
    """The same words count otherwise in another order, so counting words cannot be enough."""
    value = worth()
    acts = write(np.random.default_rng(0), np.zeros(4000, int), value)
    bags = pl.DataFrame(
        {"bag": [" ".join(sorted(text.split())) for text in acts.text], "score": acts.score[:, 0]}
    )
    spread = bags.group_by("bag").agg(pl.col("score").n_unique().alias("scores"))
    assert PATTERNS[0].count("person") == 2
    assert (spread["scores"] > 1).any()


def test_is_the_same_function_for_every_seed():
    """A linear model of page and words, learnt on one table, is as good on another."""
    first, second = headlines(rows=6000, seed=1), headlines(rows=6000, seed=2)
    pages = {
        name: dict(
            each.table.group_by("page").agg(pl.col("num_reactions").log1p().mean()).iter_rows()
        )
        for name, each in (("first", first), ("second", second))
    }
    levels = np.array([[pages[name][page] for page in sorted(pages["first"])] for name in pages])
    assert np.corrcoef(levels)[0, 1] > 0.95


@pytest.mark.parametrize("rows", [1, 2, 13])
def test_makes_small_tables(rows):
    generated = headlines(rows=rows)
    assert generated.table.height == rows
    assert not generated.table["link_name"].has_nulls()


@pytest.mark.parametrize(
    "wrong", [{"rows": 0}, {"seed": -1}, {"noise": -0.1}, {"noise": float("nan")}]
)
def test_refuses_arguments_out_of_range(wrong):
    with pytest.raises(DataError, match=next(iter(wrong))):
        headlines(**wrong)


@needs_posts
def test_has_the_columns_of_the_real_posts(generated):
    assert generated.table.columns == column_names(POSTS)

"""Generated tweets: the same for a seed, and their authors told apart by habits."""

from __future__ import annotations

import polars as pl
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB

from mtl.data.generated.author_words import PATTERNS, SPELLINGS
from mtl.data.generated.authors import authors
from mtl.errors import DataError


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return authors(authors=30, rows=3000, seed=5).table


def test_is_the_same_for_one_seed_and_another_for_another(table: pl.DataFrame) -> None:
    assert authors(authors=30, rows=3000, seed=5).table.equals(table)
    assert not authors(authors=30, rows=3000, seed=6).table.equals(table)


def test_every_author_has_as_many_tweets(table: pl.DataFrame) -> None:
    assert table.columns == ["author", "text"]
    assert set(table["author"].value_counts()["count"]) == {100}


def test_tweets_are_tweets(table: pl.DataFrame) -> None:
    lengths = table["text"].str.len_chars()
    assert 10 <= lengths.min() <= lengths.max() <= 280
    assert table["text"].n_unique() > 2900
    assert not table["text"].str.contains(r"[\[\]{}<>]").any()
    assert len(set("".join(table["text"].to_list()))) < 200


def test_all_spellings_occur(table: pl.DataFrame) -> None:
    used = {word for pattern in PATTERNS for word in pattern.split("[") if "]" in word}
    words = {part.split("]")[0] for part in used}
    assert words == {word for family in SPELLINGS.values() for word in family}
    text = " ".join(table["text"].to_list()).lower()
    assert all(form in text for form in ("colour", "color", "isn't", "is not", "tmrw", " & "))


def test_words_tell_the_author_and_chance_sets_the_limit() -> None:
    def accuracy(slips: float) -> float:
        table = authors(authors=20, rows=2000, seed=1, slips=slips).table
        ngrams = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), lowercase=False)
        texts = ngrams.fit_transform(table["text"].to_list())
        names = table["author"].to_numpy()
        model = MultinomialNB(alpha=0.01).fit(texts[:1500], names[:1500])
        return float(model.score(texts[1500:], names[1500:]))

    assert accuracy(0.0) > 0.95
    assert 0.4 < accuracy(0.5) < 0.6  # half of the tweets and one in 20 of the others


def test_an_author_keeps_the_habits_in_tables_of_other_sizes() -> None:
    few = authors(authors=3, rows=60, seed=2, slips=0.0).table
    many = authors(authors=9, rows=900, seed=2, slips=0.0).table

    def ends(table: pl.DataFrame) -> dict[str, set[str]]:
        return {
            name: set("".join(table.filter(author=name)["text"].to_list()))
            for name in ("author_001", "author_002", "author_003")
        }

    for name, characters in ends(few).items():
        assert characters <= ends(many)[name] | set("0123456789")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"authors": 0}, "authors=0. Expected 1 or more"),
        ({"rows": 0}, "rows=0. Expected 1 or more"),
        ({"seed": -1}, "seed=-1. Expected 0 or more"),
        ({"slips": 1.5}, "slips=1.5. Expected 0 to 1"),
    ],
)
def test_arguments_out_of_range_are_explained(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        authors(**arguments)

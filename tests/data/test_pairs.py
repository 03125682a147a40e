"""Drawing pairs of rows."""

import numpy as np
import polars as pl
import pytest

from mtl.config.check.sections import described_columns, single
from mtl.data.dataset import load_dataset
from mtl.data.pairs import Pairs, paired
from mtl.errors import ConfigError, DataError

# Groups of 4, 3, 2 and 1 rows, and a row that belongs to none.
TABLE = pl.DataFrame({"id": range(11), "author": [*"aaaabbbccd", None]})
MANY = pl.DataFrame({"id": range(400), "author": [f"a{i % 37}" for i in range(400)]})


def draw(table=TABLE, count=2000, number=1, seed=(0,)):
    return Pairs(table, "author", count, seed).draw(number)


def test_half_of_the_pairs_are_of_one_group_and_none_is_of_one_row():
    pairs = draw()
    assert pairs.columns == ["id_a", "author_a", "id_b", "author_b", "same"]
    assert pairs["same"].sum() == 1000
    assert (pairs["id_a"] != pairs["id_b"]).all()
    np.testing.assert_array_equal(pairs["author_a"] == pairs["author_b"], pairs["same"])
    assert pairs["author_a"].null_count() == pairs["author_b"].null_count() == 0


def test_every_possible_pair_is_drawn_as_often_as_it_should_be():
    pairs = draw(count=60_000)
    for same, firsts in ((True, 9), (False, 10)):
        part = pairs.filter(pl.col("same") == same)
        counts = part.group_by("id_a").len()["len"]
        assert len(counts) == firsts
        np.testing.assert_allclose(counts / len(part), 1 / firsts, rtol=0.1)
    # Of a row of the group of 4 the partner is each of 3 others, or each of 6 of other groups.
    for same, partners in ((True, 3), (False, 6)):
        part = pairs.filter((pl.col("id_a") == 0) & (pl.col("same") == same))
        counts = part.group_by("id_b").len()["len"]
        assert len(counts) == partners
        np.testing.assert_allclose(counts / len(part), 1 / partners, rtol=0.25)


def test_draws_differ_and_can_be_repeated():
    assert draw(number=1).equals(draw(number=1))
    assert not draw(number=1).equals(draw(number=2))
    assert not draw(seed=(0,)).equals(draw(seed=(1,)))


def test_pairs_of_one_group_do_not_stand_together():
    same = draw()["same"].to_numpy()
    assert 400 < same[:1000].sum() < 600


@pytest.mark.parametrize(("authors", "found"), [("aaaa", "1 values"), ("abcd", "4 values")])
def test_pairs_need_two_groups_and_a_partner(authors, found):
    with pytest.raises(DataError, match=f"{found} of the column 'author'"):
        draw(pl.DataFrame({"author": list(authors)}))


def data(**changes):
    return {
        "path": None,
        "columns": {"text": {"kind": "characters", "length": 4}},
        "pairs": {"group": "author", "rows": None, "seed": 0},
        "split": {"by": "group", "column": "author", "validation": 0.2, "test": 0.2, "seed": 0},
        **changes,
    }


def tweets():
    return MANY.with_columns(text=pl.col("id").cast(pl.String))


def test_a_dataset_of_pairs_holds_out_groups():
    dataset = load_dataset(data(), tweets())
    authors = {
        split: {*dataset.part(split)["author_a"], *dataset.part(split)["author_b"]}
        for split in ("training", "validation", "test")
    }
    assert not authors["training"] & authors["test"]
    assert not authors["training"] & authors["validation"]
    assert len(authors["training"]) == 22
    counts = MANY["author"].is_in(list(authors["training"])).sum()
    assert dataset.part("training").height == counts


def test_a_dataset_of_pairs_may_hold_out_rows_instead():
    split = {"by": "random", "validation": 0.2, "test": 0.2, "seed": 0}
    dataset = load_dataset(data(split=split), tweets())
    rows = [{*dataset.part(name)["id_a"], *dataset.part(name)["id_b"]} for name in dataset.splits]
    assert not rows[0] & rows[1]
    assert not rows[0] & rows[2]


def test_training_pairs_are_drawn_anew_from_the_same_rows():
    dataset = load_dataset(data(), tweets())
    assert dataset.redraw(1).equals(dataset.part("training"))
    second = dataset.redraw(2)
    assert not second.equals(dataset.part("training"))
    assert second.height == dataset.part("training").height
    assert set(second["author_a"]) <= {*dataset.part("training")["author_a"]}


def test_the_number_of_training_pairs_may_be_given():
    dataset = load_dataset(data(pairs={"group": "author", "rows": 50}), tweets())
    assert dataset.part("training").height == 50
    assert dataset.part("test").height > 50


def test_an_unknown_group_is_named_with_the_nearest():
    with pytest.raises(ConfigError, match=r"data.pairs.group: .*'auther'.* Did you mean 'author'"):
        load_dataset(data(pairs={"group": "auther"}), tweets())


def test_the_nearest_group_is_found_among_all_columns_of_a_file(tmp_path):
    path = tmp_path / "tweets.csv"
    tweets().write_csv(path)
    wrong = data(path=str(path), pairs={"group": "auther"}, split={"by": "random"})
    with pytest.raises(ConfigError, match=r"Did you mean 'author'\? Known: author, id, text\."):
        load_dataset(wrong, needed={"text_a", "text_b", "same"})


@pytest.mark.parametrize("nobody", [None, "", "  "])
def test_rows_without_a_group_are_left_out_before_the_split(nobody):
    rows = pl.DataFrame({"id": [900, 901], "author": [nobody, nobody], "text": ["a", "b"]})
    dataset = load_dataset(data(), pl.concat([rows, tweets()], how="vertical_relaxed"))
    assert dataset.part("test").equals(load_dataset(data(), tweets()).part("test"))
    assert dataset.unpaired.height == dataset.part("training").height
    assert not dataset.unpaired["id"].is_in([900, 901]).any()


def test_a_table_of_rows_is_paired_and_one_of_pairs_left_alone():
    pairs = {"group": "author"}
    made = paired(TABLE, pairs)
    assert made.height == 10
    assert paired(made, pairs) is made
    assert paired(TABLE, None) is TABLE


def test_columns_of_pairs_are_those_of_rows_with_sides():
    assert [single(name) for name in ("text_a", "text_b", "other")] == ["text", "text", "other"]


def test_a_column_stands_for_both_rows_of_a_pair():
    number = {"kind": "numeric"}
    described = described_columns(
        {"data": {**data(), "columns": {"text": {"kind": "text", "length": 4}, "n": number}}}
    )
    text = {"kind": "text", "length": 4}
    assert described == {"text_a": text, "text_b": text, "n_a": number, "n_b": number}
    assert described_columns({"data": {"columns": {"n": number}}}) == {"n": number}


def test_preparations_are_learnt_from_each_training_row_once_for_both_sides():
    dataset = load_dataset(data(pairs={"group": "author", "rows": 10}), tweets())
    learnt = dataset.to_learn_from()
    rows = {*dataset.unpaired["id"]}
    assert learnt["id_a"].equals(learnt["id_b"], check_names=False)
    assert len(learnt) == len(rows) == dataset.unpaired.height
    assert {*dataset.redraw(3)["id_a"], *dataset.redraw(3)["id_b"]} <= rows

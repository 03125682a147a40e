import numpy as np
import polars as pl
import pytest
from sklearn.model_selection import train_test_split

from mtl.data.splits import split_rows
from mtl.errors import ConfigError, DataError

FRACTIONS = {"validation": 0.2, "test": 0.1}


def _sizes(splits):
    return {name: len(rows) for name, rows in splits.items()}


def _covers(splits, count):
    return sorted(np.concatenate(list(splits.values())).tolist()) == list(range(count))


def test_random_is_seeded_and_covers_every_row():
    table = pl.DataFrame({"x": range(100)})
    first, again, other = (
        split_rows(table, {"by": "random", "seed": seed, **FRACTIONS}) for seed in (3, 3, 4)
    )
    assert _sizes(first) == {"training": 70, "validation": 20, "test": 10}
    assert _covers(first, 100)
    for name, rows in first.items():
        np.testing.assert_array_equal(rows, again[name])
        assert (np.diff(rows) > 0).all()
    assert first["test"].tolist() != other["test"].tolist()


def test_stratified_keeps_proportions():
    table = pl.DataFrame({"label": (["a"] * 7 + ["b"] * 2 + [None]) * 10})
    splits = split_rows(table, {"by": "stratified", "column": "label", **FRACTIONS})
    assert _covers(splits, 100)
    for rows, size in zip(splits.values(), (7, 2, 1), strict=True):
        counts = table["label"][rows].fill_null("-").value_counts()
        assert dict(counts.iter_rows()) == {"a": 7 * size, "b": 2 * size, "-": size}


def test_stratified_is_scikit_learns():
    labels = np.random.default_rng(0).integers(3, size=200)
    splits = split_rows(
        pl.DataFrame({"label": labels}),
        {"by": "stratified", "column": "label", "test": 0.25, "seed": 5},
    )
    _, test = train_test_split(np.arange(200), test_size=0.25, stratify=labels, random_state=5)
    np.testing.assert_array_equal(splits["test"], np.sort(test))


def test_stratified_names_the_rare_value():
    table = pl.DataFrame({"label": ["a"] * 10 + ["odd"]})
    with pytest.raises(DataError, match="'label' holds 'odd' in 1 of its 11 rows"):
        split_rows(table, {"by": "stratified", "column": "label", **FRACTIONS})


def test_stratified_says_that_a_split_is_too_small():
    table = pl.DataFrame({"label": [*"abcdefgh"] * 3})
    with pytest.raises(DataError, match="cannot be kept in proportion"):
        split_rows(table, {"by": "stratified", "column": "label", **FRACTIONS})


def test_time_puts_the_latest_rows_last_whatever_their_order():
    days = np.random.default_rng(0).permutation(100)
    times = pl.Series("at", np.datetime64("2016-01-01") + days)
    spelt = {
        "at": times,
        "text": times.dt.strftime("%Y-%m-%d"),
        "european": times.dt.strftime("%d.%m.%Y"),
        "number": days,
    }
    table = pl.DataFrame(spelt)
    for column in spelt:
        splits = split_rows(
            table,
            {"by": "time", "column": column, **FRACTIONS},
            time_format="%d.%m.%Y" if column == "european" else None,
        )
        assert _covers(splits, 100)
        assert sorted(days[splits["validation"]]) == list(range(70, 90))
        assert sorted(days[splits["test"]]) == list(range(90, 100))


def test_rows_of_one_time_go_to_the_later_split_together():
    table = pl.DataFrame({"at": [0, 1, 2, 3, 3, 3, 4, 5, 5, 5]})
    splits = split_rows(table, {"by": "time", "column": "at", "validation": 0.4, "test": 0.2})
    assert {name: rows.tolist() for name, rows in splits.items()} == {
        "training": [0, 1, 2],
        "validation": [3, 4, 5, 6],
        "test": [7, 8, 9],
    }


def test_time_names_the_row_without_one():
    table = pl.DataFrame({"at": ["2016-01-01", " ", None]})
    with pytest.raises(DataError, match=r"Row 2 of column 'at' is empty \(2 rows are\)"):
        split_rows(table, {"by": "time", "column": "at", **FRACTIONS})


def test_time_names_the_row_of_something_else():
    table = pl.DataFrame({"at": ["2016-01-01", "soon"]})
    with pytest.raises(DataError, match="Row 2 of column 'at' holds 'soon'"):
        split_rows(table, {"by": "time", "column": "at", **FRACTIONS})


def test_one_time_for_all_rows_leaves_nothing_to_train():
    table = pl.DataFrame({"at": ["2016-01-01"] * 10})
    with pytest.raises(DataError, match="split is empty"):
        split_rows(table, {"by": "time", "column": "at", **FRACTIONS})


def test_no_group_is_on_both_sides():
    groups = np.random.default_rng(0).integers(20, size=500)
    table = pl.DataFrame({"page": groups})
    splits = split_rows(table, {"by": "group", "column": "page", **FRACTIONS})
    assert _covers(splits, 500)
    found = [set(groups[rows]) for rows in splits.values()]
    assert [len(each) for each in found] == [14, 4, 2]
    assert len(set.union(*found)) == 20
    again = split_rows(table, {"by": "group", "column": "page", "seed": 0, **FRACTIONS})
    np.testing.assert_array_equal(splits["test"], again["test"])


def test_three_groups_are_enough_for_three_splits():
    table = pl.DataFrame({"page": ["a", "b", "c", "a"]})
    splits = split_rows(table, {"by": "group", "column": "page", **FRACTIONS})
    assert sorted(_sizes(splits)) == ["test", "training", "validation"]
    with pytest.raises(DataError, match=r"2 distinct values. Expected at least 3 groups"):
        split_rows(table.head(2), {"by": "group", "column": "page", **FRACTIONS})


def test_a_row_without_a_group_is_named():
    with pytest.raises(DataError, match="Row 2 of column 'page' is empty"):
        split_rows(pl.DataFrame({"page": ["a", None]}), {"by": "group", "column": "page"})


def test_a_column_may_say_the_split():
    table = pl.DataFrame({"part": ["test", "training", "training", "validation"]})
    splits = split_rows(table, {"by": "column", "column": "part", **FRACTIONS})
    assert {name: rows.tolist() for name, rows in splits.items()} == {
        "training": [1, 2],
        "validation": [3],
        "test": [0],
    }


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["training", "Test"], "Row 2 of column 'part' holds 'Test'.*Did you mean 'test'"),
        (["training", None], "Row 2 of column 'part' is empty"),
        (["test", "test"], "names no training row"),
    ],
)
def test_refuses_what_says_no_split(values, message):
    with pytest.raises(DataError, match=message):
        split_rows(pl.DataFrame({"part": values}), {"by": "column", "column": "part"})


@pytest.mark.parametrize("nothing", [0, 0.0, None])
def test_a_split_may_be_left_out(nothing):
    table = pl.DataFrame({"x": range(10)})
    splits = split_rows(table, {"by": "random", "validation": nothing, "test": 0.5})
    assert _sizes(splits) == {"training": 5, "test": 5}


@pytest.mark.parametrize("by", ["random", "time"])
def test_names_the_empty_split(by):
    table = pl.DataFrame({"x": range(4)})
    with pytest.raises(DataError, match=r"The test split is empty: 0.1 of 4 rows"):
        split_rows(table, {"by": by, "column": "x", "validation": 0.3, "test": 0.1})


@pytest.mark.parametrize(
    ("split", "paths"),
    [
        ({"by": "rand"}, ["data.split.by"]),
        ({}, ["data.split.by"]),
        ({"by": "time"}, ["data.split.column"]),
        ({"by": "group", "column": "pages"}, ["data.split.column"]),
        (
            {"by": "random", "validation": 1.5, "test": "x"},
            ["data.split.validation", "data.split.test"],
        ),
        ({"by": "random", "validation": 0.6, "test": 0.4}, ["data.split"]),
        ({"by": "random", "validation": -0.1}, ["data.split.validation"]),
        ({"by": "random", "validation": True}, ["data.split.validation"]),
    ],
)
def test_refuses_a_wrong_section_with_its_path(split, paths):
    with pytest.raises(ConfigError) as caught:
        split_rows(pl.DataFrame({"page": range(10)}), split)
    assert [problem.path for problem in caught.value.problems] == paths


def test_names_the_nearest_way_and_column():
    table = pl.DataFrame({"page": range(10)})
    with pytest.raises(ConfigError, match="Did you mean 'random'"):
        split_rows(table, {"by": "randm"})
    with pytest.raises(ConfigError, match="Did you mean 'page'"):
        split_rows(table, {"by": "group", "column": "pages"})

import numpy as np
import polars as pl
import pytest

from mtl.data.columns.categorical import Categorical
from mtl.data.tables import read_table
from mtl.errors import DataError

PAGES = pl.Series("page", ["b", "a", "c", "b", "a", "b"])
NEW = pl.Series("page", ["a", "b", "new", None])


def _apply(column, training, values, target=None):
    values = column.raw(values, column.raw_dtype(training))
    for layer in column.fit(training, target).layers:
        values = layer(values)
    return np.asarray(values)


def test_ids_go_by_frequency_and_0_is_unknown():
    np.testing.assert_array_equal(_apply(Categorical(), PAGES, NEW), [2, 1, 0, 0])
    assert Categorical().fit(PAGES, None).vocabulary_size == 4


def test_equally_frequent_ones_go_by_name():
    training = pl.Series("page", ["b", "a"])
    np.testing.assert_array_equal(_apply(Categorical(), training, training), [2, 1])


def test_one_hot_has_the_unknown_category_first():
    features = _apply(Categorical(encoding="one_hot"), PAGES, NEW)
    np.testing.assert_array_equal(
        features, [[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
    )


def test_rare_categories_may_be_unknown():
    column = Categorical(vocabulary_size=2)
    np.testing.assert_array_equal(_apply(column, PAGES, PAGES), [1, 0, 0, 1, 0, 1])


def test_missing_is_a_category_where_training_has_it():
    training = pl.Series("page", ["a", None, "a"])
    np.testing.assert_array_equal(_apply(Categorical(), training, NEW), [1, 0, 0, 2])
    numbers = pl.Series("page", [7, None, 7])
    np.testing.assert_array_equal(
        _apply(Categorical(), numbers, pl.Series("page", [None, 7, 8])), [2, 1, 0]
    )


@pytest.mark.parametrize("values", [[3, 5, 3], [3.0, 5.0, 3.0]])
def test_whole_numbers_stay_numbers(values):
    training = pl.Series("code", values)
    assert Categorical().raw_dtype(training) == "int64"
    np.testing.assert_array_equal(_apply(Categorical(), training, training), [1, 2, 1])
    as_text = pl.Series("code", ["5", "3", ""])
    np.testing.assert_array_equal(_apply(Categorical(), training, as_text), [2, 1, 0])


def test_numbers_fit_categories_of_text():
    training = pl.Series("code", ["3", "5", "3"])
    np.testing.assert_array_equal(
        _apply(Categorical(), training, pl.Series("code", [5.0, 3.0])), [2, 1]
    )


def test_a_number_is_spelt_alone_as_it_is_among_others():
    training = pl.Series("code", [1.0, 2.5, 1.0, np.inf, None])
    among = _apply(Categorical(), training, training)
    column = Categorical()
    assert column.raw(training, "string").tolist() == ["1", "2.5", "1", "inf", ""]
    (layer,) = column.fit(training, None).layers
    alone = [layer(column.raw(training[row : row + 1], "string"))[0] for row in range(5)]
    np.testing.assert_array_equal(alone, among)


@pytest.mark.parametrize("value", ["x", "2.5"])
def test_names_the_row_of_no_whole_number(value):
    column, training = Categorical(), pl.Series("code", [3, 5])
    with pytest.raises(DataError, match=rf"Row 2 of column 'code' holds '{value}'"):
        column.raw(pl.Series("code", ["3", value]), column.raw_dtype(training))


def test_booleans_are_categories():
    training = pl.Series("flag", [True, False, True])
    np.testing.assert_array_equal(_apply(Categorical(), training, training), [1, 2, 1])


def test_booleans_are_the_same_from_a_file_and_from_a_frame(tmp_path):
    frame = pl.DataFrame({"flag": [True, False, True, None]})
    (tmp_path / "a.csv").write_text("id,flag\n1,True\n2,False\n3,True\n4,\n")
    config = {"flag": {"kind": "categorical"}}
    from_file = read_table(tmp_path / "a.csv", columns_config=config)["flag"]
    for training in (frame["flag"], from_file):
        for values in (frame["flag"], from_file):
            np.testing.assert_array_equal(_apply(Categorical(), training, values), [1, 3, 1, 2])


def test_target_mean_is_that_of_the_categorys_rows():
    target = np.array([1, 0, np.nan, 1, 1, 0], np.float32)  # b: 1, 1, 0; a: 0, 1; c: none
    means = _apply(
        Categorical(encoding="target_mean"),
        PAGES,
        pl.Series("page", ["b", "a", "c", "z", None]),
        target,
    )
    np.testing.assert_allclose(means[:, 0], [2 / 3, 1 / 2, 3 / 5, 3 / 5, 3 / 5], rtol=1e-6)


def test_target_mean_of_several_labels():
    target = np.array([[1, 0], [0, 1], [0, 0], [1, 1], [0, 1], [1, 1]], np.float32)
    means = _apply(
        Categorical(encoding="target_mean"), PAGES, pl.Series("page", ["b", "z"]), target
    )
    np.testing.assert_allclose(means, [[1, 2 / 3], [1 / 2, 2 / 3]], rtol=1e-6)


def test_smoothing_draws_towards_the_overall_mean():
    target = np.array([1, 0, 0, 1, 0, 1], np.float32)  # overall 1/2; b: 3 of 3, a: 0 of 2
    column = Categorical(encoding="target_mean", smoothing=2)
    means = _apply(column, PAGES, pl.Series("page", ["b", "a", "z"]), target)
    np.testing.assert_allclose(means[:, 0], [(3 + 1) / 5, (0 + 1) / 4, 1 / 2], rtol=1e-6)


def test_target_mean_needs_labels():
    column = Categorical(encoding="target_mean")
    with pytest.raises(DataError, match="no training row has a label"):
        column.fit(PAGES, np.full(6, np.nan))
    with pytest.raises(DataError, match="no task to take the mean of"):
        column.fit(PAGES, None)


def test_the_name_of_the_unknown_category_may_occur():
    training = pl.Series("page", ["[UNK]", "a"])
    np.testing.assert_array_equal(_apply(Categorical(), training, training), [0, 1])


def test_refuses_a_column_without_values():
    with pytest.raises(DataError, match="'page' is empty in all 2"):
        Categorical().fit(pl.Series("page", [None, ""]), None)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"encoding": "onehot"}, "encoding"),
        ({"vocabulary_size": 1}, "vocabulary_size"),
        ({"smoothing": -1}, "smoothing"),
    ],
)
def test_names_options_out_of_range(options, wrong):
    assert [name for name, _ in Categorical(**options).wrong_options()] == [wrong]

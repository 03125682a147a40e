import logging

import numpy as np
import polars as pl
import pytest

from mtl.data.columns.numeric import Numeric
from mtl.errors import DataError

AGES = pl.Series("age", [1.0, 3.0, None, 5.0])  # mean 3, variance 8/3


def _features(column, training, values):
    values = column.raw(values, column.raw_dtype(training))
    for layer in column.fit(training, None).layers:
        values = layer(values)
    return np.asarray(values)


def test_standardises_and_flags_what_is_missing():
    features = _features(Numeric(), AGES, pl.Series("age", [5.0, None, 3.0]))
    np.testing.assert_allclose(features, [[2 / np.sqrt(8 / 3), 0], [0, 1], [0, 0]], rtol=1e-6)


def test_has_no_flag_where_training_misses_nothing():
    features = _features(Numeric(), AGES.drop_nulls(), pl.Series("age", [None, 3.0]))
    np.testing.assert_array_equal(features, [[0], [0]])


@pytest.mark.parametrize(("missing", "width"), [("auto", 2), ("flag", 2), ("mean", 1)])
def test_the_flag_may_be_chosen(missing, width):
    assert _features(Numeric(missing=missing), AGES, AGES).shape == (4, width)


def test_the_flag_may_be_asked_for_without_missing_values():
    training = AGES.drop_nulls()
    assert _features(Numeric(missing="flag"), training, training).shape == (3, 2)


def test_may_keep_the_unit():
    features = _features(Numeric(standardize=False), AGES, pl.Series("age", [7.0, None]))
    np.testing.assert_array_equal(features, [[7, 0], [3, 1]])


def test_reads_text_booleans_and_nan():
    column = Numeric()
    np.testing.assert_array_equal(
        column.raw(pl.Series("x", [" 1e3", "n/a", "NaN", None]), "float64"),
        [1000, np.nan, np.nan, np.nan],
    )
    np.testing.assert_array_equal(column.raw(pl.Series("x", [True, False]), "float64"), [1, 0])
    np.testing.assert_array_equal(column.raw(pl.Series("x", [np.nan, 2.0]), "float64"), [np.nan, 2])


def test_agrees_with_numpy_far_from_zero():
    values = pl.Series("year", np.arange(2000, 2020))
    features = _features(Numeric(), values, values)
    expected = (values.to_numpy() - values.mean()) / values.to_numpy().std()
    np.testing.assert_allclose(features[:, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e39])
def test_names_row_and_column_of_an_infinity(value):
    with pytest.raises(DataError, match=r"Row 2 of column 'age' holds .* finite number"):
        Numeric().check(pl.Series("age", [1.0, value, 2.0]))


def test_names_row_and_column_of_text():
    with pytest.raises(DataError, match=r"Row 3 of column 'age' holds 'old'"):
        Numeric().check(pl.Series("age", ["1", None, "old"]))


def test_refuses_times():
    with pytest.raises(DataError, match="'at' holds values of type Date"):
        Numeric().check(pl.Series("at", ["2016-02-24"]).str.to_date())


@pytest.mark.parametrize("values", [[None, None], [np.nan, np.nan]])
def test_refuses_a_column_without_values(values):
    with pytest.raises(DataError, match="'age' is empty in all 2"):
        Numeric().fit(pl.Series("age", values, dtype=pl.Float64), None)


def test_refuses_text_that_only_spells_missing():
    with pytest.raises(DataError, match="'age' is empty in all"):
        Numeric().fit(pl.Series("age", ["NA", "?"]), None)


def test_warns_of_a_constant_and_stays_finite(caplog):
    training = pl.Series("age", [4.0, None, 4.0])
    with caplog.at_level(logging.WARNING, logger="mtl"):
        features = _features(Numeric(), training, pl.Series("age", [4.0, 6.0]))
    np.testing.assert_array_equal(features, [[0, 0], [2, 0]])
    assert "'age' is 4 in every training row" in caplog.text


def test_what_rounding_leaves_is_a_constant(caplog):
    training = pl.Series("age", [0.1 + 0.2, 0.3, 0.3])
    with caplog.at_level(logging.WARNING, logger="mtl"):
        np.testing.assert_allclose(_features(Numeric(), training, training), 0, atol=1e-12)
    assert "'age' is 0.3 in every training row" in caplog.text


def test_names_options_out_of_range():
    assert [name for name, _ in Numeric(missing="drop").wrong_options()] == ["missing"]
    assert [name for name, _ in Numeric(standardize="yes").wrong_options()] == ["standardize"]

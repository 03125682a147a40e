"""Columns of arrays."""

import numpy as np
import polars as pl
import pytest

from mtl.data.columns import make_column
from mtl.data.preparation import fit_preparation
from mtl.errors import ConfigError, DataError

VALUES = np.arange(24).reshape(2, 3, 4)


def table(values):
    return pl.DataFrame({"grid": pl.Series("grid", values)})


def prepared(values, **options):
    preparation = fit_preparation(
        {"grid": {"kind": "array", **options}},
        {"x": "grid"},
        table(values),
        targets={},
        main_task="t",
    )
    return preparation, preparation.transform(table(values))["x"]


def test_arrays_become_floats_of_their_shape():
    preparation, found = prepared(VALUES)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, VALUES)
    specification = preparation.specifications["x"]
    assert (specification.kind, specification.shape) == ("array", (3, 4))


def test_arrays_are_divided_and_flattened():
    preparation, found = prepared(VALUES.astype(np.uint8), divide_by=2, flatten=True)
    np.testing.assert_array_equal(found, VALUES.reshape(2, 12) / 2)
    assert preparation.model.input["grid"].dtype == "uint8"


@pytest.mark.parametrize("dtype", ["int32", "uint8"])
def test_whole_numbers_keep_their_type(dtype):
    _, found = prepared(VALUES, dtype=dtype)
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found, VALUES)


def test_lists_count_as_arrays():
    lists = pl.Series("grid", VALUES.tolist())
    column = make_column({"kind": "array"}, "p").resolved(lists)
    np.testing.assert_array_equal(column.raw(lists, "float32"), VALUES)


def test_a_size_may_differ_between_tables():
    preparation, _ = prepared(VALUES, shape=[None, 4])
    assert preparation.specifications["x"].shape == (None, 4)
    other = np.ones((5, 7, 4))
    np.testing.assert_array_equal(preparation.transform(table(other))["x"], other)


@pytest.mark.parametrize(
    ("options", "values", "message"),
    [
        ({"shape": [3, 5]}, VALUES, r"arrays of shape \(3, 4\). Expected \(3, 5\)"),
        ({"shape": [None]}, VALUES, r"Expected \(any\)"),
        ({}, np.array([[1.0], [np.nan]]), "Row 2 of column 'grid' holds nan. Expected finite"),
        ({}, np.array([[1.0], [1e39]]), "Row 2 of column 'grid' holds 1e"),
        ({"dtype": "int32"}, np.array([[1.0], [0.5]]), "Row 2 .* 0.5. Expected whole numbers"),
        ({"dtype": "uint8"}, np.array([[256], [0]]), "Row 1 .* 256. Expected .* from 0 to 255"),
    ],
)
def test_values_that_do_not_fit(options, values, message):
    with pytest.raises(DataError, match=message):
        make_column({"kind": "array", **options}, "p").check(table(values)["grid"])


def test_lists_of_different_lengths_and_other_things():
    column = make_column({"kind": "array"}, "p")
    with pytest.raises(DataError, match=r"Row 2 of column 'grid' holds an array of shape \(1,\)"):
        column.check(pl.Series("grid", [[1, 2], [3]]))
    with pytest.raises(DataError, match=r"values of type String. Expected arrays"):
        column.check(pl.Series("grid", ["a"]))
    with pytest.raises(DataError, match="Expected numbers"):
        column.check(pl.Series("grid", [["a"], ["b"]]))


def test_wrong_options():
    options = {"shape": 3, "dtype": "int64", "divide_by": 0, "flatten": 2}
    with pytest.raises(ConfigError) as caught:
        make_column({"kind": "array", **options}, "p")
    paths = [problem.path for problem in caught.value.problems]
    assert paths == ["p.shape", "p.dtype", "p.divide_by", "p.flatten"]
    for shape in ([], [0], [-1], [True], [2.0], ["3"]):
        with pytest.raises(ConfigError, match=r"p\.shape: .*Expected a list of whole numbers of 1"):
            make_column({"kind": "array", "shape": shape}, "p")
    with pytest.raises(ConfigError, match="without null"):
        make_column({"kind": "array", "shape": [None], "flatten": True}, "p")
    with pytest.raises(ConfigError, match="Expected 1: the dtype is int32"):
        make_column({"kind": "array", "dtype": "int32", "divide_by": 2}, "p")

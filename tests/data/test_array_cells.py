"""Columns of arrays and lists as one NumPy array."""

import numpy as np
import polars as pl
import pytest

from mtl.data.arrays import to_array
from mtl.errors import DataError

VALUES = np.arange(24).reshape(2, 3, 4)


@pytest.mark.parametrize(
    "dtype",
    [
        pl.Array(pl.Int64, (3, 4)),
        pl.List(pl.List(pl.Int64)),
        pl.List(pl.Array(pl.Int64, 4)),
        pl.Array(pl.List(pl.Int64), 3),
    ],
)
def test_every_way_of_nesting_gives_the_same(dtype):
    series = pl.Series("x", VALUES.tolist(), dtype=dtype)
    np.testing.assert_array_equal(to_array(series), VALUES)
    assert to_array(series.head(0)).shape[0] == 0


def test_rows_that_were_put_below_each_other():
    series = pl.concat([pl.Series("x", VALUES), pl.Series("x", VALUES)])
    np.testing.assert_array_equal(to_array(series), np.concatenate([VALUES, VALUES]))


@pytest.mark.parametrize("shape", [(28, 28), (6, 6, 3), (5,)])
def test_bytes_are_not_copied(shape):
    series = pl.Series("x", np.zeros((10, *shape), np.uint8))
    assert np.shares_memory(to_array(series), to_array(series))


@pytest.mark.parametrize("dtype", [pl.List(pl.Int64), pl.Array(pl.Int64, 2)])
def test_a_null_inside_a_cell_is_named(dtype):
    series = pl.Series("x", [[1, 2], [3, None]], dtype=dtype)
    with pytest.raises(DataError, match=r"Row 2 of column 'x' holds null at \[1\] of its array"):
        to_array(series)


def test_nulls_deeper_down():
    with pytest.raises(DataError, match=r"Row 2 .* null at \[0, 1\]"):
        to_array(pl.Series("x", [[[1, 2], [3, 4]], [[1, None], [3, 4]]]))
    with pytest.raises(DataError, match=r"Row 2 .* null at \[1\]"):
        to_array(pl.Series("x", [[[1, 2], [3, 4]], [[1, 2], None]]))
    with pytest.raises(DataError, match=r"Row 1 .* null at \[0\]"):
        to_array(pl.Series("x", [[None], [None]]))
    with pytest.raises(DataError, match=r"Row 2 of column 'x' holds None. Expected an array in"):
        to_array(pl.Series("x", [[1], None]))


def test_other_shapes_are_named():
    with pytest.raises(DataError, match=r"Row 2 .* shape \(3,\). Expected \(2,\), as in the first"):
        to_array(pl.Series("x", [[1, 2], [1, 2, 3]]))
    with pytest.raises(DataError, match=r"Row 3 .* shape \(1, 1\). Expected \(1, 2\)"):
        to_array(pl.Series("x", [[[1, 2]], [[1, 2]], [[1]]]))
    with pytest.raises(DataError, match="Row 1 of column 'x' holds lists of different lengths"):
        to_array(pl.Series("x", [[[1, 2], [3]], [[1, 2], [3]]]))


@pytest.mark.parametrize(
    "series",
    [pl.Series("x", [[], []]), pl.Series("x", np.zeros((2, 3, 0))), pl.Series("x", [[[]]])],
)
def test_empty_arrays_are_refused(series):
    with pytest.raises(
        DataError, match=r"Row 1 of column 'x' holds .* Expected an array that is not"
    ):
        to_array(series)

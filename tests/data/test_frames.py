"""Columns whose cells are arrays or lists, from Python objects."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from mtl.data.arrays import to_array
from mtl.data.frames import as_frame
from mtl.errors import DataError

IMAGES = np.arange(20).reshape(2, 5, 2)


def column(values):
    return as_frame({"x": values})["x"]


@pytest.mark.parametrize(
    "values",
    [
        IMAGES,
        IMAGES.tolist(),
        list(IMAGES),
        tuple(map(tuple, IMAGES.tolist())),
        [IMAGES[0], IMAGES[1].tolist()],
        pd.Series(list(IMAGES)),
        pd.Series(IMAGES.tolist()),
    ],
)
def test_arrays_of_one_shape_are_one_array_a_row(values):
    found = column(values)
    assert found.dtype == pl.Array(pl.Int64, (5, 2))
    np.testing.assert_array_equal(to_array(found), IMAGES)


def test_data_frames_of_pandas_may_hold_arrays_and_lists():
    bytes_ = IMAGES.astype(np.uint8)
    frame = pd.DataFrame({"image": list(bytes_), "tags": [["a"], ["b", "c"]], "n": [1, 2]})
    table = as_frame(frame)
    assert table["image"].dtype == pl.Array(pl.UInt8, (5, 2))
    np.testing.assert_array_equal(to_array(table["image"]), bytes_)
    assert table["tags"].to_list() == [["a"], ["b", "c"]]
    assert table["n"].to_list() == [1, 2]


def test_tensors_count_as_arrays():
    import tensorflow as tf

    np.testing.assert_array_equal(
        to_array(column([tf.constant([1, 2]), tf.constant([3, 4])])), [[1, 2], [3, 4]]
    )
    assert column([tf.constant(1), np.array(2)]).to_list() == [1, 2]


def test_missing_cells_between_arrays_stay_missing():
    found = column([None, [1, 2], float("nan"), [3, 4]])
    assert found.dtype == pl.Array(pl.Int64, 2)
    assert found.to_list() == [None, [1, 2], None, [3, 4]]


@pytest.mark.parametrize(
    "values",
    [
        [["a", "b"], ["c", "d"]],
        [["a", "b"], ["c"], [], None],
        [(), ("a",)],
        [np.array(["a", "b"]), np.array(["c", "d"])],
        [["a", None], ["b", "c"]],
        [[b"a"], [b"b"]],
    ],
)
def test_lists_of_text_are_lists(values):
    expected = [
        None if row is None else [v.decode() if isinstance(v, bytes) else v for v in row]
        for row in values
    ]
    found = column(values)
    assert found.dtype == pl.List(pl.String)
    assert found.to_list() == expected


def test_lists_of_numbers_of_different_lengths_are_lists():
    assert column([[1], [2.5, 3]]).to_list() == [[1.0], [2.5, 3.0]]
    assert column([[], []]).to_list() == [[], []]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [[1, 2], 3, [4, 5]],
            r"Row 2 of column 'x' holds 3 \(a number\), and most rows hold a list",
        ),
        (
            [["a", "b"], ["c", 1]],
            r"Row 2 of column 'x' holds 1 \(a number\), and most rows hold str",
        ),
        ([[1, 2], [3, "b"]], r"Row 2 of column 'x' holds 'b' \(str\)"),
        ([[[1], [2]], [[3], 4]], r"Row 2 of column 'x' holds 4 \(a number\)"),
    ],
)
def test_values_of_different_types_are_named(values, message):
    with pytest.raises(DataError, match=message):
        column(values)

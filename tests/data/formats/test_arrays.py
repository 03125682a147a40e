"""Tables in archives of arrays."""

import numpy as np
import pytest

from mtl.data.tables import column_names, read_table
from mtl.errors import DataError


def test_each_array_is_a_column(tmp_path):
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.savez(tmp_path / "data.npz", image=images, label=np.array([3, 5]), name=np.array(["a", "b"]))
    assert column_names(tmp_path / "data.npz") == ["image", "label", "name"]
    table = read_table(tmp_path / "data.npz", needed=["image", "label"])
    assert table.columns == ["image", "label"]
    np.testing.assert_array_equal(table["image"].to_numpy(), images)
    assert table["label"].to_list() == [3, 5]


def test_a_changed_file_is_read_again(tmp_path):
    import os

    path = tmp_path / "data.npz"
    np.savez(path, a=np.array([1]))
    assert read_table(path)["a"].to_list() == [1]
    np.savez(path, a=np.array([2]))
    os.utime(path, ns=(1, 1))
    assert read_table(path)["a"].to_list() == [2]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.zeros(2), "b": np.zeros(3)}, "different lengths: a 2, b 3"),
        ({"a": np.array(1.0)}, "'a' is a single value"),
        ({"a": np.array([{}], dtype=object)}, "without Python objects"),
    ],
)
def test_archives_that_are_no_tables(tmp_path, arrays, message):
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(DataError, match=message):
        read_table(tmp_path / "data.npz")


def test_no_archive(tmp_path):
    (tmp_path / "data.npz").write_text("nothing of the kind")
    with pytest.raises(DataError, match="no whole archive"):
        read_table(tmp_path / "data.npz")
    with pytest.raises(DataError, match="no file"):
        read_table(tmp_path / "gone.npz")
    with (tmp_path / "one.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataError, match="one array without a name"):
        read_table(tmp_path / "one.npz")

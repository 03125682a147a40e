"""Formats that are read as a whole: their names come without reading, and nothing is kept."""

import gc
import json
import os
import weakref

import numpy as np
import polars as pl
import pytest
from scipy.io import savemat

from mtl.data.formats.whole import whole_format
from mtl.data.tables import column_names, read_table
from mtl.errors import DataError

STATES = np.zeros((1, 1))


def easy_vqa(folder):
    folder.mkdir()
    np.savez(folder / "images.npz", images=np.zeros((1, 2, 2, 3), np.uint8), ids=[7])
    (folder / "questions.json").write_text(json.dumps([["any?", "no", 7]]))
    (folder / "answers.txt").write_text("yes\nno\n")
    return folder


def mnist(folder):
    folder.mkdir()
    for part in ("train", "t10k"):
        head = bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1])
        (folder / f"{part}-images-idx3-ubyte").write_bytes(head + b"\x05")
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 1, 3]))
    return folder


def grid_worlds(folder):
    folder.mkdir()
    content = {
        "batch_im_data": np.ones((1, 4)),
        "batch_value_data": np.array([[10, 0, 0, 0]]),
        "state_x_data": STATES,
        "state_y_data": STATES,
        "batch_label_data": STATES,
    }
    savemat(folder / "worlds.mat", content)
    return folder / "worlds.mat"


def archive(folder):
    folder.mkdir()
    np.savez(folder / "data.npz", a=np.array([1]), b=np.array([2]))
    return folder / "data.npz"


@pytest.mark.parametrize("make", [easy_vqa, mnist, grid_worlds, archive])
def test_names_are_those_of_the_table(tmp_path, make):
    path = make(tmp_path / "data")
    assert column_names(path) == read_table(path).columns


def test_a_folder_is_read_again_where_only_a_file_in_it_changed(tmp_path):
    folder = easy_vqa(tmp_path / "data")
    before = folder.stat()
    assert read_table(folder)["answer"].to_list() == ["no"]
    (folder / "questions.json").write_text(json.dumps([["any?", "yes", 7]]))
    os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert folder.stat().st_mtime_ns == before.st_mtime_ns
    assert read_table(folder)["answer"].to_list() == ["yes"]


def test_a_table_is_freed_with_its_last_use(tmp_path, monkeypatch):
    made = []
    read = pl.DataFrame

    class Watched(read):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            made.append(weakref.ref(self))

    folder = easy_vqa(tmp_path / "data")
    monkeypatch.setattr("mtl.data.formats.easy_vqa.pl.DataFrame", Watched)
    column_names(folder)
    assert not made, "names are known without a table"
    read_table(folder)
    gc.collect()
    assert made
    assert not any(reference() is not None for reference in made)


def test_a_missing_file_is_named_when_names_are_asked_for(tmp_path):
    assert whole_format(tmp_path / "gone.mat") is not None
    for name in ("gone.mat", "gone.npz"):
        with pytest.raises(DataError, match=f"There is no file .*{name}"):
            column_names(tmp_path / name)

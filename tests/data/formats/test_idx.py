"""Reading MNIST's files, written here byte by byte."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from mtl.data.formats.idx import read
from mtl.errors import DataError
from tests.data.real import SHARED

IMAGES = {"train": np.arange(24 * 6, dtype=np.uint8).reshape(24, 2, 3), "t10k": np.ones((2, 2, 3))}
LABELS = {"train": np.arange(24) % 10, "t10k": np.array([7, 3])}


def idx(values: np.ndarray) -> bytes:
    """Two zeros, 8 for unsigned bytes, the number of axes, their lengths, the values."""
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return head + values.astype(np.uint8).tobytes()


@pytest.fixture
def folder(tmp_path):
    for part, images in IMAGES.items():
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx(LABELS[part]))
    return tmp_path


def test_reads_images_labels_and_splits(folder):
    table = read(folder)
    assert table.columns == ["image", "label", "split"]
    images = table["image"].to_numpy()
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, np.concatenate([IMAGES["train"], IMAGES["t10k"]]))
    np.testing.assert_array_equal(table["label"], [*LABELS["train"], 7, 3])
    # A twelfth of 24 rows is for validation, the last ones of train.
    assert table["split"].to_list() == ["training"] * 22 + ["validation"] * 2 + ["test"] * 2


def test_reads_compressed_files_too(folder):
    plain = read(folder)
    for file in list(folder.iterdir()):
        (folder / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    assert read(folder).equals(plain)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train-images-idx3-ubyte", idx(IMAGES["train"])[:-1], r"holds 143 bytes .* Expected 144"),
        ("train-labels-idx1-ubyte", idx(LABELS["train"]) + b"0", r"holds 25 bytes .* Expected 24"),
        ("t10k-images-idx3-ubyte", idx(LABELS["t10k"]), r"00 00 08 01\. Expected 00 00 08 03"),
        ("t10k-labels-idx1-ubyte", b"\0\0\x0d\x01\0\0\0\1aaaa", r"00 00 0d 01\. Expected"),
        ("t10k-labels-idx1-ubyte", b"\0\0\x08", r"begins with the bytes 00 00 08\. Expected"),
        ("t10k-labels-idx1-ubyte", b"", r"is empty"),
        ("t10k-labels-idx1-ubyte", idx(np.zeros(0)), r"holds 0 bytes"),
        ("t10k-labels-idx1-ubyte", idx(np.ones(3)), r"holds 2 images and .* 3 labels"),
        ("t10k-images-idx3-ubyte", idx(np.ones((2, 3, 3))), r"\(2, 3\) for training and \(3, 3\)"),
    ],
)
def test_names_the_file_that_is_wrong(folder, name, content, message):
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as raised:
        read(folder)
    assert str(folder) in str(raised.value)


def test_names_the_file_that_is_missing(folder):
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"no file .*t10k-labels-idx1-ubyte"):
        read(folder)


def test_a_compressed_file_cut_short(folder):
    file = folder / "train-images-idx3-ubyte"
    (folder / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes())[:-12])
    file.unlink()
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz cannot be decompressed"):
        read(folder)


@pytest.mark.skipif(not (SHARED / "mnist").is_dir(), reason="MNIST is not here")
def test_reads_mnist():
    table = read(SHARED / "mnist")
    counts = dict(table["split"].value_counts().iter_rows())
    assert counts == {"training": 55_000, "validation": 5_000, "test": 10_000}
    assert table["image"].to_numpy().shape == (70_000, 28, 28)
    assert sorted(table["label"].unique()) == list(range(10))

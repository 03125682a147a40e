"""Reading easy-VQA's files, written here."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from mtl.data.formats.easy_vqa import read
from mtl.errors import DataError
from tests.data.real import SHARED

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), np.uint8)
ASKED = [["is it red?", "no", 30], ["what is it?", "circle", 10], ["is it green?", "yes", 30]]


@pytest.fixture
def folder(tmp_path):
    np.savez_compressed(tmp_path / "images.npz", images=IMAGES, ids=[10, 20, 30])
    (tmp_path / "questions.json").write_text(json.dumps(ASKED))
    (tmp_path / "answers.txt").write_text("yes\nno\ncircle\n")
    return tmp_path


def test_has_a_row_for_each_question_with_its_image(folder):
    table = read(folder)
    assert table.columns == ["image", "question", "answer", "image_id"]
    np.testing.assert_array_equal(table["image"].to_numpy(), IMAGES[[2, 0, 2]])
    assert table["image"].to_numpy().dtype == np.uint8
    assert list(table.drop("image").iter_rows()) == [tuple(row) for row in ASKED]


def test_an_answer_may_have_several_words(folder):
    (folder / "answers.txt").write_bytes(b"yes\r\nlight blue \r\n\r\ncircle\n")
    questions = folder / "questions.json"
    questions.write_text(json.dumps([["which colour?", "light blue", 30]]))
    assert read(folder)["answer"].to_list() == ["light blue"]
    for unknown in ("blue", ""):
        questions.write_text(json.dumps([["which colour?", unknown, 30]]))
        with pytest.raises(DataError, match=rf"has the answer '{unknown}' in row 1"):
            read(folder)


def test_reads_compressed_questions(folder):
    plain = read(folder)
    (folder / "questions.json").unlink()
    (folder / "questions.json.gz").write_bytes(gzip.compress(json.dumps(ASKED).encode()))
    assert read(folder).equals(plain)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ([*ASKED, ["is it?", "no", 40]], r"about image 40 in row 4"),
        ([["is it?", "noo", 10]], r"answer 'noo' in row 1.*Did you mean 'no'\?"),
        ([["is it?", "no"]], r"holds \['is it\?', 'no'\] in row 1"),
        ([["is it?", "no", "10"]], r"in row 1"),
        ([], r"holds no questions"),
        ({"is it?": "no"}, r"holds no questions"),
    ],
)
def test_says_which_question_is_wrong(folder, asked, message):
    (folder / "questions.json").write_text(json.dumps(asked))
    with pytest.raises(DataError, match=rf"questions\.json.*{message}"):
        read(folder)


def test_says_that_questions_are_no_json(folder):
    (folder / "questions.json").write_text("[[")
    with pytest.raises(DataError, match=r"questions\.json is no JSON"):
        read(folder)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": IMAGES}, r"cannot be read: .*ids"),
        ({"images": IMAGES / 255, "ids": [1, 2, 3]}, r"of type float64"),
        ({"images": IMAGES, "ids": [1, 2]}, r"ids of shape \(2,\)"),
        ({"images": IMAGES, "ids": [1, 2, 1]}, r"one id for several images"),
        ({"images": np.array([{}]), "ids": [1]}, r"cannot be read"),
    ],
)
def test_says_what_is_wrong_with_the_images(folder, arrays, message):
    np.savez(folder / "images.npz", **arrays)
    with pytest.raises(DataError, match=rf"images\.npz.*{message}"):
        read(folder)


def test_says_that_the_images_are_cut_short(folder):
    content = (folder / "images.npz").read_bytes()
    (folder / "images.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"images\.npz cannot be read"):
        read(folder)


@pytest.mark.parametrize("name", ["images.npz", "questions.json", "answers.txt"])
def test_says_which_file_is_missing(folder, name):
    (folder / name).unlink()
    with pytest.raises(DataError, match=rf"no file .*{name}"):
        read(folder)


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "easy_vqa").is_dir(), reason="easy-VQA is not here")
def test_reads_easy_vqa():
    table = read(SHARED / "easy_vqa")
    assert table.height == 38_575
    assert table["image"].to_numpy().shape == (38_575, 64, 64, 3)
    assert table["image_id"].n_unique() == 4000
    assert table["answer"].n_unique() == 13

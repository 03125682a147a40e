import gzip
import os
from contextlib import contextmanager

import pytest

from mtl.data.formats.files import opened, plain_or_compressed
from mtl.errors import DataError

NOBODY = 65_534


@contextmanager
def unprivileged():
    """Be a user without rights: to root every file is readable."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def _error(path):
    with pytest.raises(DataError) as caught, opened(path):
        pass
    return str(caught.value)


def test_reads_plain_and_compressed(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"x\n1\n")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"x\n1\n"))
    for name in ("a.csv", "a.csv.gz"):
        with opened(tmp_path / name) as file:
            assert file.read() == b"x\n1\n"


def test_names_the_nearest_file(tmp_path):
    for name in ("posts.csv", "customers.csv", "notes.txt"):
        (tmp_path / name).write_text("x\n1\n")
    message = _error(tmp_path / "post.csv")
    assert "There is no file" in message
    assert "Did you mean 'posts.csv'? In its folder: customers.csv, posts.csv." in message


def test_names_the_nearest_of_very_many_files_without_listing_them(tmp_path):
    for number in range(30):
        (tmp_path / f"table_{number}.csv").touch()
    message = _error(tmp_path / "tables_7.csv")
    assert message.endswith("Did you mean 'table_7.csv'?")


def test_says_that_the_folder_is_missing(tmp_path):
    assert "its folder" in _error(tmp_path / "nowhere" / "posts.csv")


def test_refuses_a_folder_and_lists_its_tables(tmp_path):
    (tmp_path / "posts.csv").write_text("x\n1\n")
    assert "is a folder. Expected one file" in _error(tmp_path)
    assert "It holds posts.csv." in _error(tmp_path)


def test_refuses_a_path_through_a_file(tmp_path):
    (tmp_path / "posts.csv").write_text("x\n1\n")
    assert "a part of the path is a file" in _error(tmp_path / "posts.csv" / "x.csv")


@pytest.mark.parametrize("rights_of", ["file", "folder"])
def test_refuses_what_may_not_be_read(tmp_path, rights_of):
    folder = tmp_path / "private"
    folder.mkdir()
    path = folder / "posts.csv"
    path.write_text("x\n1\n")
    for parent in [tmp_path, *tmp_path.parents][:3]:
        if parent.owner() == path.owner() and parent.name.startswith(("pytest", "test")):
            parent.chmod(0o755)
    (path if rights_of == "file" else folder).chmod(0)
    try:
        with unprivileged():
            message = _error(path)
    finally:
        folder.chmod(0o755)
    assert "permission denied" in message
    assert f"ls -ld {folder}" in message


@pytest.mark.parametrize(("name", "content"), [("a.csv", b""), ("a.csv.gz", gzip.compress(b""))])
def test_refuses_an_empty_file(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    message = _error(tmp_path / name)
    assert "is empty" in message or "holds nothing once decompressed" in message


@pytest.mark.parametrize("content", [b"x,y\n1,2\n", gzip.compress(b"x,y\n1,2\n" * 999)[:40]])
def test_refuses_what_is_not_compressed_or_cut_off(tmp_path, content):
    (tmp_path / "a.csv.gz").write_bytes(content)
    with (
        pytest.raises(DataError, match="cannot be decompressed"),
        opened(tmp_path / "a.csv.gz") as f,
    ):
        f.read()


def test_the_compressed_file_is_taken_where_the_plain_one_is_not_there(tmp_path):
    plain, compressed = tmp_path / "a.json", tmp_path / "a.json.gz"
    assert plain_or_compressed(plain) == plain
    compressed.touch()
    assert plain_or_compressed(plain) == compressed
    plain.touch()
    assert plain_or_compressed(plain) == plain

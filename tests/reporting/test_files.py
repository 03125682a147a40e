"""Files are written whole or not at all."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtl.errors import MtlError
from mtl.reporting.files import make_folder, replacing, write_text


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB; skipped where none may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def refuse(code: int):
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_text(path, "old")
    write_text(path, "nü")
    assert path.read_bytes() == "nü".encode()
    assert names(tmp_path) == ["results.json"]


def test_files_have_the_permissions_the_user_asked_for(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_text(tmp_path / "file", "x")
    finally:
        os.umask(mask)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_full_disk_keeps_the_old_file(small_disk: Path) -> None:
    path = small_disk / "history.csv"
    write_text(path, "epoch\n1\n")
    with pytest.raises(MtlError) as caught:
        write_text(path, "x" * 200_000)
    assert path.read_text() == "epoch\n1\n"
    assert names(small_disk) == ["history.csv"]
    message = str(caught.value)
    assert str(path) in message
    assert "the disk is full" in message
    # 64 KiB, of which a page holds the old file.
    assert "of 65.5 kB free" in message
    assert "runs=<folder>" in message


def test_full_disk_when_it_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.json"
    write_text(path, "old")
    monkeypatch.setattr(os, "fsync", refuse(errno.ENOSPC))
    with pytest.raises(MtlError, match="the disk is full"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["results.json"]


def test_writes_go_on_after_a_short_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.write
    monkeypatch.setattr(os, "write", lambda file, content: whole(file, content[:3]))
    write_text(tmp_path / "file", "0123456789")
    assert (tmp_path / "file").read_text() == "0123456789"


def test_refused_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", refuse(errno.EACCES))
    with pytest.raises(MtlError, match=r"results\.json: permission denied\. Expected a folder"):
        write_text(tmp_path / "results.json", "x")


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(MtlError, match="no such file or directory"):
        write_text(tmp_path / "gone" / "results.json", "x")


def test_another_writer_gets_a_name_of_the_same_kind(tmp_path: Path) -> None:
    with replacing(tmp_path / "model.keras") as temporary:
        assert temporary.suffix == ".keras"
        temporary.write_text("weights")
        assert not (tmp_path / "model.keras").exists()
    assert names(tmp_path) == ["model.keras"]


def test_another_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def write_half() -> None:
        with replacing(tmp_path / "model.keras") as temporary:
            temporary.write_text("half")
            raise ValueError

    with pytest.raises(ValueError):
        write_half()
    assert names(tmp_path) == []


def test_file_in_the_way_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("mine")
    for folder in ("runs", "runs/headline", "runs/headline/1"):
        with pytest.raises(MtlError, match=f"{tmp_path / 'runs'} is a file"):
            make_folder(tmp_path / folder)


def test_folder_that_must_be_new(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b", exclusive=True)
    make_folder(tmp_path / "a" / "b")
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "a" / "b", exclusive=True)


def test_read_only_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "mkdir", refuse(errno.EROFS))
    with pytest.raises(MtlError, match="read-only file system"):
        make_folder(tmp_path / "runs")

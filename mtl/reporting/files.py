"""Files that are written whole or not at all, and errors that say what to do about a disk."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mtl.errors import MtlError
from mtl.reporting.wording import memory

FULL = (errno.ENOSPC, errno.EDQUOT)
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
ELSEWHERE = "choose another folder with `runs=<folder>`"
OUTPUT = "choose another path with `output=<path>`"


def write_text(path: Path, text: str, elsewhere: str = ELSEWHERE) -> None:
    """Write a text file as UTF-8, whole or not at all.

    Args:
        path: Where to. A file that is there is replaced only once the new one is safely on disk.
        text: What to write.
        elsewhere: How to choose another place, for the error's message.

    Raises:
        MtlError: The file cannot be written; what was there before is unchanged.
    """
    content = text.encode("utf-8")
    with replacing(path, elsewhere) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            written = 0
            while written < len(content):
                written += os.write(descriptor, content[written:])
        finally:
            os.close(descriptor)


@contextmanager
def replacing(path: Path, elsewhere: str = ELSEWHERE) -> Iterator[Path]:
    """Give a temporary name beside `path`; what is written there takes the place of `path`.

    The temporary name has the suffix of `path`, so that a writer which goes by it (`model.save`)
    may be handed the name.

    Args:
        path: The file that is to be replaced, or to come into being; or a folder that is not there
            yet.
        elsewhere: How to choose another place, for the error's message.

    Yields:
        The name to write to. Nothing is there yet.

    Raises:
        MtlError: The file cannot be written; what was there before is unchanged, and the temporary
            one is gone.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}-{secrets.token_hex(4)}{path.suffix}")
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    except OSError as error:
        raise explained(error, path, elsewhere) from error
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        with suppress(OSError):
            temporary.unlink()


def make_folder(path: Path, *, exclusive: bool = False, elsewhere: str = ELSEWHERE) -> None:
    """Make a folder, with the folders above it.

    Args:
        path: The folder.
        exclusive: Whether the folder must not have been there. Of several processes that ask for
            one name at the same time, exactly one succeeds.
        elsewhere: How to choose another place, for the error's message.

    Raises:
        FileExistsError: Something of that name is there already, and `exclusive` was asked for.
        MtlError: The folder cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explained(error, path.parent, elsewhere) from error
    try:
        path.mkdir(exist_ok=not exclusive)
    except FileExistsError as error:
        if exclusive:
            raise
        raise explained(error, path, elsewhere) from error
    except OSError as error:
        raise explained(error, path, elsewhere) from error


def need_room(folder: Path, size: int, what: str) -> None:
    """Refuse to begin what would end in a full disk.

    Args:
        folder: Where it is to be written.
        size: In bytes.
        what: What is to be written there, `the model`.

    Raises:
        MtlError: Less is free there. Where the free space is not known nothing is refused.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return
    if free < size:
        raise MtlError(
            f"The disk of {folder} has {memory(free)} free, and {what} alone takes "
            f"{memory(size)}. Nothing was trained. Free some space, or {ELSEWHERE}."
        )


def explained(error: OSError, path: Path, elsewhere: str = ELSEWHERE) -> MtlError:
    """Return the error for a user whose file or folder at `path` could not be written.

    Args:
        error: What the operating system said.
        path: The file or folder that was to be written.
        elsewhere: How to choose another place.
    """
    if error.errno in FULL or "No space left" in str(error):
        return MtlError(
            f"Cannot write {path}: the disk is full ({_room(path)}). "
            f"What was there before is unchanged. Free some space, or {elsewhere}."
        )
    if error.errno in REFUSED:
        return MtlError(
            f"Cannot write {path}: {_reason(error)}. "
            f"Expected a folder in which you may write: change its permissions, or {elsewhere}."
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        obstacle = _obstacle(path)
        return MtlError(
            f"Cannot write {path}: {obstacle} is a file, and a folder was expected. "
            f"Move that file away, or {elsewhere}."
        )
    return MtlError(f"Cannot write {path}: {_reason(error)}. Check that path, or {elsewhere}.")


def _flush(path: Path) -> None:
    """Have the operating system put a file or a folder's entries on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _room(path: Path) -> str:
    """Say how much is free where `path` is."""
    existing = next((folder for folder in (path, *path.parents) if folder.is_dir()), Path())
    try:
        usage = shutil.disk_usage(existing)
    except OSError:
        return f"free space of {existing} unknown"
    return f"{memory(usage.free)} of {memory(usage.total)} free at {existing}"


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).rstrip(".").lower()


def _obstacle(path: Path) -> Path:
    """Return the file that stands where a folder is needed."""
    return next((part for part in (*reversed(path.parents), path) if part.is_file()), path)

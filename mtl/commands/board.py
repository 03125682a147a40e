"""mtl board [FOLDER …] [port=6006] [host=localhost]: TensorBoard on runs.

    mtl board                   all of runs
    mtl board runs/headline     one experiment's
    mtl board runs/headline port=7000

Ctrl-C ends it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mtl.config.overrides import value_of, without
from mtl.errors import MtlError, nearest

SETTINGS = ("port", "host")


def run(words: Sequence[str]) -> int:
    """Start TensorBoard and stay until it ends."""
    return subprocess.call(command(words))


def command(words: Sequence[str]) -> list[str]:
    """Return the command that starts TensorBoard.

    Raises:
        MtlError: A folder does not exist or a word means nothing here.
    """
    folders = without(SETTINGS, words) or ["runs"]
    for word in folders:
        if word.startswith("-"):
            key = word.lstrip("-").partition("=")[0]
            raise MtlError(f"`mtl board` has no flag {word}. {nearest(key, SETTINGS)}")
        if "=" in word and not Path(word).is_dir():
            key = word.partition("=")[0]
            raise MtlError(f"`mtl board` cannot read {word!r}. {nearest(key, SETTINGS)}")
        if not Path(word).is_dir():
            raise MtlError(
                f"There is no folder {word} in {Path.cwd()}. Expected runs, runs/<experiment> or a"
                " run's folder; a run makes it."
            )
    port = value_of("port", words)
    if port is not None and not port.isdecimal():
        raise MtlError(f"port={port}: expected a whole number, such as 6006.")
    if len(folders) == 1:
        where = ["--logdir", folders[0]]
    else:
        where = ["--logdir_spec", ",".join(f"{folder}:{folder}" for folder in folders)]
    host = value_of("host", words)
    options = [*(["--port", port] if port else []), *(["--host", host] if host else [])]
    return [sys.executable, "-m", "tensorboard.main", *where, *options]

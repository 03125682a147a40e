"""Importing TensorFlow without its start-up noise."""

from __future__ import annotations

import importlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

NOISE = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog|[IW]\d{4} |"
    rb"\d{4}-\d\d-\d\d [\d:.]+: [IW] |To enable the following instructions:"
)


def silence_tensorflow() -> None:
    """Import TensorFlow, keeping the lines away that it prints while it starts.

    Sets `TF_CPP_MIN_LOG_LEVEL` to 3 unless the user has set it. That alone does not do: some lines
    are printed by TensorFlow's libraries as they load, before they read any setting, so the error
    stream is held back during the import and only what is not known noise is passed on. Does
    nothing where the user asks for TensorFlow's messages (`TF_CPP_MIN_LOG_LEVEL=0`), or where
    TensorFlow is imported already.

    Raises:
        ImportError: TensorFlow cannot be imported; what it printed is passed on.
    """
    level = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if level == "0" or "tensorflow" in sys.modules:
        return
    with _error_stream_filtered():
        importlib.import_module("tensorflow")


@contextmanager
def _error_stream_filtered() -> Iterator[None]:
    """Hold the process's error stream back, then pass on what is not noise."""
    try:
        original = os.dup(2)
    except OSError:
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(original, 2)
            os.close(original)
            held.seek(0)
            rest = b"".join(line for line in held if not NOISE.match(line))
            if rest:
                os.write(2, rest)

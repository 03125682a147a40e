"""mtl --version: the installed version."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata


def run(words: Sequence[str]) -> int:  # noqa: ARG001 as every verb
    """Print the version; a checkout that is not installed has none."""
    try:
        print(f"mtl {metadata.version('mtl')}")
    except metadata.PackageNotFoundError:
        print("mtl (not installed)")
    return 0

"""`environment.json`: what is needed to know later how a run came about."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from mtl.config.overrides import path_of

GIT_SECONDS = 5.0
OF_RESUMING = ("run", "training.resume")


def describe_environment(
    *,
    command: Sequence[str] = (),
    overrides: Sequence[str] = (),
    seed: int | None = None,
    devices: Sequence[str] | None = None,
    started: datetime | None = None,
    folder: Path | None = None,
) -> dict[str, Any]:
    """Return how this run came about.

    Args:
        command: The words of the command line, empty for a run from Python.
        overrides: The overrides among them (`training.epochs=3`).
        seed: `training.seed`.
        devices: Names of the devices that compute. Default: those TensorFlow sees, or None where
            TensorFlow is not imported.
        started: When the run started. Default: now.
        folder: Whose git repository is meant. Default: the current folder.

    Returns:
        Keys `command`, `overrides`, `seed`, `started` (ISO 8601, with the zone), `folder`, `git`
        (`commit`, `branch`, `dirty`, or None outside a repository), `python`, `platform`, `cpus`,
        `devices`, and `packages` with the version of everything installed.
    """
    folder = (folder or Path()).absolute()
    return {
        "command": list(command),
        "overrides": list(overrides),
        "seed": seed,
        "started": (started or datetime.now(UTC)).astimezone().isoformat(timespec="seconds"),
        "folder": str(folder),
        "git": git_state(folder),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "devices": _devices() if devices is None else list(devices),
        "packages": installed_packages(),
    }


def overrides_among(command: Sequence[str]) -> list[str]:
    """Return the overrides among the words of a command line: those with a `=`, without flags."""
    return [word for word in command if "=" in word and not word.startswith("-")]


def overrides_of(environment: Mapping[str, Any]) -> list[str]:
    """Return the overrides that a run has in effect.

    Args:
        environment: What `environment.json` holds: `overrides`, in whose place come those of each
            time that the run was resumed.
    """
    found = [str(word) for word in environment["overrides"]]
    for each in environment.get("resumed", []):
        for word in map(str, each["overrides"]):
            if path_of(word) not in OF_RESUMING:
                found = [*(old for old in found if path_of(old) != path_of(word)), word]
    return found


def git_state(folder: Path) -> dict[str, Any] | None:
    """Return the commit of the git repository around a folder.

    Args:
        folder: Where to look, and in the folders above.

    Returns:
        `commit` (None before the first one), `branch` (None if detached), `dirty`; or None outside
        a repository, without git, or where git takes longer than five seconds.
    """
    status = _git(folder, "status", "--porcelain=v2", "--branch")
    if status is None:
        return None
    header = dict(
        line.removeprefix("# branch.").split(" ", 1)
        for line in status.splitlines()
        if line.startswith("# branch.") and " " in line.removeprefix("# branch.")
    )
    commit, branch = header.get("oid"), header.get("head")
    return {
        "commit": None if commit == "(initial)" else commit,
        "branch": None if branch == "(detached)" else branch,
        "dirty": any(not line.startswith("#") for line in status.splitlines()),
    }


def installed_packages() -> dict[str, str]:
    """Return the versions of all installed distributions by their names, sorted."""
    versions = {
        str(found.metadata["Name"]): found.version
        for found in metadata.distributions()
        if found.metadata["Name"]
    }
    return dict(sorted(versions.items(), key=lambda entry: entry[0].lower()))


def _git(folder: Path, *arguments: str) -> str | None:
    # Without optional locks a run never stands in the way of the user's own git.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            check=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=GIT_SECONDS,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None


def _devices() -> list[str] | None:
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return None
    return [
        f"{device.device_type} {device.name}"
        for device in tensorflow.config.list_physical_devices()
    ]

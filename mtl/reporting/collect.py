"""Finding runs and reading what they left behind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mtl.errors import MtlError, nearest
from mtl.reporting.environment import overrides_of
from mtl.reporting.folder import CONFIG, ENVIRONMENT, RESULTS
from mtl.reporting.results import flatten

DEPTH = 4
# Eight times as fast, where PyYAML was built with it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Run:
    """One run, as far as its folder tells.

    Attributes:
        folder: Where it is.
        status: As in `results.json`; `no results` where that is missing, `unreadable` where it is
            broken.
        overrides: The overrides on its command line.
        monitor: The figure it watched, empty if unknown.
        mode: `max` or `min`, which of the monitor's values are good.
        directions: The same for figures of evaluations, by `<output>/<figure>`.
        figures: The final ones by name.
        best_epoch: The epoch they are from.
        seconds: How long it took.
        examples_per_second: How fast it was.
        config: As it was trained with; empty where it is missing or broken.
    """

    folder: Path
    status: str
    overrides: Sequence[str] = ()
    monitor: str = ""
    mode: str = ""
    figures: dict[str, float | None] = field(default_factory=dict)
    directions: dict[str, str] = field(default_factory=dict)
    best_epoch: int | None = None
    seconds: float | None = None
    examples_per_second: float | None = None
    config: Mapping[str, Any] = field(default_factory=dict)


def collect(folders: Iterable[Path | str]) -> list[Run]:
    """Return the runs in some folders.

    Args:
        folders: Run folders, or folders with runs in them, such as those of sweeps
            (`runs/headline/<date_time>/<n>`) or all of `runs`.

    Returns:
        Each run once, in the order of the folders, sorted by name within each.

    Raises:
        MtlError: A folder does not exist, or holds no run.
    """
    found: dict[Path, Run] = {}
    for folder in map(Path, folders):
        if not folder.is_dir():
            if folder.is_file():
                # What a shell makes of `runs/headline/*` may hold files beside the runs.
                continue
            beside = [entry.name for entry in folder.parent.glob("*") if entry.is_dir()]
            raise MtlError(
                f"There is no folder {folder}. In {folder.parent}: {nearest(folder.name, beside)}"
            )
        inside = _run_folders(folder, DEPTH)
        if not inside:
            raise MtlError(
                f"{folder} holds no run: neither it nor the folders in it have a {RESULTS}. "
                "Expected folders such as runs/<experiment>/<date_time>."
            )
        found |= {path.resolve(): _read(path) for path in inside if path.resolve() not in found}
    if not found:
        raise MtlError("No run folder is given. Expected folders such as runs/headline/*.")
    return list(found.values())


def _run_folders(folder: Path, depth: int) -> list[Path]:
    """Return the run folders in a folder: itself, or what is found below it."""
    if (folder / RESULTS).is_file() or (folder / CONFIG).is_file():
        return [folder]
    if depth == 0:
        return []
    inside = sorted((entry for entry in folder.iterdir() if entry.is_dir()), key=_natural)
    return [run for entry in inside for run in _run_folders(entry, depth - 1)]


def _natural(path: Path) -> tuple[int, str]:
    """Sort the folders of a sweep by number: 2 before 10."""
    return (int(path.name), "") if path.name.isdecimal() else (-1, path.name)


def _read(folder: Path) -> Run:
    overrides, config = _overrides(folder), _config(folder)
    path = folder / RESULTS
    if not path.is_file():
        return Run(folder, "no results", overrides, config=config)
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        monitor = results.get("monitor") or {}
        figures = flatten(results.get("metrics") or {})
        name = str(monitor.get("name") or "")
        if name:
            figures.setdefault(name, monitor.get("value"))
        return Run(
            folder,
            str(results.get("status", "unknown")),
            overrides,
            name,
            str(monitor.get("mode") or ""),
            figures,
            dict(results.get("directions") or {}),
            results.get("best_epoch"),
            results.get("seconds"),
            results.get("examples_per_second"),
            config,
        )
    except (OSError, ValueError, AttributeError, TypeError):
        return Run(folder, "unreadable", overrides, config=config)


def _overrides(folder: Path) -> list[str]:
    try:
        environment: Any = json.loads((folder / ENVIRONMENT).read_text(encoding="utf-8"))
        return overrides_of(environment)
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = yaml.load((folder / CONFIG).read_bytes(), _Loader)  # noqa: S506 a safe one
    except (OSError, yaml.YAMLError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}

"""Completion of the shell's words: the verbs and runs by us, groups, options and keys by Hydra."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mtl.commands.dispatch import VERBS
from mtl.commands.list import SECTIONS

FOLDERS = ("compare", "board")
READERS = ("evaluate", "predict", "export")
# What `inspect` takes beside what Hydra completes.
INSPECTING = (
    *("format=json", "format=mermaid", "format=svg", "output=", "overwrite=true"),
    *("fold=true", "fold=false"),
)


def run(words: Sequence[str]) -> int:
    """Answer `-sc query=SHELL` for the line in COMP_LINE; hand anything else to Hydra."""
    from mtl.commands import train

    query = next((word for word in words if word.startswith("query=")), None)
    line = os.environ.get("COMP_LINE")
    if query is None or line is None:
        return train.run(words)
    own, line = answer(line)
    if own:
        print("\n".join(own) if query.endswith("fish") else " ".join(own))
    if line is not None:
        os.environ["COMP_LINE"] = line
        train.run(words)
    return 0


def answer(line: str) -> tuple[list[str], str | None]:
    """Return our own completions of a line, and the line that Hydra is to complete, if any.

    Args:
        line: What has been typed, from the program's name on.
    """
    program, *words = line.split()
    if line.endswith(" "):
        words.append("")
    last = words[-1] if words else ""
    if last.startswith("run="):
        return [f"run={folder}" for folder in run_folders(last.removeprefix("run="))], None
    if len(words) <= 1:
        return [verb for verb in VERBS if verb.startswith(last)], line
    verb = words[0]
    if verb == "list":
        return [section for section in SECTIONS if section.startswith(last)], None
    if verb in FOLDERS:
        return [], None
    if verb in READERS:
        keys = ["run=", "output=", "data.path="]
        keys.append("format=" if verb == "export" else "overwrite=true")
        found = [key for key in keys if key.startswith(last)]
        return found, f"{program} {last}" if "=" in last else None
    rest = words[1:] if verb in VERBS else words
    if verb == "inspect":
        own = tuple(word.partition("=")[0] + "=" for word in INSPECTING)
        found = [word for word in INSPECTING if word.startswith(last)]
        if last.startswith(own):
            return found, None
        rest = [word for word in rest if not word.startswith(own)]
        return found, " ".join([program, *rest])
    return [], " ".join([program, *rest])


def run_folders(typed: str) -> list[str]:
    """Return the run folders below the `runs` folder or the typed one that start as typed."""
    start = Path(typed) if typed.endswith("/") else Path(typed).parent
    root = start if typed and start != Path() else Path("runs")
    found = [folder.parent.as_posix() for folder in root.rglob("config.yaml")]
    return sorted(folder for folder in found if folder.startswith(typed))

"""mtl list [models|experiments|balancers|data|evaluations|plugins]: what there is to choose from.

    mtl list                everything
    mtl list experiments    one of them

Names come from files alone, so that this is quick; `mtl list plugins` also imports each plug-in, in
a process of its own, and says which do not import.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from mtl.commands.table import columns
from mtl.config.search import EXPERIMENT, Place, options
from mtl.declarations import NOUNS, declared_in
from mtl.errors import MtlError, nearest
from mtl.plugins import Plugin, file_plugins, installed_plugins
from mtl.registry import Registry, balancers, builders, evaluations, generators

SECTIONS = ("models", "experiments", "balancers", "data", "evaluations", "plugins")
SECONDS = 120


def run(words: Sequence[str]) -> int:
    """Print one section, or all of them."""
    for word in words:
        if word not in SECTIONS:
            raise MtlError(f"There is nothing to list called {word!r}. {nearest(word, SECTIONS)}")
    check = "plugins" in words
    blocks = [_block(section, check=check) for section in words or SECTIONS]
    print("\n\n".join(blocks))
    return 0


def _block(section: str, *, check: bool) -> str:
    if section == "models":
        return _titled("Models (model=NAME)", _choices("model", builders))
    if section == "experiments":
        return _titled("Experiments (experiment=NAME)", _choices(EXPERIMENT, None))
    if section == "balancers":
        return _titled("Balancers (balancing=NAME)", _choices("balancing", balancers))
    if section == "data":
        data = _titled("Data (data=NAME)", _choices("data", None))
        made = _titled("Generated data (data.generator.name=NAME)", _names(generators))
        return f"{data}\n\n{made}"
    if section == "evaluations":
        return _titled("Evaluations (evaluations.LABEL.name=NAME)", _names(evaluations))
    return _titled("Plug-ins", _plugin_rows(check=check))


def _choices(
    group: str, registry: Registry[Callable[..., Any]] | None
) -> list[tuple[str, str, str]]:
    """Return the options of a group, then what is registered but has no config file."""
    rows = []
    for name, files in options(group).items():
        place, file = files[0]
        hidden = f" (hides {files[1][1]})" if len(files) > 1 else ""
        rows.append((name, first_comment(file), f"{_origin(place)}{hidden}"))
    if registry is not None:
        configured = set(options(group))
        rows += [
            (name, f"{registry.noun} without a file in conf/{group}", path)
            for name, _, path in _names(registry)
            if name not in configured
        ]
    return rows


def _names(registry: Registry[Callable[..., Any]]) -> list[tuple[str, str, str]]:
    """Return the names in a registry, with the user's files as they are on disk."""
    own = declared_in([plugin.path for plugin in file_plugins(None)], registry.noun)
    names = sorted({*registry.names(), *own})
    return [
        (name, "", _shown(own[name][0]) if name in own else _shown(Path(registry.place(name))))
        for name in names
    ]


def _plugin_rows(*, check: bool) -> list[tuple[str, str, str]]:
    plugins: list[Plugin] = [*file_plugins(None), *installed_plugins()]
    broken = imports(plugins) if check else {}
    rows = []
    for plugin in plugins:
        names = [f"{noun} {name}" for noun in NOUNS for name in declared_in(plugin.files(), noun)]
        state = f"BROKEN: {broken[str(plugin)]}" if str(plugin) in broken else ""
        rows.append((str(plugin), ", ".join(names) or "configs only", state))
    return rows


def imports(plugins: Iterable[Plugin]) -> dict[str, str]:
    """Import plug-ins in another process; return the reason for each that does not import."""
    plugins = list(plugins)
    if not plugins:
        return {}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mtl.commands.import_plugins"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return dict.fromkeys(map(str, plugins), f"not imported within {SECONDS} seconds")
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        return dict.fromkeys(map(str, plugins), f"the process that imports them ended: {last[0]}")
    return {str(key): str(reason) for key, reason in found.items()}


def first_comment(file: Path) -> str:
    """Return the first sentence of the comment at the head of a YAML file, empty without one."""
    words: list[str] = []
    try:
        for line in file.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                break
            if not line.startswith("# @"):
                words.append(line.lstrip("# ").rstrip())
    except (OSError, UnicodeDecodeError):
        return "cannot be read"
    return " ".join(words).partition(". ")[0].rstrip(".")


def _titled(title: str, rows: Sequence[tuple[str, str, str]]) -> str:
    return (
        "\n".join([title, *(f"  {line}" for line in columns(rows))]) if rows else f"{title}\n  none"
    )


def _origin(place: Place) -> str:
    return "" if place.name == "mtl" else f"from {place.name}"


def _shown(path: Path) -> str:
    root = Path(__file__).resolve().parent.parent
    if path.is_relative_to(root):
        return ""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)

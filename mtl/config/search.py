"""Where configs are found: the user's folder first, then what `mtl` ships, then plug-ins.

Reading names and folders needs no Hydra, so that `mtl list` is quick.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mtl.errors import MtlError
from mtl.plugins import installed_plugins

ROOT = "mtl"
EXPERIMENT = "experiment"


@dataclass(frozen=True)
class Place:
    """A folder with `conf/` and `experiments/`, either of which may be absent.

    Attributes:
        name: How to call it: `./`, `mtl`, or the name of a plug-in's package.
        folder: The folder itself.
    """

    name: str
    folder: Path

    @property
    def conf(self) -> Path:
        """Its groups, one folder each."""
        return self.folder / "conf"

    @property
    def experiments(self) -> Path:
        """Its experiments, one file each."""
        return self.folder / "experiments"

    def groups(self) -> Iterator[str]:
        """Yield its groups, `optimizer/schedule` too.

        A folder beside a file of its name is none: `model/graph/` holds further options of `model`,
        chosen by `model=graph/headline`, as `model/graph.yaml` is one.
        """
        for folder in sorted(self.conf.rglob("*")) if self.conf.is_dir() else ():
            if folder.is_dir() and any(folder.glob("*.yaml")) and not self._is_family(folder):
                yield folder.relative_to(self.conf).as_posix()
        if self.experiments.is_dir():
            yield EXPERIMENT

    def _is_family(self, folder: Path) -> bool:
        """Return whether a folder holds variants of the option whose file stands beside it.

        The file may be a shipped one: a user's `model/graph/own.yaml` needs no `model/graph.yaml`.
        """
        option = folder.relative_to(self.conf).with_suffix(".yaml")
        return any((conf / option).is_file() for conf in (self.conf, shipped() / "conf"))

    def options(self, group: str) -> dict[str, Path]:
        """Return the files of a group by the name that chooses them."""
        roots = [self.conf / group]
        if group == EXPERIMENT:
            roots = [self.experiments, self.conf / group]
        return {
            file.relative_to(root).with_suffix("").as_posix(): file
            for root in reversed(roots)
            for file in sorted(root.rglob("*.yaml"))
            if group == EXPERIMENT or file.parent == root or self._is_family(file.parent)
        }


def shipped() -> Path:
    """Return the folder of the shipped `conf/` and `experiments/`: in the wheel or the checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_shipped"
    return inside if inside.is_dir() else package.parent


def places() -> list[Place]:
    """Return every place in which configs are looked up, the one that wins first.

    Raises:
        MtlError: The user's `./conf/mtl.yaml` would replace the root of every config.
    """
    own = Place("mtl", shipped())
    user = Place("./", Path.cwd())
    if (user.conf / f"{ROOT}.yaml").is_file() and not _same(user.folder, own.folder):
        raise MtlError(
            f"{user.conf / ROOT}.yaml would replace the root of every config. Put what it sets"
            " into an experiment (./experiments/<name>.yaml), or rename it."
        )
    found = [] if _same(user.folder, own.folder) else [user]
    found.append(own)
    found += [
        Place(plugin.entry_point.module.partition(".")[0], plugin.folder)
        for plugin in installed_plugins()
        if plugin.folder is not None
    ]
    return list(dict.fromkeys(found))


def groups() -> list[str]:
    """Return the names of all groups, `experiment` first."""
    names = {name for place in places() for name in place.groups()}
    return sorted(names, key=lambda name: (name != EXPERIMENT, name))


def options(group: str) -> dict[str, list[tuple[Place, Path]]]:
    """Return a group's options by name, each with its files, the one that wins first."""
    found: dict[str, list[tuple[Place, Path]]] = {}
    for place in places():
        for name, file in place.options(group).items():
            found.setdefault(name, []).append((place, file))
    return dict(sorted(found.items()))


def shadowed(group: str, option: str) -> str | None:
    """Return the sentence for a chosen config that hides another of its name, if one does."""
    files = options(group).get(option, [])
    if len(files) < 2:
        return None
    used, hidden = files[0][1], files[1][1]
    return f"{group}={option}: using {used}, which hides {hidden}"


def _same(folder: Path, other: Path) -> bool:
    return folder.resolve() == other.resolve()

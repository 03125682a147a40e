"""Reading a config that may be wrong: a section that is no mapping reads as an empty one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Config = Mapping[str, Any]
SIDES = ("_a", "_b")


def section(config: Config, *keys: str) -> Config:
    """Return the section at `keys`, empty where there is none."""
    found: Any = config
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def tasks(config: Config) -> dict[str, Config]:
    """Return the tasks by output; those set to null are removed."""
    return {
        name: task for name, task in section(config, "tasks").items() if isinstance(task, Mapping)
    }


def is_trained(task: Config) -> bool:
    """Return whether a task has part in the training: not `untrained` and of a weight not 0."""
    return task.get("untrained") is not True and task.get("weight", 1.0) != 0


def listed(value: object) -> list[object]:
    """Return a list as it is, null as an empty one and anything else as a list of itself."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


@dataclass(frozen=True)
class Feed:
    """One column that feeds an input.

    Attributes:
        path: Where it stands: `inputs.aux_input[1]`.
        column: Its name.
        changes: Options that replace the column's own for this input.
    """

    path: str
    column: str
    changes: Config = field(default_factory=dict)

    @property
    def column_path(self) -> str:
        """Where the column's name stands."""
        return f"{self.path}.column" if self.changes else self.path


def feeds(config: Config) -> Iterator[Feed]:
    """Yield everything that `inputs` names, in its order: `page`, `{column: page, option: …}`."""
    for name, value in section(config, "inputs").items():
        several = isinstance(value, list | tuple)
        for position, entry in enumerate(listed(value)):
            path = f"inputs.{name}[{position}]" if several else f"inputs.{name}"
            if isinstance(entry, str):
                yield Feed(path, entry)
            elif isinstance(entry, Mapping) and isinstance(entry.get("column"), str):
                changes = {key: option for key, option in entry.items() if key != "column"}
                yield Feed(path, entry["column"], changes)


def described_columns(config: Config) -> dict[str, Any]:
    """Return the options of each column that an input may name.

    Those of `data.columns`; with `data.pairs` each of them stands for the column of both rows of a
    pair, `text` for `text_a` and `text_b`.
    """
    columns = section(config, "data", "columns")
    if not section(config, "data", "pairs"):
        return dict(columns)
    return {f"{name}{side}": options for name, options in columns.items() for side in SIDES}


def column_path(config: Config, column: object) -> str:
    """Return where a column's options stand: `data.columns.text` for `text_a` of pairs."""
    name = str(column)
    return f"data.columns.{single(name) if section(config, 'data', 'pairs') else name}"


def single(column: str) -> str:
    """Return the column of single rows that a column of pairs comes from, `text` of `text_a`."""
    return column[: -len(SIDES[0])] if column.endswith(SIDES) else column


def column_options(config: Config, feed: Feed) -> Config:
    """Return the kind and the options with which a column feeds an input."""
    described = section({"columns": described_columns(config)}, "columns", feed.column)
    other_kind = feed.changes.get("kind", described.get("kind")) != described.get("kind")
    return feed.changes if other_kind else {**described, **feed.changes}

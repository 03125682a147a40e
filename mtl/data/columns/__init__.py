"""The kinds of columns and their options, one module each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from mtl.data.columns.array import Array
from mtl.data.columns.base import Column
from mtl.data.columns.categorical import Categorical
from mtl.data.columns.characters import Characters
from mtl.data.columns.datetime import Datetime
from mtl.data.columns.image import Image
from mtl.data.columns.numeric import Numeric
from mtl.data.columns.text import Text
from mtl.errors import ConfigError, Problem, nearest

COLUMN_KINDS: dict[str, type[Column]] = {
    column.kind: column
    for column in (Text, Characters, Numeric, Categorical, Datetime, Image, Array)
}


def make_column(section: Mapping[str, Any], path: str) -> Column:
    """Return the column that a section of the config describes.

    Args:
        section: `kind` and the options of that kind.
        path: Where it stands in the config, `data.columns.page`.

    Raises:
        ConfigError: The kind is unknown, or options are unknown or wrong: all of them.
    """
    kind = section.get("kind") if isinstance(section, Mapping) else None
    if kind not in COLUMN_KINDS:
        found = f"no kind of column is called {kind!r}" if kind else "it has no kind"
        raise ConfigError([Problem(f"{path}.kind", found, nearest(str(kind), COLUMN_KINDS))])
    options = {key: value for key, value in section.items() if key != "kind"}
    known = [field.name for field in fields(COLUMN_KINDS[kind])]  # type: ignore[arg-type]
    problems = [
        Problem(f"{path}.{key}", f"the kind {kind} has no option {key!r}", nearest(key, known))
        for key in options
        if key not in known
    ]
    column = COLUMN_KINDS[kind](**{key: options[key] for key in known if key in options})
    problems += [
        Problem(f"{path}.{name}", f"found {getattr(column, name)!r}", expected)
        for name, expected in column.wrong_options()
    ]
    if problems:
        raise ConfigError(problems)
    return column

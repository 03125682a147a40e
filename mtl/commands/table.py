"""Rows as aligned text, without the libraries that take time to import."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence

GAP = 2


def columns(rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield lines of a name, what it is, and where it comes from, within the terminal's width."""
    width = max(60, shutil.get_terminal_size((100, 20)).columns - GAP)
    first = max(len(row[0]) for row in rows) + GAP
    for name, meaning, origin in rows:
        rest = "  ".join(text for text in (meaning, origin) if text)
        lines = textwrap.wrap(rest, max(20, width - first), break_long_words=False) or [""]
        yield f"{name:<{first}}{lines[0]}".rstrip()
        for line in lines[1:]:
            yield f"{'':<{first}}{line}"

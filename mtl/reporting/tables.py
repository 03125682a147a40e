"""Tables for the console that read well narrow and wide, with and without colours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from mtl.reporting.results import MEAN, SPLITS, TOTAL
from mtl.reporting.wording import figure

UNBOUNDED = 10_000

Metrics = Mapping[str, Mapping[str, Mapping[str, float | None]]]


class Fitting:
    """Whichever of several tables fits: the first one for which there is room, else the last.

    Args:
        tables: The widest first.
        below: What is said below each of them, if anything is.
    """

    def __init__(self, *tables: Table, below: Sequence[str] = ()) -> None:
        self._tables = tables
        self._below = below or [""] * len(tables)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table that fits, and what is said below it."""
        unbounded = options.update(max_width=UNBOUNDED)
        fitting = len(self._tables) - 1
        for number, table in enumerate(self._tables[:-1]):
            if Measurement.get(console, unbounded, table).maximum <= options.max_width:
                fitting = number
                break
        yield self._tables[fitting]
        if self._below[fitting]:
            yield Text(f"\n{self._below[fitting]}")


class Folding:
    """Lines of text with paths in them: one that is too long goes on in the next after a `/`.

    Only a part of a path that is too long by itself is broken elsewhere.
    """

    def __init__(self, *lines: str) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines as they fit."""
        folded = [piece for line in self._lines for piece in _folded(line, options.max_width)]
        yield Text("\n".join(folded))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return the width of the longest part of a path, and that of the longest line."""
        whole = max(map(cell_len, self._lines), default=0)
        parts = [cell_len(part) for line in self._lines for part in _parts(line)]
        return Measurement(max(parts, default=0), whole)


def _folded(line: str, width: int) -> list[str]:
    """Break a line after as few of its `/` as may be."""
    lines = [""]
    for part in _parts(line):
        if lines[-1] and cell_len(lines[-1] + part) > width:
            lines.append(part)
        else:
            lines[-1] += part
    return lines


def _parts(line: str) -> list[str]:
    return re.split("(?<=/)", line)


def plain_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[RenderableType]],
    *,
    numbers: Sequence[str] = (),
    header: bool = True,
) -> Table:
    """Return a table of words and numbers. What is too long goes on in the next line.

    Args:
        columns: Their headers.
        rows: One cell a column, a text or what renders itself.
        numbers: The headers of the columns that are set to the right and never broken.
        header: Whether headers are shown.
    """
    table = Table(box=box.SIMPLE_HEAD if header else None, show_header=header, padding=(0, 1, 0, 0))
    table.show_edge = False
    for position, name in enumerate(columns):
        if name in numbers:
            table.add_column(name, justify="right", no_wrap=True)
        else:
            table.add_column(name, overflow="fold", no_wrap=not header and position == 0)
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return table


def results_table(results: Mapping[str, Any]) -> Table:
    """Return the table of figures, a row a metric under each output, a column a split.

    Beside the column of a split stands the best value that any model could reach, where one is
    known.

    Args:
        results: What `results.json` holds; `metrics` and `best_possible` are read.
    """
    metrics: Metrics = results.get("metrics") or {}
    possible: Metrics = results.get("best_possible") or {}
    splits = sorted(metrics, key=_split_order)
    table = plain_table(("",), [])
    for split in splits:
        table.add_column(split, justify="right", no_wrap=True)
        if possible.get(split):
            table.add_column("best\npossible", justify="right", no_wrap=True, style="dim")
    for output in _outputs(results, metrics):
        table.add_row(Text(output, style="bold"))
        for metric in _names(metrics, output):
            cells = [Text(f"  {metric}")]
            for split in splits:
                cells.append(Text(_cell(metrics, split, output, metric)))
                if possible.get(split):
                    cells.append(Text(_cell(possible, split, output, metric)))
            table.add_row(*cells)
    return table


def _outputs(results: Mapping[str, Any], metrics: Metrics) -> list[str]:
    """Return the outputs in the order of the tasks, the totals over them last."""
    found = [*(results.get("tasks") or ()), *(name for split in metrics.values() for name in split)]
    order = dict.fromkeys(name for name in found if name not in (MEAN, TOTAL))
    order |= dict.fromkeys((MEAN, TOTAL))
    return [name for name in order if _names(metrics, name)]


def _names(metrics: Metrics, output: str) -> list[str]:
    """Return the metrics of an output, its loss first."""
    names = dict.fromkeys(
        name
        for split in sorted(metrics, key=_split_order)
        for name in metrics[split].get(output, ())
    )
    return sorted(names, key=lambda name: name != "loss")


def _cell(metrics: Metrics, split: str, output: str, metric: str) -> str:
    values = metrics.get(split, {}).get(output, {})
    return figure(values[metric]) if metric in values else ""


def _split_order(split: str) -> int:
    return SPLITS.index(split) if split in SPLITS else len(SPLITS)

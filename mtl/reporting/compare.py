"""Runs side by side, best first."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import RenderableType

from mtl.config.directions import direction
from mtl.errors import MtlError, nearest
from mtl.reporting.collect import Run
from mtl.reporting.results import SPLITS
from mtl.reporting.tables import Fitting, Folding, plain_table
from mtl.reporting.wording import UNKNOWN, count, duration, figure


@dataclass(frozen=True)
class Comparison:
    """Runs in order, best first, and what they are ordered by.

    Attributes:
        runs: Those without the figure last.
        figure: Its name, empty if no run has one.
        mode: `max` or `min`.
    """

    runs: Sequence[Run]
    figure: str
    mode: str


def rank(runs: Sequence[Run], by: str | None = None, mode: str | None = None) -> Comparison:
    """Order runs, best first.

    Args:
        runs: What `collect` returns.
        by: The name of a figure, such as `test/main_output/auc`. Default: the one that most of the
            runs watched.
        mode: `max` or `min`, whichever is better. Default: the runs' own for the metric that they
            watched, on whatever split, else what is known of the metric.

    Raises:
        MtlError: No run has the figure `by`.
    """
    watched = Counter(run.monitor for run in runs if run.monitor)
    name = by or (watched.most_common(1)[0][0] if watched else "")
    known = {figure for run in runs for figure in run.figures}
    if by and by not in known:
        raise MtlError(f"No run has the figure {by!r}. {nearest(by, known)}")
    metric = _metric(name)
    modes = Counter(run.mode for run in runs if run.mode and _metric(run.monitor) == metric)
    figure = name.partition("/")[2]
    modes = modes or Counter(run.directions[figure] for run in runs if figure in run.directions)
    mode = mode or (modes.most_common(1)[0][0] if modes else direction(metric))
    sign = -1.0 if mode == "max" else 1.0

    def order(run: Run) -> tuple[bool, float]:
        value = run.figures.get(name)
        known = value is not None and math.isfinite(value)
        return not known, sign * value if known and value is not None else 0.0

    return Comparison(sorted(runs, key=order), name, mode)


def comparison_table(comparison: Comparison) -> Fitting:
    """Return the table: run, the overrides in which it differs, main figures, status.

    Where there is room, also the best epoch, how long each run took and how fast it was; else the
    overrides stand below the name of the run.
    """
    names = main_figures(comparison)
    labels = _labels([run.folder for run in comparison.runs])
    differing = differing_overrides(comparison.runs)
    # A header may be broken after each part of a figure's name, a number never.
    figures = [name.replace("/", "/\n") for name in names]
    facts = ["epoch", "time", "examples/s"]
    narrow: list[list[RenderableType]] = []
    wide: list[list[RenderableType]] = []
    for label, overrides, run in zip(labels, differing, comparison.runs, strict=True):
        values = [figure(run.figures.get(name)) for name in names]
        epoch = UNKNOWN if run.best_epoch is None else str(run.best_epoch)
        speed = count(run.examples_per_second)
        status = run.status.replace("_", " ")
        wide.append(
            [
                label,
                " ".join(overrides) or UNKNOWN,
                *values,
                epoch,
                duration(run.seconds),
                speed,
                status,
            ]
        )
        name = Folding(label, *(f"  {override}" for override in overrides))
        narrow.append([name, *values, status])
    return Fitting(
        plain_table(
            ["run", "overrides", *figures, *facts, "status"], wide, numbers=figures + facts
        ),
        plain_table(["run", *figures, "status"], narrow, numbers=figures),
    )


def main_figures(comparison: Comparison) -> list[str]:
    """Return the names of the figure that orders the runs and of the same on the other splits."""
    split, _, rest = comparison.figure.partition("/")
    same = [f"{other}/{rest}" for other in SPLITS if other != split and split in SPLITS]
    known = {name for run in comparison.runs for name in run.figures}
    first = [comparison.figure] if comparison.figure else []
    return first + [name for name in reversed(same) if name in known]


def differing_overrides(runs: Sequence[Run]) -> list[list[str]]:
    """Return for each run the overrides that not all runs have.

    Runs without overrides, such as those of which only a part is left, do not count. Of a single
    run all overrides are returned.
    """
    given = [set(run.overrides) for run in runs if run.overrides]
    common = set.intersection(*given) if len(given) > 1 else set()
    return [[one for one in run.overrides if one not in common] for run in runs]


def to_csv(comparison: Comparison) -> str:
    """Return all figures of the runs as CSV, one row a run, best first."""
    names = list(dict.fromkeys(name for run in comparison.runs for name in run.figures))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    facts = ["best_epoch", "seconds", "examples_per_second"]
    writer.writerow(["run", "status", "overrides", *names, *facts])
    for run in comparison.runs:
        figures = [run.figures.get(name) for name in names]
        last = [getattr(run, name) for name in facts]
        writer.writerow([run.folder, run.status, " ".join(run.overrides), *figures, *last])
    return text.getvalue()


def _metric(name: str) -> str:
    return name.rpartition("/")[2]


def _labels(folders: Sequence[Path]) -> list[str]:
    """Return the paths without what they have in common."""
    parts = [folder.absolute().parts for folder in folders]
    shared = 0
    while all(len(path) > shared + 1 and path[shared] == parts[0][shared] for path in parts):
        shared += 1
    return ["/".join(path[shared:]) for path in parts]

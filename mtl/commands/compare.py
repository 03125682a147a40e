"""mtl compare [FOLDER …] [by=FIGURE] [mode=max|min] [over=SEED] [output=FILE.csv]: a table of runs.

    mtl compare runs/headline/*
    mtl compare runs by=test/main_output/auc
    mtl compare runs/headline output=runs.csv
    mtl compare runs/enb over=training.seed against=balancing=fixed

The best are first. A folder is a run's, a sweep's, or one with such folders in it; the default is
runs. Without by= the runs are in the order of the figure that they watched; mode= says which of its
values are good. over=training.seed averages runs that differ in their seed alone, and holds each
choice against one of them (against=, default balancing=fixed).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mtl.commands.from_run import writable
from mtl.config.overrides import value_of, without
from mtl.errors import MtlError, nearest

SETTINGS = ("by", "mode", "over", "against", "output", "overwrite")


def run(words: Sequence[str]) -> int:
    """Print the table."""
    folders = without(SETTINGS, words)
    for word in folders:
        if word.startswith("-") or ("=" in word and not Path(word).exists()):
            raise MtlError(
                f"`mtl compare` cannot read {word!r}. Expected folders, and by=<figure>,"
                " mode=max|min, over=training.seed, against=<override> or output=FILE.csv."
                f" {nearest(word.partition('=')[0], SETTINGS)}"
            )
    mode = value_of("mode", words)
    if mode not in {None, "max", "min"}:
        raise MtlError(f"mode={mode}: expected max or min, whichever is better.")
    over, against = value_of("over", words), value_of("against", words)
    if against is not None and over is None:
        raise MtlError(
            f"against={against} is for means over a seed, which are held against one another. Add"
            " over=training.seed."
        )
    given = value_of("output", words)
    output = None
    if given:
        output = writable(Path(given), {"overwrite": value_of("overwrite", words) or "false"})
    if not folders and not Path("runs").is_dir():
        raise MtlError(f"There is no folder runs in {Path.cwd()}: no run has been made here yet.")
    from mtl.reporting.collect import collect
    from mtl.reporting.compare import comparison_table, rank, to_csv
    from mtl.reporting.console import Console
    from mtl.reporting.files import OUTPUT, write_text
    from mtl.reporting.repeats import average, averages_csv, averages_shown

    runs, by = collect(folders or ["runs"]), value_of("by", words)
    if over is None:
        comparison = rank(runs, by, mode)
        Console().show(comparison_table(comparison))
        text = to_csv(comparison)
    else:
        averages = average(runs, over, against, by, mode)
        elsewhere = f"{output} has them" if output else "output=FILE.csv writes them"
        Console().show(*averages_shown(averages, over, elsewhere))
        text = averages_csv(averages)
    if output:
        write_text(output, text, OUTPUT)
    return 0

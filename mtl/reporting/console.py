"""What a run shows: a summary before it trains, its progress, its results, where they are."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console as RichConsole
from rich.console import RenderableType
from rich.text import Text

from mtl.reporting.progress import TrainingProgress
from mtl.reporting.summary import Summary, describe
from mtl.reporting.tables import results_table
from mtl.reporting.wording import count, duration, figure, memory

DIRECTIONS = {"max": "higher is better", "min": "lower is better"}
STATES = {
    "completed": "completed",
    "stopped_early": "stopped early: no improvement",
    "interrupted": "interrupted",
    "failed": "failed",
    "running": "still running",
}


class Console:
    """Prints for a person at a terminal, or plainly into a pipe or file.

    Without a terminal (or with `TERM=dumb`) there are no control characters, nothing is drawn over
    and no line ends in blanks. `NO_COLOR` and `COLUMNS` are heeded.

    Args:
        file: Where to. Default: standard output.
        width: In characters. Default: the terminal's, 80 where there is none.
    """

    def __init__(self, file: TextIO | None = None, width: int | None = None) -> None:
        self._file = file or sys.stdout
        dumb = os.environ.get("TERM", "").lower() in ("dumb", "unknown")
        self._gone = False
        self.live = self._file.isatty() and not dumb
        self._rich = RichConsole(
            file=self._file,
            width=width,
            force_terminal=self.live,
            force_jupyter=False,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def show(self, *blocks: RenderableType) -> None:
        """Print tables or texts, each followed by an empty line."""
        for block in blocks:
            self._print(block)
            self._print("")

    def line(self, text: str) -> None:
        """Print one line; a terminal breaks it between words, anything else gets it whole."""
        self._print(Text(text), whole=not self.live)

    def summary(self, summary: Summary) -> None:
        """Print what is about to be trained."""
        self.show(*describe(summary))

    def progress(self, epochs: int) -> TrainingProgress:
        """Return the context that shows how training goes on."""
        return TrainingProgress(self._rich, self.line, epochs, live=self.live)

    def results(self, results: Mapping[str, Any]) -> None:
        """Print the table of figures by task and split, and one line about the run.

        Args:
            results: What `results.json` holds.
        """
        self._print("")
        if results.get("metrics"):
            self.show(results_table(results))
        self.line(outcome(results))

    def folder(self, path: Path) -> None:
        """Print where the run's files are, in one piece that can be copied."""
        path = path.absolute()
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        self._print(Text(f"run folder: {shown}"), whole=True)

    def _print(self, block: RenderableType, *, whole: bool = False) -> None:
        if self._gone:
            return
        try:
            if self.live:
                self._rich.print(block, soft_wrap=whole)
            else:
                self._write(block, whole=whole)
        except OSError:
            # A reader that has left (`| head`) or a full disk under a log must not end the run.
            self._gone = True

    def _write(self, block: RenderableType, *, whole: bool) -> None:
        """Write a block without blanks at the ends of lines."""
        with self._rich.capture() as capture:
            self._rich.print(block, soft_wrap=whole)
        text = "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())
        # A pipe whose encoding lacks a letter of a column's name must not end the run either.
        encoding = self._file.encoding or "utf-8"
        self._file.write(text.encode(encoding, "replace").decode(encoding))
        self._file.flush()


def outcome(results: Mapping[str, Any]) -> str:
    """Return how a run ended, in one sentence.

    Args:
        results: What `results.json` holds.
    """
    state = str(results.get("status", "unknown"))
    pieces = [STATES.get(state, state.replace("_", " "))]
    epochs = results.get("epochs")
    if epochs:
        best = results.get("best_epoch")
        pieces.append(f"best epoch {best} of {epochs}" if best else f"{epochs} epochs")
    monitor = results.get("monitor") or {}
    if monitor.get("name"):
        direction = DIRECTIONS.get(str(monitor.get("mode")))
        value = f"{monitor['name']} {figure(monitor.get('value'))}"
        pieces.append(f"{value} ({direction})" if direction else value)
    if results.get("seconds") is not None:
        pieces.append(duration(results["seconds"]))
    if results.get("examples_per_second") is not None:
        pieces.append(f"{count(results['examples_per_second'])} examples/s")
    if results.get("peak_memory_bytes") is not None:
        pieces.append(f"peak memory {memory(results['peak_memory_bytes'])}")
    return ", ".join(pieces)

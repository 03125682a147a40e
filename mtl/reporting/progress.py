"""How far training is: a live bar on a terminal, one line an epoch everywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from rich.console import Console as RichConsole
from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from mtl.reporting.results import MEAN
from mtl.reporting.wording import count, duration, figure

REFRESH_SECONDS = 0.25
GAP = "  "
SHOWN_TASKS = 6


class TrainingProgress:
    """Shows the epochs of one training. Use as a context; made by `Console.progress`.

    Args:
        console: Where the bar is drawn.
        line: Prints one line for good.
        epochs: How many there will be.
        live: Whether there is a terminal that can redraw its last lines.
    """

    def __init__(
        self, console: RichConsole, line: Callable[[str], None], epochs: int, *, live: bool
    ) -> None:
        self._line = line
        self._epochs = epochs
        self._shown = 0.0
        self._losses = Text()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self._epoch = self._bar.add_task("", total=None, speed="", visible=False)
        self._live: Live | None = None
        if live:
            self._live = Live(
                Group(self._bar, self._losses),
                console=console,
                refresh_per_second=1 / REFRESH_SECONDS,
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    @property
    def due(self) -> bool:
        """Whether `step` would show anything new now.

        Ask before fetching losses from the device: false where there is no terminal, and between
        two refreshes.
        """
        return self._live is not None and time.monotonic() - self._shown >= REFRESH_SECONDS

    def begin(self, epoch: int, steps: int | None = None) -> None:
        """Start the bar of an epoch.

        Args:
            epoch: Its number, from 1.
            steps: How many steps it has, None if unknown.
        """
        self._losses.plain = ""
        self._bar.reset(
            self._epoch,
            total=steps,
            description=f"epoch {epoch}/{self._epochs}",
            speed="",
            visible=True,
        )

    def step(
        self, done: int, losses: Mapping[str, float], examples_per_second: float | None = None
    ) -> None:
        """Show how far the epoch is.

        Args:
            done: The steps that are done.
            losses: The tasks' losses so far, unweighted, by output.
            examples_per_second: How fast it goes.
        """
        self._shown = time.monotonic()
        speed = "" if examples_per_second is None else f"{count(examples_per_second)} examples/s"
        # A no-break space keeps a name and its loss in one line.
        self._losses.plain = GAP.join(
            f"{name}\u00a0{figure(value)}" for name, value in losses.items()
        )
        self._bar.update(self._epoch, completed=done, speed=speed)

    def end(
        self,
        epoch: int,
        figures: Mapping[str, float | int | None],
        *,
        monitor: str | None = None,
        best: bool = False,
    ) -> None:
        """Print the line of an epoch that is done.

        Args:
            epoch: Its number.
            figures: All of its figures by name.
            monitor: The name of the figure that is watched.
            best: Whether it is the best so far.
        """
        self._bar.update(self._epoch, visible=False)
        self._losses.plain = ""
        self._line(epoch_line(epoch, self._epochs, figures, monitor=monitor, best=best))


def epoch_line(
    epoch: int,
    epochs: int,
    figures: Mapping[str, float | int | None],
    *,
    monitor: str | None = None,
    best: bool = False,
) -> str:
    """Return an epoch in one line.

    Args:
        epoch: Its number.
        epochs: How many there will be.
        figures: By name. Shown are the totals, the losses of up to six tasks, speed and duration.
        monitor: The name of the figure that is watched, shown too.
        best: Whether it is the best so far.
    """
    split = "validation" if any(name.startswith("validation/") for name in figures) else "training"
    names = [name for name in ("training/loss", "validation/loss") if name in figures]
    losses = [
        name
        for name in figures
        if name.startswith(f"{split}/")
        and name.endswith("/loss")
        and _output(name) not in ("", MEAN)
    ]
    pieces = [f"epoch {epoch:>{len(str(epochs))}}/{epochs}"]
    pieces += [f"{name.replace('/', ' ')} {figure(figures[name])}" for name in names]
    if len(losses) <= SHOWN_TASKS:
        tasks = (f"{_output(name)} {figure(figures[name])}" for name in losses)
        pieces += [f"({', '.join(tasks)})"] if losses else []
    if monitor is not None and monitor in figures and monitor not in names:
        pieces.append(f"{monitor} {figure(figures[monitor])}")
    if best:
        pieces.append("best")
    if figures.get("examples_per_second") is not None:
        pieces.append(f"{count(figures['examples_per_second'])} examples/s")
    if figures.get("seconds") is not None:
        pieces.append(duration(figures["seconds"]))
    return GAP.join(pieces)


def _output(name: str) -> str:
    return name.partition("/")[2].rpartition("/")[0]

"""Who is told how training goes on: the console, the history, TensorBoard."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping

import keras
import numpy as np

from mtl.reporting.balancing import BalancingLog
from mtl.reporting.history import History
from mtl.reporting.progress import TrainingProgress
from mtl.reporting.tensorboard import Board
from mtl.training.figures import Figures


class ConsoleObserver:
    """Shows the progress.

    Args:
        progress: Where.
        monitor: The name of the figure that is watched.
    """

    def __init__(self, progress: TrainingProgress, monitor: str) -> None:
        self.progress = progress
        self.monitor = monitor

    def epoch_begins(self, epoch: int, steps: int) -> None:
        """Start the epoch's bar."""
        self.progress.begin(epoch, steps)

    def step_ends(self, step: int, figures: Figures, examples_per_second: float) -> None:
        """Move the bar on, as often as a person can see."""
        if self.progress.due:
            known = {k: v for k, v in figures.losses().items() if math.isfinite(v)}
            self.progress.step(step, known, examples_per_second)

    def step_balances(self, step: int, figures: Mapping[str, float]) -> None:
        """Do nothing."""

    def epoch_ends(self, epoch: int, figures: Mapping[str, float], *, improved: bool) -> None:
        """Print the epoch's line."""
        self.progress.end(epoch, figures, monitor=self.monitor, best=improved)

    def epoch_shows(self, epoch: int, images: Mapping[str, np.ndarray]) -> None:
        """Do nothing."""


class EpochObserver:
    """Takes no notice of steps: what is told of an epoch is told at its end."""

    def epoch_begins(self, epoch: int, steps: int) -> None:
        """Do nothing."""

    def step_ends(self, step: int, figures: Figures, examples_per_second: float) -> None:
        """Do nothing."""

    def step_balances(self, step: int, figures: Mapping[str, float]) -> None:
        """Do nothing."""

    def epoch_shows(self, epoch: int, images: Mapping[str, np.ndarray]) -> None:
        """Do nothing."""


class LogObserver(EpochObserver):
    """Writes the total losses of an epoch to a log."""

    def __init__(self, log: logging.Logger) -> None:
        self.log = log

    def epoch_ends(self, epoch: int, figures: Mapping[str, float], *, improved: bool) -> None:
        """Write the line."""
        losses = [f"{k} {v:.6g}" for k, v in figures.items() if k.endswith("/loss")]
        self.log.info("epoch %d: %s%s", epoch, ", ".join(losses), "; best so far" * improved)


class HistoryObserver(EpochObserver):
    """Writes a row of `history.csv` an epoch, and one of `balancing.csv` a step told of."""

    def __init__(self, history: History, balancing: BalancingLog) -> None:
        self.history = history
        self.balancing = balancing

    def step_balances(self, step: int, figures: Mapping[str, float]) -> None:
        """Write the row of a step."""
        self.balancing.append(step, figures)

    def epoch_ends(self, epoch: int, figures: Mapping[str, float], *, improved: bool) -> None:
        """Write the row."""
        self.history.append({"epoch": epoch, **figures})


class BoardObserver(EpochObserver):
    """Writes an epoch's scalars, those of single steps and histograms for TensorBoard.

    Args:
        board: Where.
        graph: Whose weights.
    """

    def __init__(self, board: Board, graph: keras.Model) -> None:
        self.board = board
        self.graph = graph

    def step_balances(self, step: int, figures: Mapping[str, float]) -> None:
        """Write the figures of a step."""
        self.board.balancing(step, figures)

    def epoch_ends(self, epoch: int, figures: Mapping[str, float], *, improved: bool) -> None:
        """Write the epoch."""
        self.board.figures(epoch, figures)
        self.board.histograms(epoch, self.graph)

    def epoch_shows(self, epoch: int, images: Mapping[str, np.ndarray]) -> None:
        """Write the images."""
        for name, image in images.items():
            self.board.image(epoch, name, image)

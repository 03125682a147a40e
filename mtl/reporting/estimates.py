"""What runs come to together: means with their intervals, and Δ_m."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mtl.config.overrides import value_of
from mtl.reporting.collect import Run
from mtl.reporting.results import MEAN, TOTAL, nest

LOSS = "loss"
WORST = "worst"
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean over runs.

    Attributes:
        mean: NaN where there is no run.
        margin: Half the width of the 95 % confidence interval, by Student's t; NaN for fewer than
            two runs.
        count: Of the runs.
    """

    mean: float
    margin: float
    count: int

    @classmethod
    def of(cls, values: Iterable[float]) -> Estimate:
        """Average the finite ones of some values."""
        finite = np.array([value for value in values if math.isfinite(value)])
        count = len(finite)
        if count < 2:
            return cls(float(finite.mean()) if count else math.nan, math.nan, count)
        quantile = stats.t.ppf((1 + CONFIDENCE) / 2, count - 1)
        margin = quantile * finite.std(ddof=1) / math.sqrt(count)
        return cls(float(finite.mean()), float(margin), count)


def figures_of(
    runs: Sequence[Run], split: str, tasks: Sequence[str], metric: str, mode: str
) -> dict[str, Estimate]:
    """Return a metric of each task, of their mean, and of the task where it is worst.

    Args:
        runs: Of one choice. Those that lack the metric of some task count for the others alone.
        split: Where it was measured.
        tasks: Their names.
        metric: Its name.
        mode: `max` or `min`, which of its values are good.
    """
    rows = [[run.figures.get(f"{split}/{task}/{metric}") for task in tasks] for run in runs]
    values = np.array([[math.nan if v is None else v for v in row] for row in rows], float)
    values = values.reshape(len(runs), len(tasks))
    found = {task: Estimate.of(values[:, i]) for i, task in enumerate(tasks)}
    known = values[:, np.isfinite(values).any(axis=0)]
    whole = known[np.isfinite(known).all(axis=1)] if known.size else np.empty((0, 1))
    worst = whole.min(axis=1) if mode == "max" else whole.max(axis=1)
    return found | {MEAN: Estimate.of(whole.mean(axis=1)), WORST: Estimate.of(worst)}


def gain_of(runs: Sequence[Run], reference: Sequence[Run], over: str, split: str) -> Estimate:
    """Return Δ_m in percent, over the seeds that both have.

    Args:
        runs: Of one choice.
        reference: Those that they are held against.
        over: The setting that is the seed.
        split: Where the losses were measured.
    """
    base = {seed_of(run, over): losses_of(run, split) for run in reference}
    gains = []
    for run in runs:
        own, theirs = losses_of(run, split), base.get(seed_of(run, over), {})
        common = [task for task in own if theirs.get(task, 0) > 0]
        if common:
            changes = [(theirs[task] - own[task]) / theirs[task] for task in common]
            gains.append(100 * sum(changes) / len(changes))
    return Estimate.of(gains)


def losses_of(run: Run, split: str) -> dict[str, float]:
    """Return each task's loss on a split; nothing where the run did not get there."""
    outputs = nest(run.figures).get(split, {})
    losses = {
        name: figures.get(LOSS) for name, figures in outputs.items() if name not in (MEAN, TOTAL)
    }
    return {name: loss for name, loss in losses.items() if loss is not None}


def seed_of(run: Run, over: str) -> str | None:
    """Return the value of a run's override of a setting, such as `training.seed`."""
    return value_of(over, run.overrides)

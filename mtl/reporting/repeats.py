"""Runs that differ in their seed alone, averaged, and each choice against a reference."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtl.config.overrides import without
from mtl.errors import MtlError, nearest
from mtl.reporting.collect import Run
from mtl.reporting.compare import differing_overrides, rank
from mtl.reporting.estimates import (
    LOSS,
    WORST,
    Estimate,
    figures_of,
    gain_of,
    losses_of,
    seed_of,
)
from mtl.reporting.reference import Overrides, Reference, settled
from mtl.reporting.results import MEAN, nest
from mtl.reporting.tables import Fitting, plain_table
from mtl.reporting.wording import UNKNOWN, figure

SEED = "training.seed"
REFERENCE = "balancing=fixed"
GAIN = "Δ_m"
TASKS_SHOWN = 4
"""So many tasks have a column of their own in the table; the file has all of them."""
IN_A_SWEEP = "averages.csv in the sweep's folder has them"


@dataclass(frozen=True)
class Choice:
    """The runs of one choice of overrides.

    Attributes:
        label: The overrides in which it differs from other choices; for the reference itself, that
            one.
        figures: The metric on the test split: of each task by its name, and under `mean` and
            `worst` that of the tasks' mean and of the worst task.
        gain: Δ_m: by how many percent the tasks' losses are lower than the reference's, averaged
            over the tasks; each run is held against the reference's run of the same seed.
        runs: How many there are, and how many of them have figures.
    """

    label: str
    figures: Mapping[str, Estimate]
    gain: Estimate
    runs: tuple[int, int]


@dataclass(frozen=True)
class Averages:
    """All choices of one experiment.

    Attributes:
        choices: The best first.
        tasks: In the order of the results.
        metric: What `figures` are.
        mode: `max` or `min`, which of its values are good.
        split: Where it was measured: `test`, or `validation` where there is no test split.
        reference: The override of the choice that the others are held against; None for none.
        order: By what the best is: the column of a figure, or `Δ_m`.
        asked: The task whose figure was asked for; None for none.
        repeats: How many runs are left out since a later one has the same choice and seed.
        compared: Whether some choice is the reference, be it that all are.
    """

    choices: Sequence[Choice]
    tasks: Sequence[str]
    metric: str
    mode: str
    split: str
    reference: str | None
    order: str = MEAN
    asked: str | None = None
    repeats: int = 0
    compared: bool = True


def repeated(runs: Sequence[Run], over: str = SEED) -> bool:
    """Return whether some of the runs differ in one setting alone, a seed."""
    keys = [_choice(run, over) for run in runs if seed_of(run, over) is not None]
    return len(set(keys)) < len(keys)


def average(
    runs: Sequence[Run],
    over: str = SEED,
    against: str | None = None,
    by: str | None = None,
    mode: str | None = None,
) -> list[Averages]:
    """Average runs over a setting, and hold each choice of the others against a reference.

    Args:
        runs: What `collect` returns.
        over: The setting that repeats a run, a seed.
        against: The reference, `<key>=<value>`: the choices whose configs say so. Default:
            `balancing=fixed`, if some choices have it and others not.
        by: A figure whose metric is shown, such as `test/mean/auc`, and by whose column the
            choices are ordered. Default: the metric that most of the runs watched, and the order
            of Δ_m, where there is one.
        mode: `max` or `min`, which of the metric's values are good. Default: see `rank`.

    Returns:
        One for each set of tasks among the runs, in their order. Of several runs of one choice and
        seed the last counts, which is no further draw.

    Raises:
        MtlError: No run has an override of `over`; or no choices are without what is `against`, or
            none with it.
    """
    if all(seed_of(run, over) is None for run in runs):
        keys = {override.partition("=")[0] for run in runs for override in run.overrides}
        raise MtlError(f"No run has an override of {over!r}. {nearest(over, keys)}")
    if against is not None and not any(Reference(against).has([run]) for run in runs):
        known = {each for run in runs for each in _choice(run, over)}
        known |= Reference(against).values(runs)
        raise MtlError(f"No run has {against!r}. {nearest(against, known)}")
    by_tasks: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        by_tasks.setdefault(_experiment(run), []).append(run)
    found = [_averages(some, over, against, by, mode) for some in by_tasks.values()]
    if against is not None and all(each.reference is None for each in found):
        raise MtlError(
            f"All choices have {against!r}, so that none can be held against it. Expected a value"
            " that some have and others do not."
        )
    return found


def averages_table(averages: Averages, over: str = SEED, elsewhere: str = IN_A_SWEEP) -> Fitting:
    """Return the table, a row a choice with its figures and Δ_m, each ± its margin.

    Below it stands what it shows. Where there is no room for a column of each task, or there are
    many, their mean and the worst stand for them.

    Args:
        averages: Of one experiment.
        over: The setting that they are over.
        elsewhere: Where the columns are that are left out, the end of a sentence.
    """
    gained = averages.reference is not None
    summary = [MEAN, WORST] if len(averages.tasks) > 1 else []
    shown = list(averages.tasks) if len(averages.tasks) <= TASKS_SHOWN else []
    asked = [averages.asked] if averages.asked else []
    shown = [*asked, *(task for task in shown if task not in asked)]
    tables, below = [], []
    for columns in (
        [*shown, *summary],
        [*asked, *summary] if summary else shown,
        asked or ([MEAN] if summary else []),
    ):
        headers = [f"{column}\n{averages.metric}" for column in columns]
        headers += [f"{GAIN} %"] if gained else []
        rows = [
            [
                choice.label,
                _of_all(choice.runs),
                *(_written(choice.figures[column]) for column in columns),
                *([_percent(choice.gain)] if gained else []),
            ]
            for choice in averages.choices
        ]
        tables.append(plain_table(["choice", "runs", *headers], rows, numbers=headers))
        below.append(explanation(averages, over, columns, elsewhere))
    return Fitting(*tables, below=below)


def averages_shown(
    several: Sequence[Averages], over: str, elsewhere: str = IN_A_SWEEP
) -> list[Fitting]:
    """Return the table of each experiment, to be printed; see `averages_table`."""
    return [averages_table(averages, over, elsewhere) for averages in several]


def explanation(averages: Averages, over: str, columns: Sequence[str], elsewhere: str) -> str:
    """Return in words what the table shows in its columns of figures, and what it does not."""
    said = (
        f"{averages.metric} on the {averages.split} split, mean over {over} ± half the width of the"
        f" 95 % interval; best first by {averages.order}."
    )
    if WORST in columns:
        extreme = "lowest" if averages.mode == "max" else "highest"
        said += f" {WORST}: the {extreme} {averages.metric} among the tasks of each run."
    if averages.reference is not None:
        said += (
            f" Δ_m: by how many percent the tasks' losses are below those of"
            f" {averages.reference}, averaged over the tasks."
        )
    elif len(averages.choices) > 1 and not averages.compared:
        said += f" No Δ_m: no run has {REFERENCE}; against=… holds the choices against another."
    if all(started == 1 for _, started in (choice.runs for choice in averages.choices)):
        said += f" Each choice has one run: no two differ in {over} alone."
    if averages.repeats:
        said += f" Left out as repeated by later runs of the same seed: {averages.repeats}."
    tasks = [task for task in averages.tasks if task not in columns]
    left_out = tasks if len(tasks) <= TASKS_SHOWN else [f"the columns of {len(tasks)} tasks"]
    if len(averages.tasks) > 1 and WORST not in columns:
        left_out = [*left_out, WORST]
    if left_out:
        said += f"\nNot shown: {', '.join(left_out)}; {elsewhere}."
    return said


def averages_csv(several: Sequence[Averages]) -> str:
    """Return all choices as CSV, one row a choice and task."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["choice", "output", "split", "metric", "mean", "margin", "runs"])
    for averages in several:
        for choice in averages.choices:
            rows = [(name, averages.metric, each) for name, each in choice.figures.items()]
            if averages.reference is not None:
                rows.append(("", "delta_m_percent", choice.gain))
            for name, metric, each in rows:
                numbers = [each.mean, each.margin, each.count]
                writer.writerow([choice.label, name, averages.split, metric, *numbers])
    return text.getvalue()


def _averages(
    runs: Sequence[Run], over: str, against: str | None, by: str | None, mode: str | None
) -> Averages:
    every, runs = len(runs), _last_of_each(runs, over)
    split = "test" if any("test" in nest(run.figures) for run in runs) else "validation"
    comparison = rank(runs, by, mode)
    metric = comparison.figure.rpartition("/")[2] or LOSS
    mode = comparison.mode if comparison.figure else mode or "min"
    tasks = list(dict.fromkeys(name for run in runs for name in losses_of(run, split)))
    choices: dict[Overrides, list[Run]] = {}
    for run in runs:
        choices.setdefault(_choice(run, over), []).append(run)
    reference = Reference(against or REFERENCE)
    references = {choice: some for choice, some in choices.items() if reference.has(some)}
    compared = bool(references)
    if len(references) == len(choices):
        references = {}
    labels = _labels(choices, over)
    for choice, some in references.items():
        labels[choice] = reference.label(some[0].overrides, labels[choice])
    found = [
        Choice(
            " ".join(labels[choice]) or "as it is",
            figures_of(some, split, tasks, metric, mode),
            gain_of(some, reference.counterpart(choice, references), over, split),
            (sum(bool(losses_of(run, split)) for run in some), len(some)),
        )
        for choice, some in choices.items()
    ]
    sign = 1.0 if mode == "max" else -1.0

    asked = next((task for task in tasks if by is not None and f"/{task}/" in by), None)
    order = GAIN if references and by is None else asked or MEAN

    def worth(choice: Choice) -> list[tuple[bool, float]]:
        figures = [sign * choice.figures[asked or MEAN].mean]
        values = [choice.gain.mean, *figures] if order == GAIN else figures
        return [(math.isfinite(each), each if math.isfinite(each) else 0.0) for each in values]

    return Averages(
        sorted(found, key=worth, reverse=True),
        tasks,
        metric,
        mode,
        split,
        reference.override if references else None,
        order,
        asked,
        every - len(runs),
        compared,
    )


def _last_of_each(runs: Sequence[Run], over: str) -> list[Run]:
    """Return of the runs of one choice and seed the last, or the last that has figures."""
    kept: dict[tuple[Overrides, str | None], Run] = {}
    for run in runs:
        key = _choice(run, over), seed_of(run, over)
        if run.figures or key not in kept:
            kept[key] = run
    return list(kept.values())


def _experiment(run: Run) -> tuple[str, ...]:
    chosen = tuple(each for each in run.overrides if each.startswith("experiment="))
    return chosen or (run.folder.parent.name,)


def _choice(run: Run, over: str) -> Overrides:
    """Return a run's overrides but that of the seed."""
    return settled(without([over], run.overrides))


def _labels(choices: Mapping[Overrides, Sequence[Run]], over: str) -> dict[Overrides, list[str]]:
    differing = differing_overrides([runs[0] for runs in choices.values()])
    return {choice: without([over], own) for choice, own in zip(choices, differing, strict=True)}


def _of_all(runs: tuple[int, int]) -> str:
    done, started = runs
    return str(done) if done == started else f"{done} of {started}"


def _written(estimate: Estimate) -> str:
    if estimate.count == 0:
        return UNKNOWN
    if math.isnan(estimate.margin):
        return figure(estimate.mean)
    return f"{figure(estimate.mean)} ± {figure(estimate.margin)}"


def _percent(estimate: Estimate) -> str:
    if estimate.count == 0:
        return UNKNOWN
    margin = "" if math.isnan(estimate.margin) else f" ± {estimate.margin:,.1f}"
    return f"{estimate.mean:+,.1f}{margin}"

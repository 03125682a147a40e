"""From a config to everything that is trained, with every problem reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import polars as pl

from mtl.balancing.base import Balancer
from mtl.config.check import check_columns, check_values
from mtl.config.check.sections import (
    SIDES,
    described_columns,
    feeds,
    listed,
    section,
    single,
)
from mtl.config.check.training import SECTIONS, SOURCE_DEFAULTS
from mtl.data.batches import Examples
from mtl.data.dataset import Dataset, load_dataset
from mtl.data.pairs import SAME
from mtl.data.preparation import Preparation, fit_preparation
from mtl.data.sources import Sources, refuse_many
from mtl.data.tables import column_names
from mtl.data.ways_to_split import SPLITS
from mtl.registry import load_plugins
from mtl.sampling import Distribution
from mtl.tasks.fit import fit_tasks, main_task
from mtl.tasks.task import Task
from mtl.training.balancing import make_balancer, trained_weights
from mtl.training.building import build_graph, wants
from mtl.training.choices import check_signatures, known_names
from mtl.training.evaluating import Evaluating
from mtl.training.fitting_together import (
    check_accumulation,
    check_accumulation_ends,
    check_batches_have_halves,
    check_graph_fits,
    check_monitor_is_labelled,
    check_monitored_figure,
    check_something_is_shared,
    check_turns_end,
    source_notes,
)
from mtl.training.initial_weights import take_weights
from mtl.training.optimizers import build_optimizer
from mtl.training.problems import Problems
from mtl.training.run import load, prepare

DEBUG_EPOCHS, DEBUG_BATCHES = 2, 3


@dataclass(frozen=True)
class Assembly:
    """Everything that one run trains with.

    Attributes:
        config: The resolved config.
        dataset: The table and its splits.
        tasks: The fitted tasks, by output name.
        preparation: From raw columns to the graph's inputs.
        graph: The numeric core: prepared inputs in, outputs out.
        balancer: Turns the tasks' losses into one.
        examples: What is trained and evaluated, by split.
        evaluating: What is asked beyond metrics.
        sources: Of the training rows, where each batch holds rows of one; else None.
        notes: Sentences about how it was put together, for the log and the console.
    """

    config: dict[str, Any]
    dataset: Dataset
    tasks: dict[str, Task]
    preparation: Preparation
    graph: keras.Model
    balancer: Balancer
    examples: dict[str, Examples]
    evaluating: Evaluating
    sources: Sources | None
    notes: list[str]

    def training_examples(self, epoch: int) -> Examples:
        """Return what an epoch trains, epochs counted from 1: pairs are drawn anew for each."""
        redraw = self.dataset.redraw
        if redraw is None or epoch == 1:
            return self.examples["training"]
        return prepare(redraw(epoch), self.preparation, self.tasks)


def assemble(config: Mapping[str, Any], table: Any = None) -> Assembly:
    """Load the data, fit what is fitted on it, build the graph, and check that all fits together.

    Args:
        config: A composed and resolved config.
        table: A table from Python that takes the place of the config's data.

    Raises:
        ConfigError: With every problem that was found.
        MtlError: The single problem, where there is just one and it is not the config's.
    """
    load_plugins(config.get("plugins"))
    problems = Problems()
    problems.add(check_values(config, known_names(), table_is_given=table is not None))
    if any(not isinstance(config.get(name), Mapping) for name in SECTIONS):
        problems.report()
    if not problems.concern("debug", "training"):
        config = _with_debug(config)
    problems.add(check_signatures(config, problems))
    if not problems.concern("optimizer"):
        problems.attempt("optimizer", lambda: build_optimizer(config["optimizer"], 1))
    dataset = _load(config, table, problems)
    if dataset is not None and not problems.concern("optimizer", "training"):
        problems.add(check_accumulation_ends(config, len(dataset.splits["training"])))
    sources = _sources(config, dataset, problems)
    tasks = _fit_tasks(config, dataset, problems)
    preparation = _fit_preparation(config, dataset, tasks, problems)
    evaluating = _evaluating(config, tasks, problems)
    training = _training(config, dataset, preparation, tasks, problems)
    graph = _build_graph(config, preparation, tasks, training, problems)
    notes = _initial_weights(config, graph, problems)
    if graph is not None:
        specifications = preparation.specifications if preparation is not None else None
        problems.add(check_graph_fits(config, graph, specifications, tasks or {}))
    splits = dataset.splits if dataset is not None else dict.fromkeys(SPLITS)
    problems.add(check_monitored_figure(config, splits, evaluating))
    balancer = _balancer(config, tasks, graph, problems)
    problems.report()
    # Nothing is missing here: report() has raised otherwise.
    assert dataset is not None
    assert tasks is not None
    assert preparation is not None
    assert graph is not None
    assert evaluating is not None
    assert balancer is not None
    examples = {
        split: prepare(dataset.table[rows], preparation, tasks, rows)
        for split, rows in dataset.splits.items()
        if split != "training" or training is None
    }
    if training is not None:
        examples = {"training": training, **examples}
    problems.add(check_monitor_is_labelled(config, examples, balancer.names))
    repeated = sources is not None
    problems.add(check_turns_end(config, balancer, examples["training"], repeated=repeated))
    problems.report()
    if sources is not None:
        notes = [
            *notes,
            *sources.notes(config["training"]["batch_size"]),
            *source_notes(sources, examples["training"], balancer),
        ]
    return Assembly(
        dict(config),
        dataset,
        tasks,
        preparation,
        graph,
        balancer,
        examples,
        evaluating,
        sources,
        notes,
    )


def _with_debug(config: Mapping[str, Any]) -> dict[str, Any]:
    """Shorten a run to seconds where `debug` asks for it."""
    config = dict(config)
    if config.get("debug"):
        training = dict(config["training"])
        training["epochs"] = min(training["epochs"], DEBUG_EPOCHS)
        training["limit_batches"] = min(training["limit_batches"] or DEBUG_BATCHES, DEBUG_BATCHES)
        config["training"] = training
    return config


def _load(config: Mapping[str, Any], table: Any, problems: Problems) -> Dataset | None:
    if problems.concern("data"):
        return None
    data = config["data"]
    if table is None and data.get("path") is not None:
        lacking = problems.attempt("data", lambda: check_columns(config, _named(data)))
        if lacking is None or lacking:
            problems.add(lacking or [])
            return None
    needed = None if table is not None else needed_columns(config)
    dataset = problems.attempt("data", lambda: load_dataset(data, table, needed=needed))
    if dataset is None:
        return None
    columns = {column.name: _type(column) for column in dataset.table}
    if data.get("pairs"):
        columns = dict.fromkeys(map(single, columns), "not read") | columns
    if table is None and data.get("path") is not None:
        columns = _named(data) | columns
    problems.add(check_columns(config, columns))
    limit = config["training"].get("limit_batches")
    if limit is None or problems.concern("training"):
        return dataset
    rows = int(limit) * int(config["training"]["batch_size"])
    seed = config["training"]["seed"]
    splits = {split: _some(numbers, rows, seed) for split, numbers in dataset.splits.items()}
    redraw = dataset.redraw
    first = None if redraw is None else lambda epoch: redraw(epoch).head(rows)
    return replace(dataset, splits=splits, redraw=first)


def _type(column: pl.Series) -> str:
    """Return the type of a column: that of nothing where it has no value, however it was read."""
    return str(pl.Null() if column.null_count() == len(column) else column.dtype)


def _named(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the names of a file's columns, and of the pairs' that come from them."""
    names = column_names(data["path"])
    if data.get("pairs"):
        names += [f"{name}{side}" for name in names for side in SIDES] + [SAME]
    return dict.fromkeys(names, "not read")


def _some(rows: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw some of the rows, in their order: the first ones may be all of one kind."""
    if len(rows) <= count:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, count, replace=False))


def needed_columns(config: Mapping[str, Any]) -> set[str]:
    """Return the columns that a config's inputs and tasks name."""
    tasks = [task for task in (config.get("tasks") or {}).values() if isinstance(task, Mapping)]
    named: list[object] = [feed.column for feed in feeds(config)]
    named.append(section(config, "training", "sources").get("column"))
    for task in tasks:
        named += [*listed(task.get("target")), *listed(task.get("sample_weight"))]
    return {column for column in named if isinstance(column, str)}


def _sources(
    config: Mapping[str, Any], dataset: Dataset | None, problems: Problems
) -> Sources | None:
    """Return the sources of the training rows, where the config names their column."""
    training = config["training"]
    given = {**SOURCE_DEFAULTS, **section(config, "training", "sources")}
    if given.get("column") is None or dataset is None or problems.concern("training", "data"):
        return None
    distribution = Distribution(
        given["distribution"], given["alpha"], given["final_alpha"], training["epochs"]
    )
    column = given["column"]

    def found() -> Sources:
        refuse_many(dataset.table[column])
        values = dataset.part("training")[column]
        return Sources.of(values, distribution, seed=training["seed"], shuffle=training["shuffle"])

    return problems.attempt("training.sources.column", found)


def _fit_tasks(
    config: Mapping[str, Any], dataset: Dataset | None, problems: Problems
) -> dict[str, Task] | None:
    if dataset is None or problems.concern("tasks"):
        return None
    rows = dataset.splits["training"]
    return problems.attempt("tasks", lambda: fit_tasks(config["tasks"], dataset.table[rows], rows))


def _fit_preparation(
    config: Mapping[str, Any],
    dataset: Dataset | None,
    tasks: Mapping[str, Task] | None,
    problems: Problems,
) -> Preparation | None:
    if dataset is None or tasks is None or problems.concern("inputs", "data"):
        return None
    table = dataset.to_learn_from()
    aligned = {} if dataset.unpaired is not None else tasks
    return problems.attempt(
        "data.columns",
        lambda: fit_preparation(
            described_columns(config),
            config["inputs"],
            table,
            targets={
                name: task.encode(table)
                for name, task in aligned.items()
                if task.units == 1 and not task.fitted.exclusive
            },
            main_task=main_task(tasks),
        ),
    )


def _evaluating(
    config: Mapping[str, Any], tasks: Mapping[str, Task] | None, problems: Problems
) -> Evaluating | None:
    if problems.concern("evaluations"):
        return None
    found = problems.attempt("evaluations", lambda: Evaluating.of(config))
    if found is not None and tasks is not None:
        metrics = {name: ("loss", *task.metric_names) for name, task in tasks.items()}
        problems.add(found.repeated_figures(metrics))
    return found


def _training(
    config: Mapping[str, Any],
    dataset: Dataset | None,
    preparation: Preparation | None,
    tasks: Mapping[str, Task] | None,
    problems: Problems,
) -> Examples | None:
    """Prepare the training split before the graph is built, where the builder reads it."""
    if dataset is None or preparation is None or tasks is None or problems.concern("model"):
        return None
    if not wants(config, "training"):
        return None
    rows = dataset.splits["training"]
    table = dataset.table[rows]
    return problems.attempt("data", lambda: prepare(table, preparation, tasks, rows))


def _initial_weights(
    config: Mapping[str, Any], graph: keras.Model | None, problems: Problems
) -> list[str]:
    folder = config["training"].get("initial_weights")
    if config["training"].get("resume"):
        return []  # its checkpoint has all weights
    if folder is None or graph is None or problems.concern("training"):
        return []
    path = "training.initial_weights"
    notes = problems.attempt(path, lambda: take_weights(graph, load(folder).graph, str(folder)))
    # The other run may have plug-ins of its own; from here on this one's count again.
    load_plugins(config.get("plugins"))
    return notes or []


def _balancer(
    config: Mapping[str, Any],
    tasks: Mapping[str, Task] | None,
    graph: keras.Model | None,
    problems: Problems,
) -> Balancer | None:
    """Make the balancer of the trained tasks, and hold what it reads against the graph.

    Where the tasks cannot be had, the names and weights of the config show what the section gets
    wrong.
    """
    fitted = tasks is not None and not problems.concern("tasks")
    weights = trained_weights(config)
    if fitted:
        weights = {name: task.weight for name, task in (tasks or {}).items() if task.trained}
    found = make_balancer(config["balancing"], weights, problems) if weights else None
    if found is None or not fitted:
        return None
    if graph is not None and not problems.concern("model"):
        problems.add(check_something_is_shared(found, graph))
    if not problems.concern("optimizer", "training"):
        problems.add(check_accumulation(config, found))
        problems.add(check_batches_have_halves(config, found))
    return found


def _build_graph(
    config: Mapping[str, Any],
    preparation: Preparation | None,
    tasks: Mapping[str, Task] | None,
    training: Examples | None,
    problems: Problems,
) -> keras.Model | None:
    needed = {"training", "training.precision", "training.seed"}
    if problems.concern("model") or any(problem.path in needed for problem in problems.found):
        return None
    specifications = preparation.specifications if preparation is not None else None
    handed_in = {"inputs": specifications, "tasks": tasks, "training": training}
    if any(wants(config, parameter) and not value for parameter, value in handed_in.items()):
        return None
    return problems.attempt("model", lambda: build_graph(config, specifications, tasks, training))

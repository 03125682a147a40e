"""From a config to everything that is trained, with every problem reported at once."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import keras
import numpy as np

from mtl.balancing.base import Balancer
from mtl.config.check import (
    Known,
    TaskKind,
    bind_signature,
    check_columns,
    check_graph,
    check_monitor,
    check_values,
    distinct,
)
from mtl.config.check.sections import feeds, listed
from mtl.data.batches import Examples
from mtl.data.columns import COLUMN_KINDS
from mtl.data.dataset import Dataset, load_dataset
from mtl.data.preparation import Preparation, fit_preparation
from mtl.data.tables import column_names
from mtl.errors import ConfigError, MtlError, Problem
from mtl.graph.calls import calls, input_names, is_functional, output_names
from mtl.registry import balancers, builders, generators, kinds, load_plugins
from mtl.tasks.fit import fit_tasks, main_task
from mtl.tasks.names import direction, loss_names, metric_names, option_names
from mtl.tasks.task import Task
from mtl.training.figures import Figures
from mtl.training.optimizers import OPTIMIZERS, SCHEDULES, check_optimizer
from mtl.training.run import prepare

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

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
    """

    config: dict[str, Any]
    dataset: Dataset
    tasks: dict[str, Task]
    preparation: Preparation
    graph: keras.Model
    balancer: Balancer
    examples: dict[str, Examples]


class _Problems:
    """Collects what is wrong, so that all of it can be reported at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.errors: list[MtlError] = []

    def add(self, problems: Iterable[Problem]) -> None:
        """Take in what a check found, but for places in the config that were complained of."""
        self.found = distinct(self.found, problems)

    def attempt(self, path: str, work: Callable[[], Result]) -> Result | None:
        """Return what `work` returns, or None after noting why it failed."""
        try:
            return work()
        except ConfigError as error:
            self.add(error.problems)
        except MtlError as error:
            self.found.append(Problem(path, str(error).rstrip("."), ""))
            self.errors.append(error)
        return None

    def concern(self, *sections: str) -> bool:
        """Whether any problem so far stands in one of the config's sections."""
        return any(problem.path.split(".")[0] in sections for problem in self.found)

    def report(self) -> None:
        """Raise what was found; an error that stands alone is raised as it came."""
        if len(self.found) == 1 and self.errors:
            raise self.errors[0]
        if self.found:
            raise ConfigError(self.found)


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
    problems = _Problems()
    problems.add(check_values(config, _known(), table_is_given=table is not None))
    if not problems.concern("debug", "training"):
        config = _with_debug(config)
    problems.add(_check_signatures(config, problems))
    dataset = _load(config, table, problems)
    tasks = _fit_tasks(config, dataset, problems)
    preparation = _fit_preparation(config, dataset, tasks, problems)
    graph = _build(config, preparation, tasks, problems)
    problems.report()
    # Nothing is missing here: report() has raised otherwise.
    assert dataset is not None
    assert tasks is not None
    assert preparation is not None
    assert graph is not None
    balancer = balancers.get(config["balancing"]["name"])(
        {name: task.weight for name, task in tasks.items() if task.trained},
        **{key: value for key, value in config["balancing"].items() if key != "name"},
    )
    problems.add(_check_graph(config, graph, preparation, tasks))
    problems.add(_check_monitor(config, dataset, Figures(tasks, balancer)))
    problems.report()
    return Assembly(
        dict(config),
        dataset,
        tasks,
        preparation,
        graph,
        balancer,
        {
            split: prepare(dataset.table[rows], preparation, tasks, rows)
            for split, rows in dataset.splits.items()
        },
    )


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Build layers under a dtype policy, and put Keras's policy back afterwards."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _with_debug(config: Mapping[str, Any]) -> dict[str, Any]:
    """Shorten a run to seconds where `debug` asks for it."""
    config = dict(config)
    if config.get("debug"):
        training = dict(config["training"])
        training["epochs"] = min(training["epochs"], DEBUG_EPOCHS)
        training["limit_batches"] = min(training["limit_batches"] or DEBUG_BATCHES, DEBUG_BATCHES)
        config["training"] = training
    return config


def _known() -> Known:
    return Known(
        builders=builders.names(),
        generators=generators.names(),
        balancers=balancers.names(),
        optimizers=list(OPTIMIZERS),
        schedules=list(SCHEDULES),
        column_kinds=COLUMN_KINDS,
        task_kinds={
            name: TaskKind(loss_names(name), metric_names(name), option_names(name))
            for name in kinds.names()
        },
    )


def _check_signatures(config: Mapping[str, Any], problems: _Problems) -> list[Problem]:
    """Hold the chosen functions' keyword parameters against the config's keys."""
    found = check_optimizer(config.get("optimizer", {}))
    generator = config.get("data", {}).get("generator") or {}
    for path, registry, section in (
        ("model", builders, config.get("model", {})),
        ("balancing", balancers, config.get("balancing", {})),
        ("data.generator", generators, generator),
    ):
        name = section.get("name")
        if name not in registry.names():
            continue
        called = problems.attempt(f"{path}.name", partial(registry.get, name))
        values = {key: value for key, value in section.items() if key != "name"}
        handed_in = {"weights"} if registry is balancers else {"inputs", "tasks"}
        if called is not None:
            found += bind_signature(called, values, path, provided=handed_in)
    return found


def _load(config: Mapping[str, Any], table: Any, problems: _Problems) -> Dataset | None:
    if problems.concern("data"):
        return None
    data = config["data"]
    needed = None if table is not None else needed_columns(config)
    dataset = problems.attempt("data", lambda: load_dataset(data, table, needed=needed))
    if dataset is None:
        return None
    columns = {name: str(dtype) for name, dtype in dataset.table.schema.items()}
    if table is None and data.get("path") is not None:
        columns = dict.fromkeys(column_names(data["path"]), "not read") | columns
    problems.add(check_columns(config, columns))
    limit = config["training"].get("limit_batches")
    if limit is None or problems.concern("training"):
        return dataset
    rows = int(limit) * int(config["training"]["batch_size"])
    splits = {split: numbers[:rows] for split, numbers in dataset.splits.items()}
    return Dataset(dataset.table, splits, dataset.known)


def needed_columns(config: Mapping[str, Any]) -> set[str]:
    """Return the columns that a config's inputs and tasks name."""
    tasks = [task for task in (config.get("tasks") or {}).values() if isinstance(task, Mapping)]
    named: list[object] = [feed.column for feed in feeds(config)]
    for task in tasks:
        named += [*listed(task.get("target")), *listed(task.get("sample_weight"))]
    return {column for column in named if isinstance(column, str)}


def _fit_tasks(
    config: Mapping[str, Any], dataset: Dataset | None, problems: _Problems
) -> dict[str, Task] | None:
    if dataset is None or problems.concern("tasks"):
        return None
    rows = dataset.splits["training"]
    return problems.attempt("tasks", lambda: fit_tasks(config["tasks"], dataset.table[rows], rows))


def _fit_preparation(
    config: Mapping[str, Any],
    dataset: Dataset | None,
    tasks: Mapping[str, Task] | None,
    problems: _Problems,
) -> Preparation | None:
    if dataset is None or tasks is None or problems.concern("inputs", "data"):
        return None
    table = dataset.table[dataset.splits["training"]]
    return problems.attempt(
        "data.columns",
        lambda: fit_preparation(
            config["data"]["columns"],
            config["inputs"],
            table,
            targets={
                name: task.encode(table)
                for name, task in tasks.items()
                if task.units == 1 and not task.fitted.exclusive
            },
            main_task=main_task(tasks),
        ),
    )


def _build(
    config: Mapping[str, Any],
    preparation: Preparation | None,
    tasks: Mapping[str, Task] | None,
    problems: _Problems,
) -> keras.Model | None:
    if problems.concern("model"):
        return None
    builder = builders.get(config["model"]["name"])
    arguments = {key: value for key, value in config["model"].items() if key != "name"}
    for name, value in (
        ("inputs", preparation and preparation.specifications),
        ("tasks", tasks),
    ):
        if name in inspect.signature(builder).parameters:
            if not value:
                return None
            arguments[name] = value
    return problems.attempt("model", lambda: _call_builder(builder, arguments, config))


def _call_builder(
    builder: Callable[..., keras.Model], arguments: dict[str, Any], config: Mapping[str, Any]
) -> keras.Model:
    name = config["model"]["name"]
    try:
        with precision(config["training"]["precision"]):
            graph = builder(**arguments)
    except MtlError:
        raise
    except Exception as error:
        raise MtlError(
            f"the builder {name!r} fails with these parameters: {type(error).__name__}: {error}"
        ) from error
    if not is_functional(graph):
        raise MtlError(
            f"the builder {name!r} returned {type(graph).__name__}. Expected a functional "
            "keras.Model: keras.Model(inputs, outputs)"
        )
    return graph


def _check_graph(
    config: Mapping[str, Any],
    graph: keras.Model,
    preparation: Preparation,
    tasks: Mapping[str, Task],
) -> list[Problem]:
    names = output_names(graph)
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        return [
            Problem("model", f"several outputs are called {repeated}", "Return a dict of outputs.")
        ]
    inputs = dict(zip(input_names(graph), graph.inputs, strict=True))
    return check_graph(
        config,
        {name: (tensor.shape[1:], tensor.dtype) for name, tensor in inputs.items()},
        {n: tensor.shape[1:] for n, tensor in zip(names, graph.outputs, strict=True)},
        preparation.specifications,
        _embedding_sizes(graph, inputs),
        {name: task.units for name, task in tasks.items()},
    )


def _embedding_sizes(graph: keras.Model, inputs: Mapping[str, keras.KerasTensor]) -> dict[str, int]:
    """Return the size of the smallest embedding that reads each input's ids directly."""
    sizes: dict[str, int] = {}
    for call in calls(graph):
        for name, tensor in inputs.items():
            if isinstance(call.operation, keras.layers.Embedding) and call.reads_only(tensor):
                size = call.operation.input_dim
                sizes[name] = min(sizes.get(name, size), size)
    return sizes


def _check_monitor(config: Mapping[str, Any], dataset: Dataset, figures: Figures) -> list[Problem]:
    splits = [split for split, rows in dataset.splits.items() if np.size(rows)]
    names = [name for split in splits for name in figures.names(split)]
    metrics = {name.rpartition("/")[2] for name in names} - {"loss"}
    return check_monitor(config, names, {metric: direction(metric) for metric in metrics})

"""A finished run: its model, its results, predictions and evaluations on new tables."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
import polars as pl
import tensorflow as tf
import yaml

import mtl.layers  # noqa: F401 registers the layers that a saved model is made of
from mtl.config.check.sections import described_columns
from mtl.data.batches import Examples
from mtl.data.pairs import paired
from mtl.data.preparation import Preparation
from mtl.data.tables import as_table
from mtl.errors import ConfigError, DataError, MtlError
from mtl.graph.calls import output_names
from mtl.registry import load_plugins
from mtl.reporting.folder import CONFIG, RunFolder
from mtl.tasks.sums import loss_sums
from mtl.tasks.task import Task
from mtl.training.building import build_graph
from mtl.training.changed_parameters import check_changes_take_effect
from mtl.training.choices import check_evaluations, check_model
from mtl.training.evaluating import Evaluating
from mtl.training.figures import Figures
from mtl.training.fitting_together import check_graph_fits
from mtl.training.initial_weights import give_weights
from mtl.training.loop import evaluate

MODEL = "model.keras"
PREPARATION, GRAPH = "preparation", "graph"


class Run:
    """What `mtl.train` returns and `mtl.load` reads back.

    Attributes:
        folder: The run's folder.
        config: Its resolved config. With other parameters in its section `model` (more iterations,
            say), set before anything else is asked of the run, the graph is built anew and has the
            trained weights. A parameter that only sets weights is refused then.
        results: What `results.json` holds: status, metrics by split and output, and more.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder.path
        self.config: dict[str, Any] = yaml.safe_load(folder.file(CONFIG).read_text("utf-8"))
        self._model_config = deepcopy(self.config["model"])
        self.results = folder.read_results()

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r}, status={self.results.get('status')!r})"

    @cached_property
    def model(self) -> keras.Model:
        """The whole model: a dict of raw columns in, a dict of outputs out."""
        if self._is_as_trained:
            return self._saved
        return whole_model(self.preparation, self.graph)

    @cached_property
    def graph(self) -> keras.Model:
        """The numeric core: prepared inputs in, a dict of outputs out."""
        trained = self._saved.get_layer(GRAPH)
        if self._is_as_trained:
            return trained
        load_plugins(self.config.get("plugins"))
        problems = check_model(self.config)
        if problems:
            raise ConfigError(problems)
        graph = build_graph(self.config, self.preparation.specifications, self.tasks)
        problems = check_graph_fits(self.config, graph, self.preparation.specifications, self.tasks)
        if problems:
            raise ConfigError(problems)
        problems = check_changes_take_effect(
            self.config, self._model_config, self.preparation.specifications, self.tasks
        )
        if problems:
            raise ConfigError(problems)
        give_weights(graph, trained)
        return graph

    @property
    def _is_as_trained(self) -> bool:
        return bool(self.config["model"] == self._model_config)

    @cached_property
    def _saved(self) -> keras.Model:
        load_plugins(self.config.get("plugins"))
        path = self.folder / MODEL
        if not path.is_file():
            raise MtlError(
                f"{self.folder} has no {MODEL}: the run's status is "
                f"{self.results.get('status')!r}. Expected a run that trained for an epoch."
            )
        try:
            return keras.models.load_model(path, compile=False, safe_mode=True)
        except (ValueError, OSError, TypeError, KeyError, zipfile.BadZipFile) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            raise MtlError(
                f"Cannot load {path}: {reason}. Expected a model as a run saves it, and the "
                "plug-ins whose layers it has."
            ) from error

    @cached_property
    def preparation(self) -> Preparation:
        """From a table to the graph's inputs, as fitted on the training split."""
        return Preparation.from_model(self._saved.get_layer(PREPARATION))

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The tasks, as fitted on the training split."""
        if "tasks" not in self.results:
            raise MtlError(
                f"{self.folder} has no trained tasks: the run's status is "
                f"{self.results.get('status')!r}. Expected a run that trained for an epoch."
            )
        return {
            name: Task.from_state(self.config["tasks"][name], state)
            for name, state in self.results["tasks"].items()
        }

    def predict(self, table: Any) -> dict[str, np.ndarray]:
        """Predict every task for the rows of a table.

        Args:
            table: A path, a polars or pandas data frame, or a dict of arrays, with the columns that
                feed the graph. Labels are not needed.

        Returns:
            Columns by name: for each task the prediction in the units of its target (transforms
            undone, classes by name), and the probabilities of classes.

        Raises:
            MtlError: A column is missing or cannot be read.
        """
        table = self._read(table)
        # Keras rounds arrays of float64 to float32 before the model has them, and no dataset.
        rows = tf.data.Dataset.from_tensor_slices(self.preparation.raw(table))
        size = self.config["training"]["evaluation_batch_size"]
        outputs = self.model.predict(rows.batch(size), verbose=0)
        return {
            column: values
            for name, task in self.tasks.items()
            for column, values in task.decode(outputs[name]).items()
        }

    def evaluate(self, table: Any) -> dict[str, dict[str, float]]:
        """Measure every task on the rows of a table.

        Args:
            table: As for `predict`, with the tasks' target columns. A task whose targets are
                missing from the table is left out. With `data.pairs` it may hold single rows with
                their groups, of which pairs are drawn.

        Returns:
            Loss, metrics and the figures of evaluations by output, as in `results["metrics"]`.

        Raises:
            DataError: No task's target is there, or a column cannot be read.
        """
        table = paired(self._read(table), self.config["data"].get("pairs"))
        tasks = {
            name: task
            for name, task in self.tasks.items()
            if set(task.columns) <= set(table.columns)
        }
        if not tasks:
            wanted = sorted({column for task in self.tasks.values() for column in task.columns})
            raise DataError(
                f"The table has none of the targets {wanted}; its columns are {table.columns}. "
                "To predict without labels use `predict`."
            )
        figures = Figures(tasks)
        examples = prepare(table, self.preparation, tasks)
        size = self.config["training"]["evaluation_batch_size"]
        found = evaluate(_measuring(self.graph, tasks), figures, examples, "table", size)
        measured = {
            name: {m: found[f"table/{name}/{m}"] for m in ("loss", *figures.metrics[name])}
            for name in tasks
        }
        further, _ = self._evaluating(tasks)(self.graph, table, examples.inputs)
        for name, value in further.items():
            output, _, figure = name.rpartition("/")
            measured.setdefault(output, {})[figure] = value
        return measured

    def _evaluating(self, measured: Mapping[str, Task]) -> Evaluating:
        """Return the evaluations of the outputs that are measured."""
        asked = self.config.get("evaluations") or {}
        problems = check_evaluations({"evaluations": asked, "tasks": self.config["tasks"]})
        if problems:
            raise ConfigError(problems)
        kept = {label: each for label, each in asked.items() if each["output"] in measured}
        return Evaluating.of({"evaluations": kept})

    def _read(self, table: Any) -> pl.DataFrame:
        """Read a table as the run's own data were read."""
        load_plugins(self.config.get("plugins"))
        columns = self.config["data"]["columns"] or {}
        return as_table(table, columns_config={**columns, **described_columns(self.config)})


def load(folder: Path | str) -> Run:
    """Read a run back from its folder.

    Args:
        folder: Such as `runs/headline/2026-11-20_10-15-02`.

    Raises:
        MtlError: There is no run in the folder.
    """
    return Run(RunFolder.open(folder))


def prepare(
    table: pl.DataFrame,
    preparation: Preparation,
    tasks: Mapping[str, Task],
    rows: np.ndarray | None = None,
) -> Examples:
    """Prepare a table: inputs, labels and example weights as arrays.

    Args:
        table: The rows to prepare.
        preparation: Makes the graph's inputs.
        tasks: Encode the labels.
        rows: Each row's number in the user's table, from 0, for error messages.
    """
    labels = {name: task.encode(table, rows) for name, task in tasks.items()}
    weights = {
        name: task.example_weights(table, labels[name], rows) for name, task in tasks.items()
    }
    return Examples(preparation.transform(table), labels, weights)


def _measuring(graph: keras.Model, tasks: Mapping[str, Task]) -> Any:
    names = output_names(graph)

    @tf.function
    def measure(inputs: Any, targets: Any, weights: Any) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        outputs = dict(_named(graph(inputs, training=False), names))
        return loss_sums(tasks, outputs, targets, weights), outputs

    return measure


def whole_model(preparation: Preparation, graph: keras.Model) -> keras.Model:
    """Join preparation and graph to a model from raw columns to outputs.

    It shares their weights, and is made of built-in and registered layers alone.
    """
    raw = {
        name: keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name)
        for name, tensor in preparation.model.input.items()
    }
    core = keras.Model(graph.input, dict(_named(graph.output, output_names(graph))), name=GRAPH)
    first = keras.Model(preparation.model.input, preparation.model.output, name=PREPARATION)
    return keras.Model(raw, core(first(raw)), name="model")


def _named(outputs: Any, names: list[str]) -> Any:
    """Pair the outputs of a graph, whatever their structure, with their names."""
    if isinstance(outputs, Mapping):
        return outputs.items()
    return zip(names, keras.tree.flatten(outputs), strict=True)

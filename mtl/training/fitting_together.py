"""Whether graph, data, tasks and the monitored figure fit together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from mtl.config.check import check_graph, check_monitor
from mtl.data.dataset import Dataset
from mtl.data.inputs import InputSpecification
from mtl.errors import Problem
from mtl.graph.calls import calls, input_names, output_names
from mtl.tasks.names import direction
from mtl.tasks.task import Task
from mtl.training.figures import Figures


def check_graph_fits(
    config: Mapping[str, Any],
    graph: keras.Model,
    specifications: Mapping[str, InputSpecification],
    tasks: Mapping[str, Task],
) -> list[Problem]:
    """Return where a graph's inputs and outputs do not fit the data and the tasks.

    Args:
        config: The resolved config.
        graph: What the builder made.
        specifications: What the data give for each input.
        tasks: The fitted tasks.
    """
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
        specifications,
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


def check_monitored_figure(
    config: Mapping[str, Any], dataset: Dataset, figures: Figures
) -> list[Problem]:
    """Return what is wrong with `training.monitor`, given the figures that a run has.

    Args:
        config: The resolved config.
        dataset: Its splits have figures, unless they are empty.
        figures: Count the tasks' losses and metrics.
    """
    splits = [split for split, rows in dataset.splits.items() if np.size(rows)]
    names = [name for split in splits for name in figures.names(split)]
    metrics = {name.rpartition("/")[2] for name in names} - {"loss"}
    return check_monitor(config, names, {metric: direction(metric) for metric in metrics})

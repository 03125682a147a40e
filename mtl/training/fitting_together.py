"""Whether graph, data, tasks and the monitored figure fit together."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mtl.balancing.base import Balancer, TurnBalancer
from mtl.config.check import check_graph, check_monitor
from mtl.config.check.graph import (
    fed_input_is_in_the_graph,
    input_of_the_graph_is_fed,
    output_has_a_task,
    task_has_an_output,
)
from mtl.config.check.wording import some_of
from mtl.data.batches import Examples
from mtl.data.inputs import InputSpecification
from mtl.data.sources import Sources
from mtl.errors import Problem
from mtl.graph.branches import branches
from mtl.graph.calls import calls, input_names, output_names
from mtl.layers.one_hot import OneHot
from mtl.layers.symbol_lstm import SymbolLSTM
from mtl.tasks.names import KINDS, direction
from mtl.tasks.task import Task
from mtl.training.evaluating import Evaluating
from mtl.training.optimizers import ACCUMULATION, accumulated_steps


def check_graph_fits(
    config: Mapping[str, Any],
    graph: keras.Model,
    specifications: Mapping[str, InputSpecification] | None,
    tasks: Mapping[str, Task],
) -> list[Problem]:
    """Return where a graph's inputs and outputs do not fit the data and the tasks.

    Args:
        config: The resolved config.
        graph: What the builder made.
        specifications: What the data give for each input; None where they could not be prepared,
            and only names are looked at.
        tasks: The tasks that could be fitted.
    """
    names = output_names(graph)
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        return [
            Problem("model", f"several outputs are called {repeated}", "Return a dict of outputs.")
        ]
    inputs = dict(zip(input_names(graph), graph.inputs, strict=True))
    given = {name: (tensor.shape[1:], tensor.dtype) for name, tensor in inputs.items()}
    made = {n: tensor.shape[1:] for n, tensor in zip(names, graph.outputs, strict=True)}
    if specifications is None:
        named = dict.fromkeys(config["inputs"])
        return [
            *input_of_the_graph_is_fed(given, named),
            *fed_input_is_in_the_graph(given, named),
            *task_has_an_output(config, made),
            *output_has_a_task(config, made),
        ]
    shapes = {name: task.output_shape for name, task in tasks.items()}
    counts = _id_counts(graph, inputs)
    return check_graph(config, given, made, specifications, counts, shapes)


def _id_counts(graph: keras.Model, inputs: Mapping[str, keras.KerasTensor]) -> dict[str, int]:
    """Return how many ids the layers that read each input directly take, the fewest."""
    counts: dict[str, int] = {}
    for call in calls(graph):
        count = _id_count(call.operation)
        for name, tensor in inputs.items():
            if count is not None and call.reads_only(tensor):
                counts[name] = min(counts.get(name, count), count)
    return counts


def _id_count(layer: object) -> int | None:
    match layer:
        case keras.layers.Embedding():
            return int(layer.input_dim)
        case SymbolLSTM():
            return layer.symbols
        case OneHot():
            return layer.size
    return None


def check_monitored_figure(
    config: Mapping[str, Any], splits: Collection[str], evaluating: Evaluating | None = None
) -> list[Problem]:
    """Return what is wrong with `training.monitor`, given the figures that a run will have.

    Args:
        config: The resolved config.
        splits: The splits that there are.
        evaluating: What is asked beyond metrics.
    """
    tasks = {n: t for n, t in config["tasks"].items() if isinstance(t, Mapping)}
    if any(task.get("kind") not in KINDS and not task.get("metrics") for task in tasks.values()):
        return []
    metrics = {name: ["loss", *_metrics(task)] for name, task in tasks.items()}
    named = [
        f"{name}/{metric}"
        for name, each in [*metrics.items(), *(("mean", each) for each in metrics.values())]
        for metric in each
    ]
    figures = [f"{split}/{name}" for split in splits for name in ("loss", *dict.fromkeys(named))]
    evaluated = evaluating.directions if evaluating is not None else {}
    figures += [f"{split}/{name}" for split in splits if split != "training" for name in evaluated]
    known = {metric for each in metrics.values() for metric in each} - {"loss"}
    directions = {metric: direction(metric) for metric in known}
    directions |= {f"{split}/{name}": evaluated[name] for split in splits for name in evaluated}
    return check_monitor(config, figures, directions)


def _metrics(task: Mapping[str, Any]) -> Iterator[str]:
    chosen = task.get("metrics")
    chosen = KINDS[task["kind"]].metrics if chosen is None else chosen
    for metric in [chosen] if isinstance(chosen, str | Mapping) else chosen:
        yield str(metric.get("name") if isinstance(metric, Mapping) else metric)


def check_monitor_is_labelled(
    config: Mapping[str, Any], examples: Mapping[str, Examples], trained: Collection[str]
) -> list[Problem]:
    """Return the problem of a monitored figure that is of no labelled example.

    Args:
        config: The resolved config.
        examples: By split.
        trained: The trained tasks.
    """
    monitor = config["training"]["monitor"]
    split, _, rest = monitor.partition("/")
    name = rest.rpartition("/")[0]
    targets = examples[split].targets
    concerned = [name] if name in targets else list(trained)
    if any(np.isfinite(targets[task]).any() for task in concerned):
        return []
    found = f"found {monitor!r}, and no example of {split} has a label of {concerned}"
    expected = "Choose another figure, or another data.split."
    return [Problem("training.monitor", found, expected)]


def check_something_is_shared(balancer: Balancer, graph: keras.Model) -> list[Problem]:
    """Return the problem of a balancer that compares gradients where no weight has two of them.

    Args:
        balancer: Of the trained tasks.
        graph: What the builder made.
    """
    compares = balancer.measures_gradients and balancer.reads != "losses"
    names = [name for name in balancer.names if name in output_names(graph)]
    if not compares or len(names) < 2 or branches(graph, names).shared:
        return []
    found = f"no weight is trained by two of the tasks {names}"
    expected = "Expected shared layers, or a strategy that reads losses: balancing=fixed."
    return [Problem("balancing.name", found, expected)]


def check_batches_have_halves(config: Mapping[str, Any], balancer: Balancer) -> list[Problem]:
    """Return the problem of a strategy that compares the halves of a batch of a single example."""
    if balancer.reads != "halves" or config["training"]["batch_size"] > 1:
        return []
    expected = "Expected 2 or more: the balancing compares the two halves of a batch."
    return [Problem("training.batch_size", "found 1", expected)]


def check_accumulation(config: Mapping[str, Any], balancer: Balancer) -> list[Problem]:
    """Return the problem of gradients of a scaled loss that are to be added up by turns.

    An optimizer that scales the loss adds them up itself, those of all tasks together, while each
    task that is trained in turns needs a sum of its own.
    """
    if not isinstance(balancer, TurnBalancer) or balancer.own_optimizers:
        return []
    alone = len(balancer.names) == 1 or accumulated_steps(config["optimizer"]) == 1
    if alone or config["training"]["precision"] != "mixed_float16":
        return []
    found = f"found {accumulated_steps(config['optimizer'])}, in turns with one scaled loss"
    expected = (
        "Expected null, training.precision=mixed_bfloat16, which scales no loss, or an optimizer"
        " for each task: balancing=alternating balancing.optimizers=own."
    )
    return [Problem(f"optimizer.{ACCUMULATION}", found, expected)]


def check_accumulation_ends(config: Mapping[str, Any], examples: int) -> list[Problem]:
    """Return the problem of an update that needs more batches than the whole training has.

    With `debug`, which trains a few batches, there is none.

    Args:
        config: The resolved config.
        examples: Those of the training split.
    """
    wanted, batches = accumulated_steps(config["optimizer"]), _batches(config, examples)
    if wanted <= batches or config.get("debug"):
        return []
    epochs = config["training"]["epochs"]
    found = (
        f"found {wanted}, and the whole training has {batches} batches"
        f" ({batches // epochs} an epoch, training.epochs={epochs})"
    )
    expected = f"Expected {batches} or fewer: else the weights are never moved."
    return [Problem(f"optimizer.{ACCUMULATION}", found, expected)]


def check_turns_end(
    config: Mapping[str, Any], balancer: Balancer, training: Examples, *, repeated: bool
) -> list[Problem]:
    """Return the problem of tasks trained in turns, none of which has enough for an update.

    Args:
        config: The resolved config.
        balancer: Of the trained tasks.
        training: What is trained.
        repeated: Whether an epoch may hold a row several times.
    """
    wanted, batches = accumulated_steps(config["optimizer"]), _batches(config, len(training))
    several = len(balancer.names) > 1
    # Of more batches than these one task has enough, whoever has them.
    least = len(balancer.names) * (wanted - 1)
    if not isinstance(balancer, TurnBalancer) or not several or config.get("debug"):
        return []
    if wanted > batches or batches > least:
        return []
    labelled = {name: _labelled(training, name) for name in balancer.names}
    if all(rows.all() for rows in labelled.values()):
        turns = _turns(config, balancer, batches, len(training))
    else:
        epochs = batches if repeated else config["training"]["epochs"]
        turns = {name: min(batches, int(rows.sum()) * epochs) for name, rows in labelled.items()}
    if max(turns.values()) >= wanted:
        return []
    listing = ", ".join(f"{name} {count}" for name, count in turns.items())
    found = f"found {wanted}, and of {batches} batches the tasks have so many turns: {listing}"
    expected = f"Expected {max(turns.values())} or fewer: else the weights are never moved."
    return [Problem(f"optimizer.{ACCUMULATION}", found, expected)]


def source_notes(sources: Sources, training: Examples, balancer: Balancer) -> list[str]:
    """Return sentences about sources whose batches train or balance nothing.

    Args:
        sources: Of the training rows.
        training: What is trained.
        balancer: Of the trained tasks.
    """
    labelled = np.stack([_labelled(training, name) for name in balancer.names])
    tasks = np.array([labelled[:, rows].any(axis=1).sum() for rows in sources.rows])
    notes = []
    idle = [
        f"{sources.names[source]} ({share:.1%} of the batches)"
        for source, share in enumerate(sources.shares)
        if tasks[source] == 0
    ]
    if idle:
        notes.append(
            f"No row of these sources has a label of a trained task, so that their batches train"
            f" nothing: {some_of(idle)}. Leave their rows out of the table."
        )
    compares = balancer.reads in {"gramian", "halves", "rows"}
    if compares and len(balancer.names) > 1 and tasks.max() == 1:
        notes.append(
            "Each source has labels of one task alone, so that no batch has gradients of two tasks"
            " and the balancing has nothing to compare. Use batches of all rows"
            " (training.sources.column=null), or a strategy that reads no gradients, such as"
            " balancing=fixed."
        )
    return notes


def _batches(config: Mapping[str, Any], examples: int) -> int:
    """Return the number of batches of the whole training."""
    training = config["training"]
    return -(-examples // int(training["batch_size"])) * int(training["epochs"])


def _labelled(examples: Examples, name: str) -> np.ndarray:
    """Return which examples have a label of some weight of a task, shape `(examples,)`."""
    there, weights = np.isfinite(examples.targets[name]), examples.weights[name]
    counted = weights.reshape(weights.shape + (1,) * (there.ndim - weights.ndim)) > 0
    return np.asarray((there & counted).reshape(len(there), -1).any(axis=1))


def _turns(
    config: Mapping[str, Any], balancer: TurnBalancer, batches: int, examples: int
) -> dict[str, int]:
    """Return how many turns each task has where all have labels in every batch."""
    seed, epochs = config["training"]["seed"], config["training"]["epochs"]
    asked, names = copy.deepcopy(balancer), balancer.names
    asked.start(seed=seed, steps_per_epoch=batches // epochs)
    asked.take_sizes(dict.fromkeys(names, examples))
    present = tf.ones(len(names), tf.bool)

    @tf.function
    def counted() -> tf.Tensor:
        counts = tf.zeros(len(names), tf.int32)
        for _ in tf.range(batches):
            counts += tf.one_hot(asked.turn(present), len(names), dtype=tf.int32)
            asked.step.assign_add(1)
        return counts

    return dict(zip(names, counted().numpy().tolist(), strict=True))

"""What the console shows of an assembly before it trains."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from mtl.graph.calls import output_names
from mtl.graph.sharing import services
from mtl.reporting.summary import InputSummary, SharedLayer, Summary, TaskSummary
from mtl.training.assembly import Assembly


def summarise(assembly: Assembly, notes: Sequence[str]) -> Summary:
    """Describe inputs, outputs, tasks, shared layers, splits, parameters and the balancing.

    Args:
        assembly: What is about to be trained.
        notes: How the step is computed.
    """
    serving = services(assembly.graph)
    return Summary(
        name=assembly.config["name"],
        builder=assembly.config["model"]["name"],
        inputs=[
            InputSummary(s.name, list(s.columns), s.kind, s.shape, s.dtype)
            for s in assembly.preparation.specifications.values()
        ],
        tasks=[_task(name, assembly) for name in _ordered(assembly)],
        shared=[
            SharedLayer(
                s.layer.name, type(s.layer).__name__, s.outputs, s.layer.count_params(), s.calls
            )
            for s in serving
            if s.shared
        ],
        splits={split: len(examples) for split, examples in assembly.examples.items()},
        parameters=assembly.graph.count_params(),
        trainable=sum(_size(w) for w in assembly.graph.trainable_weights),
        steps=notes,
        balancing=_balancing(assembly),
    )


def _ordered(assembly: Assembly) -> list[str]:
    """Return the tasks' outputs as the config has them, then the outputs without a task."""
    rest = [name for name in output_names(assembly.graph) if name not in assembly.tasks]
    return [*assembly.tasks, *rest]


def _task(name: str, assembly: Assembly) -> TaskSummary:
    own = [s.layer for s in services(assembly.graph) if s.outputs == (name,)]
    parameters = sum(layer.count_params() for layer in own)
    task = assembly.tasks.get(name)
    if task is None:
        return TaskSummary(name, "", "", "", 0.0, parameters=parameters, untrained=True)
    return TaskSummary(
        name,
        task.kind,
        task.fitted.description,
        task.loss_name,
        task.weight,
        task.auxiliary_of,
        parameters,
        not task.trained,
    )


def _balancing(assembly: Assembly) -> str:
    """Return the strategy's name, and by what it takes gradients; nothing for a single task."""
    balancer = assembly.balancer
    if len(balancer.names) < 2:
        return ""
    name = str(assembly.config["balancing"]["name"])
    if balancer.reads in ("losses", "turns"):
        return name
    return f"{name} (gradients by {balancer.gradients})"


def _size(weight: keras.Variable) -> int:
    return int(weight.value.shape.num_elements())

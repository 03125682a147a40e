"""The facts of a graph that `mtl inspect` shows, from an assembly or from a trained run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from mtl.data.inputs import InputSpecification
from mtl.graph.calls import output_names
from mtl.graph.dependence import Dependence
from mtl.graph.frontier import part_of
from mtl.graph.node import NamedTensor, named_inputs
from mtl.graph.unfolding import unfold
from mtl.reporting.inspection.facts import (
    FrontierFacts,
    InputFacts,
    Inspection,
    OutputFacts,
    TaskFacts,
)
from mtl.tasks.task import Task
from mtl.training.assembly import assemble
from mtl.training.inspection.layers import LayerReader, size_of
from mtl.training.inspection.nodes import NodeReader, tensor_names
from mtl.training.run import Run


def inspect_experiment(config: Mapping[str, Any]) -> Inspection:
    """Prepare the data, build the graph and check everything as for training, and describe it.

    Args:
        config: A composed and resolved config.

    Raises:
        MtlError: With every problem of the config, as training would raise it.
    """
    if config["training"].get("seed") is None:
        # No weight is shown, so that one seed is as good as another.
        config = {**config, "training": {**config["training"], "seed": 0}}
    assembly = assemble(config)
    return inspect_graph(
        assembly.graph, assembly.tasks, assembly.preparation.specifications, assembly.config
    )


def inspect_run(run: Run) -> Inspection:
    """Describe the graph of a trained run.

    Args:
        run: The run.

    Raises:
        MtlError: The run has no model, or it cannot be loaded.
    """
    return inspect_graph(run.graph, run.tasks, run.preparation.specifications, run.config)


def inspect_graph(
    graph: keras.Model,
    tasks: Mapping[str, Task],
    specifications: Mapping[str, InputSpecification],
    config: Mapping[str, Any],
) -> Inspection:
    """Gather what there is to say of a graph that is not trained, or not any more.

    Args:
        graph: The numeric core: prepared inputs in, outputs out.
        tasks: The fitted tasks, by output.
        specifications: What the data give for each input.
        config: The resolved config, for its names.
    """
    unfolded = unfold(graph)
    dependence = Dependence(unfolded)
    part = part_of(unfolded, dependence)
    trained = [name for name, task in tasks.items() if task.trained]
    nodes = NodeReader(graph)
    return Inspection(
        name=str(config["name"]),
        builder=str(config["model"]["name"]),
        parameters=size_of(graph.weights),
        trainable=size_of(graph.trainable_weights),
        inputs=[_input(entry, specifications.get(entry.name)) for entry in named_inputs(graph)],
        outputs=_outputs(graph, tasks),
        layers=LayerReader(graph, trained, unfolded, dependence).of(graph, ""),
        nodes=nodes.nodes,
        models=nodes.models,
        shared_parameters=size_of(part.weights),
        frontier=[
            FrontierFacts(
                each.value.name,
                each.value.shape,
                each.value.dtype,
                [reader.name for reader in each.readers],
                each.outputs,
            )
            for each in part.frontier
        ],
    )


def _input(entry: NamedTensor, specification: InputSpecification | None) -> InputFacts:
    kind, columns = "", []
    if specification is not None:
        kind, columns = specification.kind, list(specification.columns)
    return InputFacts(entry.name, entry.shape, entry.dtype, kind, columns)


def _outputs(graph: keras.Model, tasks: Mapping[str, Task]) -> list[OutputFacts]:
    """Describe the outputs as the config has them, then those without a task."""
    names = tensor_names(graph)
    made = dict(zip(output_names(graph), graph.outputs, strict=True))
    ordered = [*(name for name in tasks if name in made), *(n for n in made if n not in tasks)]
    return [
        OutputFacts(
            name,
            tuple(made[name].shape),
            str(made[name].dtype),
            names[id(made[name])],
            _task(tasks[name]) if name in tasks else None,
        )
        for name in ordered
    ]


def _task(task: Task) -> TaskFacts:
    return TaskFacts(
        task.kind,
        task.fitted.description,
        task.loss_name,
        task.weight,
        task.auxiliary_of,
        task.trained,
    )

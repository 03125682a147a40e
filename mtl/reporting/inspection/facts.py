"""What is known of a graph and its tasks without training it, and its form as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

LARGE = 20

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class TensorFacts:
    """A value in the graph.

    Attributes:
        name: An input's, or that of the node that makes it: `lstm[1]`.
        shape: With the batch; None where any size will do.
        dtype: Of its values.
    """

    name: str
    shape: Shape
    dtype: str


@dataclass(frozen=True)
class InputFacts:
    """An input of the graph.

    Attributes:
        name: Its name.
        shape: With the batch; None where any size will do.
        dtype: Of its values.
        kind: What the data make of it (text, features, …).
        columns: The columns of the table that feed it.
    """

    name: str
    shape: Shape
    dtype: str
    kind: str
    columns: Sequence[str]


@dataclass(frozen=True)
class TaskFacts:
    """What an output learns.

    Attributes:
        kind: The task's kind.
        target: The target in words.
        loss: Its name.
        weight: The loss's weight in the total.
        auxiliary_of: The task that this one serves, or None.
        trained: Whether the output has a part in training.
    """

    kind: str
    target: str
    loss: str
    weight: float
    auxiliary_of: str | None
    trained: bool


@dataclass(frozen=True)
class OutputFacts:
    """An output of the graph.

    Attributes:
        name: Its name.
        shape: With the batch; None where any size will do.
        dtype: Of its values.
        tensor: The name of the node, or input, that it is.
        task: What it learns, or None.
    """

    name: str
    shape: Shape
    dtype: str
    tensor: str
    task: TaskFacts | None


@dataclass(frozen=True)
class WeightFacts:
    """A weight of a layer.

    Attributes:
        name: Its path in the model.
        shape: Of the weight.
        dtype: Of its values.
        trainable: Whether training may change it.
        trained_by: The outputs whose loss changes it.
    """

    name: str
    shape: Shape
    dtype: str
    trainable: bool
    trained_by: Sequence[str]


@dataclass(frozen=True)
class LayerFacts:
    """A layer or nested model, once for all its calls.

    Attributes:
        name: With the models it is in: `tower/conv`.
        kind: Its class.
        level: In how many models it is.
        parameters: How many it has, with what is inside.
        trainable: How many of them training may change.
        calls: How often one pass through the graph calls it.
        shared: Whether it is called several times, or has weights that several outputs depend on.
        outputs: The outputs that depend on it.
        trained_by: The outputs whose loss changes any of its weights.
        weights: Its own, without those of layers inside a nested model.
    """

    name: str
    kind: str
    level: int
    parameters: int
    trainable: int
    calls: int
    shared: bool
    outputs: Sequence[str]
    trained_by: Sequence[str]
    weights: Sequence[WeightFacts]


@dataclass(frozen=True)
class NodeFacts:
    """One call of a layer, nested model or operation.

    Attributes:
        name: The layer's, with `[index]` where its model calls it several times.
        layer: The layer's name, as in `LayerFacts`.
        kind: Its class.
        index: Which call, from 0 in the order of calling.
        inputs: What it reads.
        outputs: What it makes.
        model: The name of the nested model that it calls, as in `ModelFacts`, or None.
    """

    name: str
    layer: str
    kind: str
    index: int
    inputs: Sequence[TensorFacts]
    outputs: Sequence[TensorFacts]
    model: str | None


@dataclass(frozen=True)
class ModelFacts:
    """A nested model, once for all its calls. Names of tensors are those inside it.

    Attributes:
        name: The name of the layer that it is, or that it is wrapped in.
        inputs: Its inputs.
        outputs: Its outputs, under the names of the nodes that make them.
        nodes: The calls inside it.
        wrapped: Whether it stands in a wrapper such as `TimeDistributed`, which calls it.
    """

    name: str
    inputs: Sequence[TensorFacts]
    outputs: Sequence[TensorFacts]
    nodes: Sequence[NodeFacts]
    wrapped: bool


@dataclass(frozen=True)
class FrontierFacts:
    """A value at which the shared part of the graph ends.

    Attributes:
        name: Of the node that makes it: `tower[1]/conv`.
        shape: With the batch; None where any size will do.
        dtype: Of its values.
        readers: The nodes that read it after the shared part: `dense`, `tower[1]/dense`.
        outputs: The outputs that go on from it, or are it.
    """

    name: str
    shape: Shape
    dtype: str
    readers: Sequence[str]
    outputs: Sequence[str]


@dataclass(frozen=True)
class Inspection:
    """All of it. The attributes are the keys of the JSON.

    Attributes:
        name: The experiment's.
        builder: The model's builder.
        parameters: How many the graph has.
        trainable: How many of them training may change.
        inputs: In the graph's order.
        outputs: In the order of the config's tasks, those without a task last.
        layers: Layers and nested models, branch by branch, each nested model's after it.
        nodes: The calls, each after those it reads from.
        models: The nested models.
        shared_parameters: How many the shared part has: all on which several outputs depend, with
            what comes before it.
        frontier: Where the shared part ends; empty where there is none.
    """

    name: str
    builder: str
    parameters: int
    trainable: int
    inputs: Sequence[InputFacts]
    outputs: Sequence[OutputFacts]
    layers: Sequence[LayerFacts]
    nodes: Sequence[NodeFacts]
    models: Sequence[ModelFacts]
    shared_parameters: int
    frontier: Sequence[FrontierFacts]

    def layer(self, name: str) -> LayerFacts | None:
        """Return a layer by its name, or None for an operation."""
        return next((layer for layer in self.layers if layer.name == name), None)

    def model(self, name: str) -> ModelFacts:
        """Return a nested model by its name."""
        return next(model for model in self.models if model.name == name)


def folded_models(inspection: Inspection, *, fold: bool | None) -> set[str]:
    """Return the names of the nested models whose inside is not shown.

    Args:
        inspection: Has the models.
        fold: Whether all are folded, or none. Default: those of more than `LARGE` calls.
    """
    return {
        model.name
        for model in inspection.models
        if (len(model.nodes) > LARGE if fold is None else fold)
    }


def to_json(inspection: Inspection) -> str:
    """Return the facts as JSON, with the attributes of the classes above as keys."""
    return json.dumps(asdict(inspection), indent=2, ensure_ascii=False) + "\n"

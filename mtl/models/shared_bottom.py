"""The shared bottom: dense layers that all tasks share, and a head for each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import keras
from keras import layers

from mtl.errors import ConfigError, Problem
from mtl.models.handed_in import Head, Specification
from mtl.models.parameters import FILLED, Activation, Share, Width
from mtl.registry import builder

VECTORS = "features"
CATEGORY = "index"


@builder("shared_bottom")
def shared_bottom(
    inputs: Mapping[str, Specification],
    tasks: Mapping[str, Head],
    *,
    units: Annotated[Sequence[Width], FILLED] = (64, 64),
    activation: Activation | None = "relu",
    dropout: Share = 0.0,
    embedding_size: Width = 16,
    head_units: Sequence[Width] = (),
) -> keras.Model:
    """Build dense layers that all tasks share, and dense layers of its own for each task.

    Inputs of numbers, and a vector for each category, are joined and go through the shared layers;
    what comes out is what every head reads.

    Args:
        inputs: The data's specifications, of numbers (kind `features`) or of one category
            (`index`), under any names.
        tasks: Each has a head.
        units: Widths of the shared layers, one or more.
        activation: Of the shared layers and of the heads' own ones: a Keras activation, or null
            for none.
        dropout: Share of each shared layer's outputs that training hides, from 0 to below 1.
        embedding_size: Width of a category's vector.
        head_units: Widths of each head's own layers before its output, none or more.

    Inputs:
        Numbers: shape `(batch, width)`. A category: ids, shape `(batch,)`.

    Outputs:
        Each task's, by name, shape `(batch, units of the task)`.

    Raises:
        ConfigError: An input is of another kind.

    Source: Caruana 1997, Multitask Learning.
    """
    _check(inputs)
    given = {
        name: keras.Input(each.shape, dtype=each.dtype, name=name) for name, each in inputs.items()
    }
    parts = [
        layers.Embedding(inputs[name].vocabulary_size, embedding_size, name=f"{name}_vector")(value)
        if inputs[name].kind == CATEGORY
        else value
        for name, value in given.items()
    ]
    features = parts[0] if len(parts) == 1 else layers.Concatenate(name="joined")(parts)
    for number, width in enumerate(units, start=1):
        features = layers.Dense(width, activation=activation, name=f"shared_{number}")(features)
        if dropout:
            features = layers.Dropout(dropout, name=f"shared_{number}_dropout")(features)
    outputs = {}
    for name, task in tasks.items():
        own = features
        for number, width in enumerate(head_units, start=1):
            own = layers.Dense(width, activation=activation, name=f"{name}_{number}")(own)
        outputs[name] = layers.Dense(task.units, activation=task.activation, name=name)(own)
    return keras.Model(given, outputs, name="shared_bottom")


def _check(inputs: Mapping[str, Specification]) -> None:
    problems = [
        Problem(
            f"inputs.{name}",
            f"it is of kind {each.kind!r}",
            f"Expected numbers ({VECTORS}) or one category ({CATEGORY}): leave it out, or change "
            "its column.",
        )
        for name, each in inputs.items()
        if each.kind not in (VECTORS, CATEGORY)
    ]
    if problems:
        raise ConfigError(problems)

"""A description's graph: read, checked, made; every problem of it reported at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras

from mtl.errors import ConfigError, Problem
from mtl.graph.description.batches import check_batches
from mtl.graph.description.input_tensors import make_inputs
from mtl.graph.description.instances import CheckArguments, make_layers
from mtl.graph.description.naming import check_names
from mtl.graph.description.parts import SECTIONS, read_parts
from mtl.graph.description.reasons import reason
from mtl.graph.description.tensors import compute
from mtl.graph.description.use import check_use


def build(
    description: Mapping[str, Any],
    check: CheckArguments,
    *,
    path: str = "model",
    name: str = "graph",
) -> keras.Model:
    """Build the graph that a description describes.

    Args:
        description: Its sections `inputs`, `layers`, `nodes` and `outputs`.
        check: Holds the arguments of each layer against its constructor.
        path: Where the description stands in the config.
        name: The model's name.

    Returns:
        A functional model with named inputs and outputs.

    Raises:
        ConfigError: With everything that is wrong with the description.
    """
    problems: list[Problem] = []
    model = _attempt(description, check, path, name, problems, nested=False)
    if model is None or problems:
        raise ConfigError(sorted(problems, key=lambda problem: _section(problem.path, path)))
    return model


def _section(place: str, path: str) -> int:
    """Return the number of the section in which something stands."""
    section = place.removeprefix(f"{path}.").partition(".")[0]
    return SECTIONS.index(section) if section in SECTIONS else len(SECTIONS)


def _attempt(
    description: Mapping[str, Any],
    check: CheckArguments,
    path: str,
    name: str,
    problems: list[Problem],
    *,
    nested: bool,
) -> keras.Model | None:
    """Build a graph, or note why it cannot be built."""
    before = len(problems)
    parts = read_parts(description, path, problems, nested=nested)
    problems += [*check_names(parts), *check_use(parts)]

    def build_nested(inner: Mapping[str, Any], inner_path: str, inner_name: str) -> Any:
        return _attempt(inner, check, inner_path, inner_name, problems, nested=True)

    layers = make_layers(parts, check, build_nested, problems)
    inputs = make_inputs(parts, problems)
    called = {key: _as_called(layer) for key, layer in layers.items()}
    outputs = compute(parts, inputs, called, problems)
    if len(problems) > before:
        return None
    # A nested graph of one input is called with a tensor, as any layer is, so that wrappers such
    # as TimeDistributed can hold it.
    given = next(iter(inputs.values())) if nested and len(inputs) == 1 else inputs
    try:
        model = keras.Model(given, outputs.get("", outputs), name=name)
    except Exception as error:  # noqa: BLE001 Keras may raise anything
        problems.append(Problem(path, reason(error), ""))
        return None
    if not nested:
        problems += check_batches(parts, inputs, called)
    return model


def _as_called(layer: Any) -> Callable[..., Any]:
    """Return what calls a layer; a nested graph of several inputs takes them as a function does."""
    inputs = layer.input if isinstance(layer, keras.Model) else None
    if not isinstance(inputs, dict):
        return layer
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(name, kind) for name in inputs])

    def call(*arguments: Any, **named: Any) -> Any:
        return layer(signature.bind(*arguments, **named).arguments)

    return call

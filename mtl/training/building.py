"""Building the graph that a config describes."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras

from mtl.config.check.signature import is_handed_in
from mtl.data.batches import Examples
from mtl.data.inputs import InputSpecification
from mtl.errors import MtlError
from mtl.graph.calls import is_functional
from mtl.registry import builders
from mtl.tasks.task import Task


def wants(config: Mapping[str, Any], parameter: str) -> bool:
    """Whether the config's builder is to be handed `inputs`, `tasks` or `training`."""
    return is_handed_in(builders.get(config["model"]["name"]), parameter)


def build_graph(
    config: Mapping[str, Any],
    specifications: Mapping[str, InputSpecification] | None,
    tasks: Mapping[str, Task] | None,
    training: Examples | None = None,
) -> keras.Model:
    """Call the config's builder, with the config's seed and precision.

    The seed is set for Python, NumPy and TensorFlow, as Keras does it: initial weights, dropout and
    whatever a builder draws follow from it.

    Args:
        config: The resolved config.
        specifications: The data's inputs, handed to a builder that has a parameter `inputs`.
        tasks: The fitted tasks, handed to a builder that has a parameter `tasks`.
        training: The training examples, handed to a builder that has a parameter `training`: what
            it takes from them belongs to the weights. None where these will be a trained run's.

    Raises:
        MtlError: The builder fails, or returns something else than a functional model.
    """
    name = config["model"]["name"]
    builder = builders.get(name)
    arguments = {key: value for key, value in config["model"].items() if key != "name"}
    handed_in = {"inputs": specifications, "tasks": tasks, "training": training}
    arguments |= {key: value for key, value in handed_in.items() if wants(config, key)}
    try:
        keras.utils.set_random_seed(config["training"]["seed"])
        with precision(config["training"]["precision"]):
            graph = builder(**arguments)
    except MtlError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".rstrip(".")
        raise MtlError(
            f"the builder {name!r} fails{_place(error, builder)}: {reason}."
            f"{_handed_in(specifications) if 'inputs' in arguments else ''}"
        ) from error
    if not is_functional(graph):
        raise MtlError(
            f"the builder {name!r} returned {type(graph).__name__}. Expected a functional "
            "keras.Model: keras.Model(inputs, outputs)"
        )
    return graph


def _place(error: BaseException, builder: Callable[..., Any]) -> str:
    """Say where in its file a builder failed."""
    file = inspect.getsourcefile(builder)
    own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return f" at {own[-1].filename}:{own[-1].lineno}" if own else ""


def _handed_in(specifications: Mapping[str, InputSpecification] | None) -> str:
    """Say what a builder that failed was given to work with."""
    given = [f"{n} ({s.kind}, shape {s.shape})" for n, s in (specifications or {}).items()]
    return f" The data's inputs were: {', '.join(given)}"


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Build layers under a dtype policy, and put Keras's policy back afterwards."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)

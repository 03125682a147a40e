"""Which outputs depend on each computation and each weight of a graph, and which train a weight."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain

import keras

from mtl.graph.unfolding import Step, Unfolded, Value, layers_inside

STOPS = "StopGradient"


class Dependence:
    """What the computations and weights of a graph are there for.

    Whether a weight can be trained by an output is read off the structure: a gradient goes back
    through everything but `keras.ops.stop_gradient` and what is not a floating-point number.

    Args:
        unfolded: The graph.
    """

    def __init__(self, unfolded: Unfolded) -> None:
        self._names = list(unfolded.outputs)
        self._serves: dict[int, set[str]] = {id(step): set() for step in unfolded.steps}
        self._trained: dict[int, set[str]] = {}
        self._used: dict[int, set[str]] = {}
        self._called: dict[int, set[str]] = {}
        for name, value in unfolded.outputs.items():
            for step in ancestors([value], unfolded.steps):
                self._serves[id(step)].add(name)
            for step in ancestors([value], unfolded.steps, differentiable=True):
                for weight in step.weights:
                    self._trained.setdefault(id(weight), set()).add(name)
        for step in unfolded.steps:
            for operation in (step.operation, *layers_inside(step.operation)):
                self._called.setdefault(id(operation), set()).update(self._serves[id(step)])
            for weight in step.weights:
                self._used.setdefault(id(weight), set()).update(self._serves[id(step)])

    def of_step(self, step: Step) -> tuple[str, ...]:
        """Return the outputs that depend on a computation, in the graph's order."""
        return self.ordered(self._serves[id(step)])

    def of_operation(self, operation: object) -> tuple[str, ...]:
        """Return the outputs that depend on any computation of a layer, or of one that it is in."""
        return self.ordered(self._called.get(id(operation), ()))

    def of_weights(self, weights: Iterable[keras.Variable]) -> tuple[str, ...]:
        """Return the outputs that depend on any of some weights, in the graph's order."""
        return self.ordered(chain(*(self._used.get(id(weight), ()) for weight in weights)))

    def training(self, weight: keras.Variable) -> tuple[str, ...]:
        """Return the outputs whose loss has a gradient with regard to a weight."""
        return self.ordered(self._trained.get(id(weight), ()))

    def ordered(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return names of outputs in the graph's order, each once."""
        wanted = set(names)
        return tuple(name for name in self._names if name in wanted)


def ancestors(
    values: Iterable[Value], steps: Collection[Step], *, differentiable: bool = False
) -> list[Step]:
    """Return the computations that values are made by, directly or not, in the graph's order.

    Args:
        values: What is to be made.
        steps: The graph's computations in order.
        differentiable: Whether only those count through which a gradient goes back.
    """
    needed = {id(value) for value in values}
    found = []
    for step in reversed(list(steps)):
        if any(id(value) in needed and _goes_on(value, differentiable) for value in step.makes):
            if differentiable and type(step.operation).__name__ == STOPS:
                continue
            found.append(step)
            needed |= {id(value) for value in step.reads}
    return found[::-1]


def _goes_on(value: Value, differentiable: bool) -> bool:  # noqa: FBT001
    return not differentiable or keras.backend.is_float_dtype(value.tensor.dtype)

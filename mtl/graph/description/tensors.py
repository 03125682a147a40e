"""The symbolic tensors of a description: one node after the other, then the outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from mtl.errors import Problem
from mtl.expressions import Expression, ExpressionError
from mtl.graph.description.operation_names import name_operations
from mtl.graph.description.parts import Parts
from mtl.graph.description.reasons import reason


def compute(
    parts: Parts,
    inputs: Mapping[str, keras.KerasTensor],
    layers: Mapping[str, Callable[..., Any]],
    problems: list[Problem],
) -> dict[str, keras.KerasTensor]:
    """Compute every node and output that can be; one that fails leaves out those that need it.

    Args:
        parts: The description.
        inputs: The tensors to begin with.
        layers: What can be called, beside operations.
        problems: Takes in the failures, with the shapes that led to them.

    Returns:
        The tensor of each output that could be computed.
    """
    return _Computation(parts, inputs, layers, problems, symbolic=True).outputs()


def compute_values(
    parts: Parts,
    inputs: Mapping[str, Any],
    layers: Mapping[str, Callable[..., Any]],
    problems: list[Problem],
) -> dict[str, Any]:
    """Compute a description that has no problems on a batch instead of symbolic tensors.

    Args:
        parts: The description.
        inputs: The batch.
        layers: What can be called, beside operations.
        problems: Takes in the failures, with the shapes that led to them.

    Returns:
        The inputs and nodes by their names, then the outputs by their paths, as they were computed.
    """
    computation = _Computation(parts, inputs, layers, problems, symbolic=False)
    outputs = {parts.output_path(name): value for name, value in computation.outputs().items()}
    return computation.values | outputs


class _Computation:
    def __init__(
        self,
        parts: Parts,
        inputs: Mapping[str, Any],
        layers: Mapping[str, Callable[..., Any]],
        problems: list[Problem],
        *,
        symbolic: bool,
    ) -> None:
        self.parts, self.layers, self.problems = parts, layers, problems
        self.symbolic = symbolic
        self.values: dict[str, Any] = dict(inputs)
        self.read = set(map(id, inputs.values()))
        self.names_taken = {*parts.inputs, *parts.layers}
        self.layers_missing = parts.layers.keys() - layers.keys()

    def outputs(self) -> dict[str, Any]:
        self._compute_nodes()
        found = {}
        for name, expression in self.parts.outputs.items():
            if expression is not None and self._is_ready(expression):
                path = self.parts.output_path(name)
                value = self._value(expression, path, name or "output")
                if self._is_tensor(value, expression, path):
                    found[name] = value
        return found

    def _compute_nodes(self) -> None:
        """Compute what is ready, until nothing more becomes ready: nodes may stand in any order."""
        waiting = {name: node for name, node in self.parts.nodes.items() if node is not None}
        while ready := [name for name, node in waiting.items() if self._is_ready(node)]:
            for name in ready:
                value = self._value(waiting.pop(name), self.parts.node_path(name), name)
                if value is not None:
                    self.values[name] = value
                    self.read.update(map(id, keras.tree.flatten(value)))

    def _is_ready(self, expression: Expression) -> bool:
        return self.values.keys() >= set(expression.names) and self.layers_missing.isdisjoint(
            expression.functions
        )

    def _value(self, expression: Expression, path: str, name: str) -> Any:
        try:
            value = expression.evaluate(self.values, self.layers, symbolic=self.symbolic)
        except ExpressionError as error:
            told = any(problem.path == path for problem in self.problems)
            if not told:
                self.problems.append(error.at(path))
            return None
        except Exception as error:  # noqa: BLE001 a layer may raise anything
            given = shapes(expression, self.values) or "no tensors"
            found = f"{expression.text} fails for {given}: {reason(error)}"
            self.problems.append(Problem(path, found, ""))
            return None
        if self.symbolic:
            name_operations(value, name, self.read, self.names_taken)
        return value

    def _is_tensor(self, value: Any, expression: Expression, path: str) -> bool:
        if value is None or isinstance(value, keras.KerasTensor) or not self.symbolic:
            return value is not None
        several = isinstance(value, list | tuple | dict)
        found = f"{expression.text} is {'several tensors' if several else 'a constant'}"
        expected = "Take one of them, such as [0]." if several else "Expected to read an input."
        self.problems.append(Problem(path, found, expected))
        return False


def shapes(expression: Expression, values: Mapping[str, Any]) -> str:
    """Return the names that an expression reads, each with its shape."""
    return ", ".join(f"{name} {shape_of(values[name])}" for name in expression.names)


def shape_of(value: Any) -> str:
    """Return the shape of a tensor, or of each of several, as a message shows it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {shape_of(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(shape_of, value)) + "]"
    return str(tuple(value.shape)) if hasattr(value, "shape") else repr(value)

"""A built graph tried on batches: what fails, or mixes examples, only for concrete numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mtl.errors import Problem
from mtl.graph.description.parts import Parts
from mtl.graph.description.reasons import reason
from mtl.graph.description.tensors import compute_values, shape_of, shapes

# A product of tensors of the shapes (batch, 2) and (batch, 3) fits a batch of 2, but none of 3.
SIZES = (2, 3)
# Of an axis of any size: several layers of convolution and pooling leave something of it.
ANY_SIZE = 64
# A graph in which a batch becomes more numbers than these is not computed, as it would take long.
MOST_NUMBERS = 10**8

Layers = Mapping[str, Callable[..., Any]]


def check_batches(
    parts: Parts, inputs: Mapping[str, keras.KerasTensor], layers: Layers
) -> list[Problem]:
    """Return what is wrong with a graph that could be built, after trying it on batches.

    Keras does not see shapes that fit only where the batch has a certain size, and does not ask
    whether axis 0 of an output is the batch: both show once the batch has a size. An index that is
    out of range shows when a batch is computed.

    Args:
        parts: The description.
        inputs: Its symbolic inputs.
        layers: What can be called, beside operations.
    """
    problems: list[Problem] = []
    batches = [{name: _batch(inputs[name], size) for name in inputs} for size in SIZES]
    traces = []
    for batch in batches:
        traces.append(_Trace(parts, batch, layers, problems))
        if problems:
            return problems
    problems += _mixtures(parts, *(trace.values for trace in traces))
    if not problems and traces[0].count() <= MOST_NUMBERS:
        try:
            traces[0].function(batches[0])
        except tf.errors.OpError as error:
            # Once more, one operation after the other, shows which expression it was.
            compute_values(parts, batches[0], layers, problems)
            problems = problems or [Problem(parts.path, f"the graph fails: {reason(error)}", "")]
    return problems


class _Trace:
    """A description traced with a batch: the shapes of all values, and what computes them."""

    def __init__(
        self, parts: Parts, batch: Mapping[str, tf.Tensor], layers: Layers, problems: list[Problem]
    ) -> None:
        self.values: dict[str, Any] = {}

        def compute(given: Mapping[str, tf.Tensor]) -> list[tf.Tensor]:
            self.values = compute_values(parts, given, layers, problems)
            return [value for value in keras.tree.flatten(self.values) if tf.is_tensor(value)]

        self.function = tf.function(compute, autograph=False).get_concrete_function(batch)

    def count(self) -> int:
        """Return how many numbers are computed, as far as their shapes are known."""
        operations = self.function.graph.get_operations()
        shapes = [tensor.shape for operation in operations for tensor in operation.outputs]
        return sum(shape.num_elements() or 0 for shape in shapes)


def _batch(tensor: keras.KerasTensor, size: int) -> tf.Tensor:
    """Return a batch of zeros; of numbers from 0 to 1 for floats, as zeros have no inverse."""
    shape = (size, *(ANY_SIZE if axis is None else axis for axis in tensor.shape[1:]))
    dtype = tf.as_dtype(tensor.dtype)
    if not dtype.is_floating:
        return tf.zeros(shape, dtype)
    return tf.cast(np.random.default_rng(size).random(shape, np.float32), dtype)


def _mixtures(parts: Parts, small: Mapping[str, Any], large: Mapping[str, Any]) -> list[Problem]:
    """Return each expression from which on an output has no longer one row for each example."""
    outputs = {parts.output_path(name): output for name, output in parts.outputs.items()}
    expressions = {**parts.nodes, **outputs}
    apart = set(parts.inputs)
    origins: dict[str, Problem] = {}
    for key in small:
        expression = expressions.get(key)
        if expression is None:
            continue
        before = next((origins[name] for name in expression.names if name in origins), None)
        if _is_a_batch(small[key], large[key]):
            apart.add(key)
        elif before is not None or not apart.isdisjoint(expression.names):
            path = key if key in outputs else parts.node_path(key)
            origins[key] = before or Problem(
                path,
                f"{expression.text} makes {shape_of(small[key])} of {SIZES[0]} examples, "
                f"{shapes(expression, small)}, and {shape_of(large[key])} of {SIZES[1]}",
                "Expected outputs with one row for each example: axis 0 is the batch.",
            )
    return list(dict.fromkeys(origins[path] for path in outputs if path in origins))


def _is_a_batch(small: Any, large: Any) -> bool:
    """Return whether tensors have one row for each example, and rows of one shape."""
    pairs = zip(keras.tree.flatten(small), keras.tree.flatten(large), strict=True)
    return all(
        one.shape[:1].is_compatible_with(SIZES[:1])
        and more.shape[:1].is_compatible_with(SIZES[1:])
        and one.shape[1:].is_compatible_with(more.shape[1:])
        for one, more in pairs
        if tf.is_tensor(one)
    )

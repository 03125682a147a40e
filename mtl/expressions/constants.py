"""Operations on constants: computed where an expression is read, so their size has a limit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from mtl.expressions.grammar import ExpressionError

LARGEST_CONSTANT = 10**7


def reads_symbolic(arguments: Any) -> bool:
    """Return whether a symbolic tensor is among arguments, or in their lists and mappings."""
    return any(isinstance(each, keras.KerasTensor) for each in keras.tree.flatten(arguments))


def call_within_limit(
    function: Callable[..., Any],
    given: Sequence[Any],
    named: Mapping[str, Any],
    place: str,
) -> Any:
    """Compute an operation on constants if its result has at most 10,000,000 numbers.

    The size is found beforehand, which allocates nothing.

    Args:
        function: The operation.
        given: Its arguments by position.
        named: Its arguments by name.
        place: Says where the operation stands, for the message.

    Raises:
        ExpressionError: The result would be larger, or how large it is depends on the arguments'
            values.
    """
    for size in _sizes_of(function, given, named):
        if size is None:
            found = f"{place} is a constant whose size shows only once it is computed"
            raise ExpressionError(found, "Expected one of a fixed size, or one that reads an input")
        if size > LARGEST_CONSTANT:
            found = f"{place} is a constant of {size:,} numbers"
            raise ExpressionError(found, f"Expected at most {LARGEST_CONSTANT:,}")
    return function(*given, **named)


def _sizes_of(
    function: Callable[..., Any], given: Sequence[Any], named: Mapping[str, Any]
) -> list[int | None]:
    """Return the size of each result of an operation, None where it is not known beforehand."""
    specified, named_specified = keras.tree.map_structure(_as_symbolic, (list(given), dict(named)))
    if reads_symbolic([specified, named_specified]):
        try:
            sizes = _sizes(function(*specified, **named_specified))
        except Exception:  # noqa: BLE001 the values may be needed, such as those of a shape
            sizes = [None]
        if None not in sizes:
            return sizes
    # Not all operations can be traced, but those that make tensors of numbers can.
    try:
        traced = tf.function(lambda: function(*given, **named), autograph=False)
        return _sizes(traced.get_concrete_function().structured_outputs)
    except tf.errors.OperatorNotAllowedInGraphError:
        return [None]


def _as_symbolic(value: Any) -> Any:
    """Return a symbolic tensor of the same shape for a tensor, anything else as it is."""
    is_tensor = keras.ops.is_tensor(value) and not isinstance(value, keras.KerasTensor)
    return keras.KerasTensor(value.shape, value.dtype.name) if is_tensor else value


def _sizes(outputs: Any) -> list[int | None]:
    return [_size(getattr(output, "shape", ())) for output in keras.tree.flatten(outputs)]


def _size(shape: Any) -> int | None:
    if isinstance(shape, tf.TensorShape) and shape.rank is None:
        return None
    return None if None in tuple(shape) else math.prod(shape)

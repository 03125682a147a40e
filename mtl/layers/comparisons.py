"""Functions f(x, exemplar, c) that compare one feature of an example with an exemplar's.

All work element by element on tensors that broadcast, and so may those that a user writes: an
expression in `x`, `exemplar` and `c`, or a function registered with Keras.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from mtl.errors import MtlError, nearest
from mtl.expressions import Expression

Comparison = Callable[[Any, Any, Any], Any]

NAMES = ("x", "exemplar", "c")
_WORD = re.compile(r"\w+")


def largest_exponent(dtype: Any) -> float:
    """Return where exponents are held: 80 for float32, 701 for float64.

    exp of it is the largest number of the type divided by about e⁸, which leaves room for sums
    over features and examples.
    """
    return math.floor(math.log(float(tf.as_dtype(dtype).max)) - 8)


def exponential_difference(x: Any, exemplar: Any, c: Any) -> Any:
    """Return exp((x − exemplar) / c), the exponent held at `largest_exponent`."""
    exponent = (x - exemplar) / c
    return ops.exp(ops.minimum(exponent, largest_exponent(exponent.dtype)))


def gaussian(x: Any, exemplar: Any, c: Any) -> Any:
    """Return exp(−((x − exemplar) / c)²)."""
    return ops.exp(-ops.square((x - exemplar) / c))


def product(x: Any, exemplar: Any, c: Any) -> Any:  # noqa: ARG001 every comparison is given c
    """Return x · exemplar."""
    return x * exemplar


def absolute_difference(x: Any, exemplar: Any, c: Any) -> Any:  # noqa: ARG001 as above
    """Return |x − exemplar|."""
    return ops.absolute(x - exemplar)


COMPARISONS: dict[str, Comparison] = {
    "exponential_difference": exponential_difference,
    "gaussian": gaussian,
    "product": product,
    "absolute_difference": absolute_difference,
}


def find_comparison(function: str) -> Comparison:
    """Return the comparison of a name or an expression.

    Args:
        function: A name of `COMPARISONS`; the name of a function of `(x, exemplar, c)` that is
            registered with Keras, as `package>name`, or by its bare name if no other has it; or
            an expression such as `exp((x - exemplar) / c)`, in which names in call position are
            operations of `keras.ops` or registered functions.

    Raises:
        ValueError: Nothing has the name, the expression cannot be read or reads another name, or
            the function does not work element by element.
    """
    comparison = COMPARISONS.get(function) or _registered(function) or _expression(function)
    _check_result(comparison, function)
    return comparison


def _registered(function: str) -> Comparison | None:
    objects = keras.saving.get_custom_objects()
    if function in objects:
        return objects[function]
    found = [value for name, value in objects.items() if name.endswith(f">{function}")]
    return found[0] if len(found) == 1 else None


def _expression(function: str) -> Comparison:
    try:
        expression = Expression.parse(function)
    except MtlError as error:
        raise ValueError(f"{_EXPECTED} Received: function={function!r}: {error}") from error
    unknown = [name for name in expression.names if name not in NAMES]
    if unknown:
        known = COMPARISONS if _WORD.fullmatch(function) else NAMES
        raise ValueError(
            f"{_EXPECTED} Received: function={function!r}, and nothing is called {unknown[0]!r}. "
            f"{nearest(unknown[0], known)}"
        )
    return lambda x, exemplar, c: expression.evaluate({"x": x, "exemplar": exemplar, "c": c})


_EXPECTED = (
    f"Expected one of: {', '.join(COMPARISONS)}; a function registered with Keras; or an "
    "expression in x, exemplar and c."
)


def _check_result(comparison: Comparison, function: str) -> None:
    """Refuse what does not give a number for each example, exemplar and feature."""
    shapes = (2, 1, 3), (1, 5, 3), (3,)
    try:
        found = comparison(*(ops.ones(shape, dtype="float32") for shape in shapes))
        shape, dtype = tuple(found.shape), keras.backend.standardize_dtype(found.dtype)
    except Exception as error:
        raise ValueError(
            f"Expected a function of x, exemplar and c. Received: function={function!r}, which "
            f"fails: {error}"
        ) from error
    if shape != (2, 5, 3):
        raise ValueError(
            "Expected a function that works element by element: shapes (2, 1, 3), (1, 5, 3) and "
            f"(3,) make (2, 5, 3). Received: function={function!r}, which makes {shape}"
        )
    if dtype != "float32":
        raise ValueError(
            f"Expected a function that makes float32 of float32. Received: function={function!r}, "
            f"which makes {dtype}. Write cast(…, 'float32') around what is no such number"
        )

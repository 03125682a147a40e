"""Putting the vectors of two things together that one shared layer has read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import keras
from keras import layers, ops

from mtl.errors import ConfigError, Problem, nearest

Merger = Literal["concatenate", "absolute_difference", "product"]
MERGERS: dict[str, Callable[[Any, Any], list[Any]]] = {
    "concatenate": lambda a, b: [a, b],
    "absolute_difference": lambda a, b: [ops.abs(a - b)],
    "product": lambda a, b: [a * b],
}


def merged(a: keras.KerasTensor, b: keras.KerasTensor, merge: Sequence[str]) -> keras.KerasTensor:
    """Return what each merger makes of two vectors, one behind the other.

    Args:
        a: Shape `(batch, width)`.
        b: The same shape.
        merge: One or more of `concatenate` (a, b), `absolute_difference` |a − b| and `product`
            a · b.

    Raises:
        ConfigError: `merge` is empty or names an unknown merger.
    """
    problems = [
        Problem("model.merge", f"found {name!r}", nearest(name, MERGERS))
        for name in merge
        if name not in MERGERS
    ]
    if not merge:
        expected = f"Expected one or more of {', '.join(MERGERS)}."
        problems.append(Problem("model.merge", "found an empty list", expected))
    if problems:
        raise ConfigError(problems)
    vectors = [vector for name in merge for vector in MERGERS[name](a, b)]
    return layers.Concatenate(name="merged")(vectors) if len(vectors) > 1 else vectors[0]

"""Parameters that have an entry for each task, and numbers shared out among those present."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from mtl.errors import MtlError, nearest

# Stands for minus infinity, whose differences are no numbers.
_NOTHING = -1e30


def check_names(parameter: str, given: Any, names: Collection[str], *, complete: bool) -> None:
    """Refuse anything but a mapping from names of trained tasks.

    Args:
        parameter: What it is called in the config, below `balancing`.
        given: What stands there.
        names: Those of the trained tasks.
        complete: Whether every task must have an entry.
    """
    if not isinstance(given, Mapping):
        raise MtlError(
            f"balancing.{parameter}={given!r}. Expected a mapping from names of trained tasks,"
            f" such as {{{next(iter(names))}: …}}."
        )
    for name in given:
        if name not in names:
            raise MtlError(
                f"balancing.{parameter}={dict(given)!r}. Expected names of trained tasks; {name!r}"
                f" is none. {nearest(str(name), names)}"
            )
    missing = [name for name in names if name not in given]
    if complete and missing:
        raise MtlError(
            f"balancing.{parameter}={dict(given)!r}. Expected an entry for every trained task;"
            f" add {', '.join(missing)}."
        )


def is_number(value: Any) -> bool:
    """Return whether it is a finite number."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)


def ideal_point(given: Any, names: Collection[str]) -> np.ndarray:
    """Return the parameter `ideal` as a vector, 0 where nothing is given, shape `(K,)`."""
    given = {} if given is None else given
    check_names("ideal", given, names, complete=False)
    if not all(is_number(value) for value in given.values()):
        raise MtlError(f"balancing.ideal={dict(given)!r}. Expected a number for each task.")
    return np.array([given.get(name, 0.0) for name in names], np.float32)


def preference_vector(given: Any, names: Collection[str]) -> np.ndarray:
    """Return the parameter `preferences` as a vector that sums to 1, shape `(K,)`.

    Nothing given prefers no task to another.
    """
    given = dict.fromkeys(names, 1.0) if given is None else given
    check_names("preferences", given, names, complete=True)
    if not all(is_number(value) and value > 0 for value in given.values()):
        raise MtlError(f"balancing.preferences={dict(given)!r}. Expected numbers above 0.")
    vector = np.array([given[name] for name in names], np.float64)
    return (vector / vector.sum()).astype(np.float32)


def present_softmax(logits: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
    """Return the softmax over the tasks that are present, 0 for the others, shape `(K,)`."""
    weights = tf.nn.softmax(tf.where(present, logits, _NOTHING))
    return tf.where(present, weights, 0.0)


def present_share(numbers: np.ndarray, present: tf.Tensor) -> tf.Tensor:
    """Return positive numbers divided by their sum over the tasks that are present.

    The others' are 0, shape `(K,)`.
    """
    kept = tf.where(present, tf.constant(numbers, tf.float32), 0.0)
    return tf.math.divide_no_nan(kept, tf.reduce_sum(kept))


def smooth_maximum(values: tf.Tensor, present: tf.Tensor, mu: float) -> tf.Tensor:
    """Return μ log Σ_k exp(values_k / μ) over the tasks that are present.

    The largest value is taken off before the division by μ, so that no size of either overflows.
    """
    kept = tf.where(present, values, _NOTHING)
    largest = tf.stop_gradient(tf.reduce_max(kept))
    shares = tf.where(present, tf.exp((kept - largest) / mu), 0.0)
    # One where nobody is present, whose logarithm is 0.
    total = tf.where(tf.reduce_any(present), tf.reduce_sum(shares), 1.0)
    return tf.where(tf.reduce_any(present), largest, 0.0) + mu * tf.math.log(total)


def count_present(present: tf.Tensor) -> tf.Tensor:
    """Return how many tasks are present, a float32 scalar."""
    return tf.reduce_sum(tf.cast(present, tf.float32))


def held(values: tf.Tensor, largest: float) -> tf.Tensor:
    """Return values brought between ±`largest`, with the gradient as if they were not.

    A value beyond the bound so finds its way back when what drove it there has gone.
    """
    values = tf.convert_to_tensor(values)
    return values + tf.stop_gradient(tf.clip_by_value(values, -largest, largest) - values)

"""The weighted sum of the losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from mtl.balancing.base import LossBalancer
from mtl.balancing.per_task import check_names, is_number
from mtl.errors import MtlError, nearest
from mtl.registry import balancer


@balancer("fixed")
class Fixed(LossBalancer):
    """Σ_k f_k(t) ℓ_k: each loss times its weight in the config, and times a factor over time.

    A sum over labelled tasks, `scale` sum. Factors change with the number of batches t alone, so
    that a training that is resumed goes on as it would have. A task whose factor is 0 does not
    move the shared part; its own weights stand still too where `heads` is `weighted`.

    Args:
        weights: See `Balancer`.
        schedule: None, factors of 1. Otherwise a mapping:

            * `by`: `epochs` or `steps`, the unit of time, counted from 0; required.
            * `interpolate`: `linear` between the points, the default, or `constant` from one point
              to the next. Epochs count in fractions: a linear factor changes at each step.
            * `tasks`: for each task whose factor changes, its points: `{0: 1.0, 10: 0.0}` is 1 at
              time 0 and 0 from time 10 on. Times and factors are 0 or more. Before the first point
              and after the last the factor is theirs; other tasks have 1.
        **options: See `Balancer`.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        schedule: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(weights, **options)
        self._schedule = None if schedule is None else _Schedule(schedule, self.names)

    def total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return the sum."""
        if self._schedule is None:
            return tf.reduce_sum(losses)
        factors = self._schedule.factors(self.step.value, self.steps_per_epoch)
        return tf.reduce_sum(factors * losses)


class _Schedule:
    """Factors of all tasks at points of time.

    They are kept as changes: the factors at t are the first ones, plus for each span between two
    points its change times how much of the span has passed, from 0 to 1.
    """

    def __init__(self, given: Mapping[str, Any], names: Sequence[str]) -> None:
        _check(given, names)
        tasks = given["tasks"]
        self._by_epochs = given["by"] == "epochs"
        self._linear = given.get("interpolate", "linear") == "linear"
        times = sorted({float(time) for points in tasks.values() for time in points})
        self._times = np.array(times)
        columns = [self._column(tasks.get(name, {0: 1.0})) for name in names]
        self._factors = np.stack(columns, axis=1)

    def _column(self, points: Mapping[Any, float]) -> np.ndarray:
        """Return one task's factors at all times, shape `(times,)`."""
        known = sorted((float(time), float(factor)) for time, factor in points.items())
        times, factors = (np.array(column) for column in zip(*known, strict=True))
        if self._linear:
            return np.interp(self._times, times, factors)
        return factors[np.maximum(np.searchsorted(times, self._times, side="right") - 1, 0)]

    def factors(self, step: tf.Tensor, steps_per_epoch: int) -> tf.Tensor:
        """Return the factors after so many updates, shape `(K,)`, float32."""
        steps = self._times * (steps_per_epoch if self._by_epochs else 1)
        first = tf.constant(self._factors[0], tf.float32)
        if len(steps) == 1:
            return first
        if self._linear:
            # In double precision, as float32 cannot tell two steps beyond 2^24 apart.
            passed = (tf.cast(step, tf.float64) - steps[:-1]) / np.diff(steps)
            passed = tf.cast(tf.clip_by_value(passed, 0.0, 1.0), tf.float32)
        else:
            passed = tf.cast(step >= np.ceil(steps[1:]).astype(np.int64), tf.float32)
        changes = tf.constant(np.diff(self._factors, axis=0), tf.float32)
        return first + tf.linalg.matvec(changes, passed, transpose_a=True)


def _check(given: Any, names: Sequence[str]) -> None:
    form = "Expected null, or {by: epochs, interpolate: linear, tasks: {OUTPUT: {0: 1.0, 10: 0.0}}}"
    if not isinstance(given, Mapping):
        raise MtlError(f"balancing.schedule={given!r}. {form}.")
    known = ("by", "interpolate", "tasks")
    for name in given:
        if name not in known:
            raise MtlError(
                f"balancing.schedule={dict(given)!r}. {form}; {name!r} is none of these."
                f" {nearest(str(name), known)}"
            )
    for name, value, choices in (
        ("by", given.get("by"), ("epochs", "steps")),
        ("interpolate", given.get("interpolate", "linear"), ("linear", "constant")),
    ):
        if value not in choices:
            raise MtlError(f"balancing.schedule.{name}={value!r}. Expected {' or '.join(choices)}.")
    tasks = given.get("tasks")
    check_names("schedule.tasks", tasks, names, complete=False)
    if not tasks:
        raise MtlError("balancing.schedule.tasks={}. Expected one task or more, with its points.")
    for name, points in tasks.items():
        if not _are_points(points):
            raise MtlError(
                f"balancing.schedule.tasks.{name}={points!r}. Expected points in time with their"
                " factors, all numbers of 0 or more, such as {0: 1.0, 10: 0.0}."
            )


def _are_points(points: Any) -> bool:
    return (
        isinstance(points, Mapping)
        and len(points) > 0
        and all(is_number(each) and each >= 0 for pair in points.items() for each in pair)
    )

"""The figure that chooses the best epoch."""

from __future__ import annotations

import math

import pytest

from mtl.training.monitor import Monitor


def follow(monitor: Monitor, values: list[float]) -> list[bool]:
    return [monitor.update(epoch, value) for epoch, value in enumerate(values, start=1)]


def test_lower_is_better_for_min() -> None:
    monitor = Monitor("validation/loss", "min")
    assert follow(monitor, [3.0, 2.0, 2.0, 2.5, 1.0]) == [True, True, False, False, True]
    assert (monitor.best, monitor.best_epoch) == (1.0, 5)


def test_higher_is_better_for_max() -> None:
    monitor = Monitor("validation/y/auc", "max")
    assert follow(monitor, [0.6, 0.7, 0.65]) == [True, True, False]
    assert (monitor.best, monitor.best_epoch) == (0.7, 2)


def test_small_improvements_do_not_count() -> None:
    monitor = Monitor("validation/loss", "min", minimum_improvement=0.1)
    assert follow(monitor, [1.0, 0.95, 0.89]) == [True, False, True]


@pytest.mark.parametrize(("patience", "exhausted_after"), [(1, 3), (2, 4), (None, None)])
def test_patience_counts_epochs_without_improvement(
    patience: int | None, exhausted_after: int | None
) -> None:
    monitor = Monitor("validation/loss", "min", patience=patience)
    first = None
    for epoch, value in enumerate([2.0, 1.0, 1.5, 1.5, 1.5], start=1):
        monitor.update(epoch, value)
        if monitor.exhausted and first is None:
            first = epoch
    assert first == exhausted_after


def test_nan_is_never_an_improvement() -> None:
    monitor = Monitor("validation/loss", "min", patience=2)
    assert follow(monitor, [math.nan, math.nan]) == [False, False]
    assert monitor.exhausted
    assert monitor.update(3, 5.0)

"""Which steps are told of."""

from __future__ import annotations

import pytest

from mtl.balancing.alternating import Alternating
from mtl.balancing.fixed import Fixed
from mtl.balancing.mgda import MultipleGradientDescent
from mtl.training.loop import log_interval


@pytest.mark.parametrize(
    ("wanted", "steps", "expected"), [(None, 50, None), (3, 5000, 3), ("auto", 50, 10)]
)
def test_a_number_counts_as_it_is(wanted: int | str | None, steps: int, expected: object) -> None:
    assert log_interval(wanted, steps, Fixed({"a": 1.0, "b": 1.0})) == expected


@pytest.mark.parametrize("steps", [50, 2000, 2200, 5000, 9999])
@pytest.mark.parametrize("tasks", ["a", "ab", "abc", "abcde"])
def test_an_epoch_has_200_rows_at_most_and_every_task_its_turn_among_them(
    tasks: str, steps: int
) -> None:
    interval = log_interval("auto", steps, Alternating(dict.fromkeys(tasks, 1.0)))
    assert interval is not None
    told = range(0, steps * len(tasks), interval)
    assert len(told) / len(tasks) <= 201
    assert {step % len(tasks) for step in told} == set(range(len(tasks)))
    assert interval < max(10, steps / 200) + len(tasks) + 1


@pytest.mark.parametrize("every", [1, 4, 7, 32])
def test_weights_are_computed_in_the_steps_that_are_told_of(every: int) -> None:
    interval = log_interval(
        "auto", 2300, MultipleGradientDescent({"a": 1.0, "b": 1.0}, every=every)
    )
    assert interval is not None
    assert interval % every == 0
    assert 12 <= interval < 12 + every

"""The weighted sum, and weights that move over time."""

import numpy as np
import pytest

from mtl.balancing.fixed import Fixed
from mtl.errors import MtlError
from tests.balancing import losses
from tests.balancing.losses import REFERENCE, at, ones, total_of, weights_of


def scheduled(by="steps", **options):
    tasks = options.pop("tasks", {"b": {2: 1.0, 6: 0.0}})
    return Fixed(ones(3), schedule={"by": by, "tasks": tasks, **options})


def factors(strategy, step):
    return weights_of(at(strategy, step), REFERENCE)


def test_the_sum():
    strategy = Fixed(ones(3))

    assert total_of(strategy, REFERENCE) == pytest.approx(2.6)
    np.testing.assert_array_equal(weights_of(strategy, REFERENCE), [1, 1, 1])


def test_soundness_with_a_schedule():
    # An absent task's loss is 0 by contract, so that the sum needs no look at who is present.
    schedule = {"by": "steps", "tasks": {"b": {0: 0.5, 3: 1.0}, "c": {1: 2.0}}}

    def make(weights, **options):
        known = {k: v for k, v in schedule["tasks"].items() if k in weights}
        return at(Fixed(weights, schedule={**schedule, "tasks": known}, **options), 2)

    losses.assert_finite(make)
    losses.assert_an_absent_task_changes_nothing(make)
    losses.assert_order_does_not_matter(make)
    losses.assert_graphs_agree(make)
    losses.assert_means_are_sums_divided(make)


@pytest.mark.parametrize(
    ("step", "factor"), [(0, 1), (2, 1), (3, 0.75), (5, 0.25), (6, 0), (1_000, 0)]
)
def test_linear_in_steps(step, factor):
    np.testing.assert_allclose(factors(scheduled(), step), [1, factor, 1])


@pytest.mark.parametrize(("step", "factor"), [(0, 1), (2, 1), (5, 1), (6, 0), (7, 0)])
def test_constant_between_points(step, factor):
    np.testing.assert_allclose(factors(scheduled(interpolate="constant"), step), [1, factor, 1])


def test_epochs_are_counted_in_steps():
    linear = scheduled("epochs", tasks={"b": {0: 1.0, 2: 0.0}})
    constant = scheduled("epochs", tasks={"b": {0: 1.0, 2: 0.0}}, interpolate="constant")
    for strategy in (linear, constant):
        strategy.start(seed=0, steps_per_epoch=5)

    assert factors(linear, 5)[1] == pytest.approx(0.5)
    assert factors(linear, 6)[1] == pytest.approx(0.4)
    assert [factors(constant, step)[1] for step in (0, 9, 10)] == [1, 1, 0]


@pytest.mark.parametrize("interpolate", ["linear", "constant"])
def test_each_task_has_points_of_its_own(interpolate):
    tasks = {"a": {0: 0.0, 4: 2.0}, "c": {1: 4.0, 3: 0.0, 8: 1.0}}
    strategy = scheduled(tasks=tasks, interpolate=interpolate)
    for step in range(10):
        expected = [
            np.interp(step, list(points), list(points.values()))
            if interpolate == "linear"
            else list(points.values())[max(0, sum(step >= time for time in points) - 1)]
            for points in (tasks["a"], {0: 1.0}, tasks["c"])
        ]
        np.testing.assert_allclose(factors(strategy, step), expected, rtol=1e-6)


def test_steps_are_told_apart_far_out():
    start = 2**26
    strategy = scheduled(tasks={"b": {start: 0.0, start + 4: 1.0}})

    assert [factors(strategy, start + i)[1] for i in range(5)] == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (3, "Expected null, or {by: epochs"),
        ({"by": "steps", "tasks": {"b": {0: 1}}, "interpolte": "linear"}, "mean 'interpolate'"),
        ({"by": "hours", "tasks": {"b": {0: 1}}}, "Expected epochs or steps"),
        ({"tasks": {"b": {0: 1}}}, "Expected epochs or steps"),
        ({"by": "steps", "tasks": {"b": {0: 1}}, "interpolate": "cubic"}, "linear or constant"),
        ({"by": "steps", "tasks": {}}, "one task or more"),
        ({"by": "steps"}, "Expected a mapping from names"),
        ({"by": "steps", "tasks": {"b": {}}}, "Expected points in time"),
        ({"by": "steps", "tasks": {"b": 0.5}}, "Expected points in time"),
        ({"by": "steps", "tasks": {"b": {0: -1}}}, "numbers of 0 or more"),
        ({"by": "steps", "tasks": {"b": {"soon": 1}}}, "numbers of 0 or more"),
    ],
)
def test_schedules_that_are_none(schedule, message):
    with pytest.raises(MtlError, match=r"^balancing\.schedule") as caught:
        Fixed(ones(3), schedule=schedule)
    assert message in str(caught.value)


def test_an_unknown_task_in_a_schedule():
    with pytest.raises(MtlError, match="Did you mean 'aux_output'"):
        Fixed(
            {"main_output": 1.0, "aux_output": 1.0},
            schedule={"by": "steps", "tasks": {"aux_outptu": {0: 1}}},
        )

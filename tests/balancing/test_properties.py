"""Every strategy that reads the Gramian keeps what it promises, on matrices of every class.

Strategies are found by themselves. All of them are asked what is asked of all; what one promises
beyond that stands in `PROMISES`.
"""

from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np
import pytest
import tensorflow as tf

from mtl.registry import balancers
from tests.balancing import properties
from tests.balancing.matrices import EVERY, INDEPENDENT, NOT_STATIONARY, STRONG, WEAK, B


@dataclass
class Promise:
    """What holds for one strategy, with which parameters.

    Attributes:
        parameters: With which it holds, if not with the defaults.
        drawn: It depends on chance, or on the order of the tasks, from three tasks on.
        bounded: The update is no longer than the gradients together.
        scale_invariant: Longer gradients have the same weights.
        no_conflict: By how much, beside Σ_i |w_i| ‖g_i‖, an update may harm a task.
        no_conflict_independent: The same where the gradients are linearly independent.
        linear: How far from linear in the lengths of the gradients an update may be.
        goes_on: The update is 0 only where the gradients are strongly stationary.
        stops_strong: How long the update may be where they are, beside Σ_i |w_i| ‖g_i‖.
        stops_weak: And where they are weakly stationary.
    """

    parameters: dict[str, object] = field(default_factory=dict)
    drawn: bool = False
    bounded: bool = True
    scale_invariant: bool = True
    no_conflict: float | None = None
    no_conflict_independent: float | None = None
    linear: float | None = None
    goes_on: bool = False
    stops_strong: float | None = None
    stops_weak: float | None = None


EXACT: dict[str, object] = {"regularisation": 1e-12}

PROMISES = {
    "mgda": Promise(no_conflict=1e-6, stops_strong=1e-6, stops_weak=1e-6),
    "pcgrad": Promise(drawn=True, linear=1e-9),
    "gradvac": Promise(drawn=True, linear=1e-9),
    "cagrad": Promise(parameters={"c": 1.0}, no_conflict=1e-4, stops_strong=1e-4),
    "cagrad, c = 0.5": Promise(parameters={"c": 0.5}, goes_on=True),
    "imtl_g": Promise(no_conflict_independent=1e-6),
    # Their updates do not depend on how long the gradients are.
    "nash": Promise(
        bounded=False, scale_invariant=False, no_conflict=1e-6, goes_on=True, stops_strong=1e-3
    ),
    "fairgrad": Promise(
        bounded=False, scale_invariant=False, no_conflict=1e-6, goes_on=True, stops_strong=1e-3
    ),
    # What the default regularisation adds, 10⁻⁴ of the trace, is much beside a short gradient.
    "upgrad": Promise(parameters=EXACT, no_conflict=1e-6, linear=1e-6, goes_on=True),
    "upgrad, regularised": Promise(goes_on=True, stops_strong=0.05),
    "dual_projection": Promise(parameters=EXACT, no_conflict=1e-6, goes_on=True),
    "dual_projection, regularised": Promise(goes_on=True, stops_strong=0.05),
    "config_conflict_free": Promise(no_conflict_independent=1e-6),
}


def known():
    return [
        name for name in balancers.names() if getattr(balancers.get(name), "reads", "") == "gramian"
    ]


def name_of(case):
    return case.partition(",")[0]


def promised(case):
    return PROMISES.get(case, Promise())


@cache
def build(case, m):
    """Return the strategy, and what it remembers at first."""
    weights = {f"task_{i}": 1.0 for i in range(m)}
    strategy = balancers.get(name_of(case))(weights, **promised(case).parameters)
    return strategy, strategy.state()


def cases(wanted):
    """Return the strategies of which the promise is such, with what they are built by."""
    found = []
    for name in known():
        listed = [case for case in PROMISES if name_of(case) == name] or [name]
        for case in listed:
            if wanted(promised(case)):
                found += [pytest.param(case, partial(build, case), id=case)]
    return pytest.mark.parametrize(("case", "build"), found)


def each(matrices, check, build, *arguments):
    for name, jacobian in matrices.items():
        try:
            check(build, jacobian, *arguments)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error


def test_promises_are_of_strategies_that_there_are():
    assert {name_of(case) for case in PROMISES} <= set(known())


@cases(lambda promise: True)
def test_finite_at_every_scale(case, build):
    each(EVERY, properties.assert_finite, build)


@cases(lambda promise: True)
def test_finite_in_single_precision_as_in_training(case, build):
    for name, jacobian in EVERY.items():
        made = build.func.__wrapped__(case, len(jacobian))[0]
        present = tf.fill(len(jacobian), True)
        for scale in (0.0, 1e-15, 1e-5, 1.0, 1e5, 1e15):
            rows = (scale * jacobian).astype(np.float32)
            w = made.weigh(tf.ones(len(rows)), present, tf.constant(rows @ rows.T)).numpy()
            assert w.dtype == np.float32
            assert np.isfinite(w).all(), (name, scale, w)
            assert np.isfinite(rows.T @ w).all(), (name, scale, w)
            if scale and name in NOT_STATIONARY:
                assert (w != 0).any(), (name, scale)


@cases(lambda promise: True)
def test_absent_tasks_are_left_out(case, build):
    each(NOT_STATIONARY, properties.assert_leaves_out_absent, build)


@cases(lambda promise: True)
def test_tasks_without_a_gradient_are_left_out(case, build):
    each(NOT_STATIONARY, properties.assert_leaves_out_zero_gradients, build)


@cases(lambda promise: True)
def test_the_order_of_tasks_does_not_matter(case, build):
    drawn = promised(case).drawn
    matrices = {name: rows for name, rows in EVERY.items() if len(rows) == 2 or not drawn}
    each(matrices, properties.assert_permutation_equivariant, build)


@cases(lambda promise: promise.bounded)
def test_updates_are_bounded_by_the_gradients(case, build):
    each(EVERY, properties.assert_bounded, build)


@cases(lambda promise: promise.scale_invariant)
def test_weights_do_not_depend_on_scale(case, build):
    each(EVERY, properties.assert_scale_invariant, build)


@cases(lambda promise: promise.no_conflict is not None)
def test_updates_harm_no_task(case, build):
    each(EVERY, properties.assert_non_conflicting, build, PROMISES[case].no_conflict)


@cases(lambda promise: promise.no_conflict_independent is not None)
def test_updates_harm_no_task_with_independent_gradients(case, build):
    tolerance = PROMISES[case].no_conflict_independent
    each(INDEPENDENT, properties.assert_non_conflicting, build, tolerance)


@cases(lambda promise: promise.linear is not None)
def test_updates_are_linear_in_the_lengths_of_gradients(case, build):
    each(NOT_STATIONARY, properties.assert_linear_under_scaling, build, PROMISES[case].linear)


@cases(lambda promise: promise.goes_on)
def test_updates_go_on_until_strongly_stationary(case, build):
    check = properties.assert_stops_only_where_strongly_stationary
    each(NOT_STATIONARY | WEAK, check, build)


@cases(lambda promise: promise.stops_strong is not None)
def test_updates_stop_where_strongly_stationary(case, build):
    each(STRONG, properties.assert_stops, build, PROMISES[case].stops_strong)


@cases(lambda promise: promise.stops_weak is not None)
def test_updates_stop_where_weakly_stationary(case, build):
    each(WEAK, properties.assert_stops, build, PROMISES[case].stops_weak)


@cases(lambda promise: True)
def test_steps_in_tensorflow_are_the_same_and_remember_the_same(case, build):
    _, state = build(3)
    made = build.func.__wrapped__(case, 3)[0]
    step = tf.function(made.weigh, autograph=False)
    jacobian = B.astype(np.float32)
    gramian = jacobian @ jacobian.T
    expected = {name: value.copy() for name, value in state.items()}
    for number in range(3):
        losses = np.array([1, 2, 3 + number], np.float32)
        present = np.array([True, True, number != 1])
        w = step(tf.constant(losses), tf.constant(present), tf.constant(gramian))
        wanted = made.weights_of(losses, present, gramian, 0, expected)
        np.testing.assert_allclose(w, wanted, rtol=1e-6)
    assert made.state().keys() == expected.keys()
    for name, value in made.variables.items():
        np.testing.assert_allclose(value.numpy(), expected[name], rtol=1e-6, err_msg=name)
    assert step.experimental_get_tracing_count() == 1


def test_an_update_that_harms_is_told_from_one_that_does_not():
    class Sum:
        def weights_of(self, losses, present, gramian, step, state):
            return np.ones(len(losses))

    jacobian = np.array([[1.0, 0], [-3, 1]])
    with pytest.raises(AssertionError):
        properties.assert_non_conflicting(lambda m: (Sum(), {}), jacobian, 1e-3)
    properties.assert_linear_under_scaling(lambda m: (Sum(), {}), jacobian, 1e-9)

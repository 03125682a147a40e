"""Mistakes in a balancer of one's own are told in its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.base import GramianBalancer, LossBalancer, TurnBalancer
from mtl.errors import MtlError
from mtl.registry import balancers
from mtl.training.balancing import make_balancer
from mtl.training.problems import Problems
from tests.training.routes.graphs import batches, build
from tests.training.routes.test_routes import config_weights, step_for


class Constant(LossBalancer):
    def total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        return tf.constant(1.0)


class Vector(LossBalancer):
    def total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        return losses**2


class TooShort(GramianBalancer):
    def solve(self, gramian: np.ndarray, observed: Any) -> Any:
        return [1.0, 1.0]


class Failing(GramianBalancer):
    def solve(self, gramian: np.ndarray, observed: Any) -> np.ndarray:
        raise KeyError("lambda")


class FailingLater(GramianBalancer):
    def solve(self, gramian: np.ndarray, observed: Any) -> np.ndarray:
        if observed.step > 1:
            raise ValueError("too late")
        return np.ones(len(gramian))


class WithoutPresence(LossBalancer):
    def total(self, losses: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
        return tf.reduce_sum(losses)


class WithoutSuper(GramianBalancer):
    def __init__(self, weights: Any, **options: Any) -> None:
        self.power = 1.0

    def solve(self, gramian: np.ndarray, observed: Any) -> np.ndarray:
        return np.ones(len(gramian))


class Ninth(TurnBalancer):
    def turn(self, present: tf.Tensor) -> tf.Tensor:
        return tf.constant(9)


class Unfinished(LossBalancer):
    """Without `total`."""


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        (Constant, {}, "Constant.total does not depend on the losses"),
        (Constant, {"heads": "own"}, "Constant.total does not depend on the losses"),
        (Vector, {}, r"Vector.total returned a tensor of shape \(3,\). Expected a scalar"),
        (Vector, {"heads": "own"}, r"Vector.total returned a tensor of shape \(3,\)"),
        (TooShort, {}, r"TooShort failed: solve returned an array of shape \(2,\). .* the 3 tasks"),
        (
            Failing,
            {"gradients": "parameters"},
            r"Failing failed: KeyError: 'lambda' \(.*test_own_balancers\.py, line \d+\)",
        ),
        (Ninth, {}, "Ninth.turn returned 9. Expected the position of one of the 3 tasks, from 0"),
    ],
)
def test_a_wrong_strategy_is_named(kind: type, options: dict[str, Any], expected: str) -> None:
    model = build("trunk_and_heads")
    (batch,) = batches(model, 1)
    step = step_for(model, kind(config_weights(model), **options))
    with pytest.raises(MtlError, match=expected):
        step(*batch)


def test_a_strategy_that_fails_in_one_of_several_steps_is_named() -> None:
    model = build("trunk_and_heads")
    first, *others = batches(model, 3)
    step = step_for(model, FailingLater(config_weights(model)))
    step(*first)
    with pytest.raises(MtlError, match="FailingLater failed: ValueError: too late"):
        step.several(*tf.nest.map_structure(lambda *each: tf.stack(each), *others))


@pytest.fixture
def registered() -> Iterator[None]:
    """Registers mistakes for a test."""
    made = {"unfinished": Unfinished, "a_function": lambda weights: weights}
    made |= {"without_presence": WithoutPresence, "without_super": WithoutSuper}
    for name, each in made.items():
        balancers.add(name)(each)
    yield
    for name in made:
        balancers._objects.pop(name)
        balancers._places.pop(name)


@pytest.mark.parametrize(
    ("name", "found", "expected"),
    [
        ("unfinished", "'unfinished' lacks the method total", "extends LossBalancer"),
        (
            "a_function",
            "'a_function' is registered for '<lambda>', no strategy",
            "extends LossBalancer",
        ),
        (
            "without_presence",
            "'without_presence' has total(self, losses), and is handed total(self, ",
            "extends LossBalancer",
        ),
        (
            "without_super",
            "'without_super' has an __init__ that leaves out the base class's",
            "super().__init__(weights, **options)",
        ),
    ],
)
def test_what_is_no_strategy_is_a_problem_of_its_name(
    registered: None, name: str, found: str, expected: str
) -> None:
    problems = Problems()
    assert make_balancer({"name": name}, {"a": 1.0, "b": 1.0}, problems) is None
    (problem,) = problems.found
    assert problem.path == "balancing.name"
    assert problem.found.startswith(found)
    assert expected in problem.expected

"""One task a step, in turn."""

import pytest
import tensorflow as tf

from mtl.balancing.alternating import Alternating
from mtl.errors import MtlError
from tests.balancing.losses import at, ones


def turns(strategy, count, present=None):
    """The names of the tasks whose turn it is, step by step; `present` names those with labels."""
    found = []
    for step in range(count):
        there = strategy.names if present is None else present[step]
        mask = tf.constant([name in there for name in strategy.names])
        found.append(strategy.names[int(at(strategy, step).turn(mask))])
    return found


def test_round_robin():
    assert turns(Alternating(ones(3)), 7) == ["a", "b", "c", "a", "b", "c", "a"]


def test_a_ratio_in_the_order_that_it_gives():
    strategy = Alternating(ones(3), ratio={"b": 1, "a": 3, "c": 2})
    assert "".join(turns(strategy, 13)) == "baaaccbaaaccb"


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        (["abc", "ac", "abc", "abc"], "acab"),  # b's turn is c's, and the next one a's
        (["a", "a", "abc", "b"], "aabb"),
        (["ac"] * 6, "acacac"),  # not "accacc": who takes an absent one's turn has no more for it
        (["abc", "", "abc", ""], "abbc"),  # without any label it is nobody's turn
    ],
)
def test_the_turn_of_an_absent_task_is_handed_on(present, expected):
    found = turns(Alternating(ones(3)), len(present), present)
    assert "".join(found) == expected


def test_a_ratio_is_kept_among_those_that_are_present():
    strategy = Alternating(ones(3), ratio={"a": 2, "b": 3, "c": 1})
    assert "".join(turns(strategy, 6, ["ac"] * 6)) == "aacaac"


def test_a_turn_goes_on_from_the_state():
    strategy = Alternating(ones(3), ratio={"a": 2, "b": 1, "c": 1})
    at(strategy, 10**12 + 3)
    restored = Alternating(ones(3), ratio={"a": 2, "b": 1, "c": 1})
    strategy.turn(tf.constant([True, False, True]))  # the fourth of the cycle is c's
    strategy.step.assign_add(1)
    restored.restore(strategy.state())
    everyone = tf.constant([True] * 3)
    assert int(restored.turn(everyone)) == int(strategy.turn(everyone)) == 0
    assert strategy.turn(everyone).shape == ()


@pytest.mark.parametrize("xla", [False, True])
def test_in_a_graph(xla):
    strategy = Alternating(ones(3), ratio={"a": 2, "b": 1, "c": 1})
    turn = tf.function(strategy.turn, jit_compile=xla)
    mask = tf.constant([True] * 3)
    assert [int(turn(mask)) for step in range(6) if at(strategy, step)] == [0, 0, 1, 2, 0, 0]


def test_optimizers():
    assert not Alternating(ones(2)).own_optimizers
    assert Alternating(ones(2), optimizers="own").own_optimizers
    with pytest.raises(MtlError, match=r"^balancing\.optimizers='each'\. Expected shared or own"):
        Alternating(ones(2), optimizers="each")


@pytest.mark.parametrize(
    ("factors", "optimizers", "message"),
    [
        ({"z": 2.0}, "own", "'z' is none"),
        ({"a": 0.0}, "own", "Expected numbers above 0"),
        ({"a": "fast"}, "own", "Expected numbers above 0"),
        ([2.0], "own", "Expected a mapping"),
        ({"a": 2.0}, "shared", "balancing.optimizers=own gives each its own"),
    ],
)
def test_learning_rate_factors_that_are_none(factors, optimizers, message):
    with pytest.raises(MtlError, match=r"^balancing\.learning_rate_factors=") as caught:
        Alternating(ones(2), optimizers=optimizers, learning_rate_factors=factors)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("ratio", "message"),
    [
        ({"a": 2}, "add b"),
        ({"a": 2, "b": 1, "z": 1}, "'z' is none"),
        ({"a": 2, "b": 0}, "whole number of steps"),
        ({"a": 2, "b": 1.5}, "whole number of steps"),
        ({"a": 2, "b": True}, "whole number of steps"),
        ([2, 1], "Expected a mapping"),
    ],
)
def test_ratios_that_are_none(ratio, message):
    with pytest.raises(MtlError, match=r"^balancing\.ratio=") as caught:
        Alternating(ones(2), ratio=ratio)
    assert message in str(caught.value)

"""One task a step, in turn."""

import pytest
import tensorflow as tf

from mtl.balancing.alternating import Alternating
from mtl.errors import MtlError
from tests.balancing.losses import at, ones


def turns(strategy, count):
    return [strategy.names[int(at(strategy, step).turn())] for step in range(count)]


def test_round_robin():
    assert turns(Alternating(ones(3)), 7) == ["a", "b", "c", "a", "b", "c", "a"]


def test_a_ratio_in_the_order_that_it_gives():
    strategy = Alternating(ones(3), ratio={"b": 1, "a": 3, "c": 2})
    assert "".join(turns(strategy, 13)) == "baaaccbaaaccb"


def test_a_turn_depends_on_the_step_alone():
    strategy = Alternating(ones(3), ratio={"a": 2, "b": 1, "c": 1})
    at(strategy, 10**12 + 3)
    restored = Alternating(ones(3), ratio={"a": 2, "b": 1, "c": 1})
    restored.restore(strategy.state())
    assert int(restored.turn()) == int(strategy.turn()) == 2
    assert strategy.turn().shape == ()


@pytest.mark.parametrize("xla", [False, True])
def test_in_a_graph(xla):
    strategy = Alternating(ones(3), ratio={"a": 2, "b": 1, "c": 1})
    turn = tf.function(strategy.turn, jit_compile=xla)
    assert [int(turn()) for step in range(6) if at(strategy, step)] == [0, 0, 1, 2, 0, 0]


def test_optimizers():
    assert not Alternating(ones(2)).own_optimizers
    assert Alternating(ones(2), optimizers="own").own_optimizers
    with pytest.raises(MtlError, match=r"^balancing\.optimizers='each'\. Expected shared or own"):
        Alternating(ones(2), optimizers="each")


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

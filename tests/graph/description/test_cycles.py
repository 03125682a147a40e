"""Cycles are found one by one, and each is whole."""

from __future__ import annotations

import pytest

from mtl.graph.description.cycles import cycles


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ({}, []),
        ({"a": ["b"], "b": ["x"]}, []),
        ({"a": ["a"]}, [["a", "a"]]),
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, [["a", "b", "c", "a"]]),
        # Names before and behind a cycle are not on it.
        ({"in": [], "a": ["in", "b"], "b": ["a"], "out": ["b"]}, [["a", "b", "a"]]),
        ({"out": ["b"], "a": ["b"], "b": ["a"]}, [["a", "b", "a"]]),
        ({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}, [["a", "b", "a"], ["c", "d", "c"]]),
    ],
)
def test_cycles(needs, expected):
    assert cycles(needs) == expected


def test_a_long_chain_is_no_trouble():
    chain = {str(number): [str(number + 1)] for number in range(3000)}
    assert cycles(chain) == []
    assert len(cycles({**chain, "3000": ["0"]})[0]) == 3002

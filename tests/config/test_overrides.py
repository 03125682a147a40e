from __future__ import annotations

import pytest

from mtl.config.overrides import value_of, without


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["run=runs/a"], "runs/a"),
        (["run=a", "run=b"], "b"),
        (["run='a b'"], "a b"),
        (["rune=a"], None),
        (["run=null"], None),
        (["run="], None),
        ([], None),
    ],
)
def test_the_last_value_of_a_key_counts(words, expected):
    assert value_of("run", words) == expected


def test_words_of_some_keys_are_left_out():
    assert without(["run", "output"], ["run=a", "x=1", "output=b", "runs=c"]) == ["x=1", "runs=c"]

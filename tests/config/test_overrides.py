from __future__ import annotations

import pytest

from mtl.config.overrides import value_of, with_no_option, without


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


def test_a_mapping_that_replaces_a_value_empties_it_first():
    """With two keys, as the runs of a sweep have one word a key."""
    words = ["balancing.around={name: nash},{name: mgda}", "data.split={by: time}", "+inputs.a={}"]
    assert with_no_option(words) == ["balancing.around=null", f"++{words[0]}", *words[1:]]
    assert with_no_option(["x.y={a: 1}", "balancing=null"])[-1] == "~balancing"

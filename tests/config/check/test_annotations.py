"""Values against annotations: what fits, what does not, and the annotation in words."""
# ruff: noqa: UP007, UP045, PYI061 — older spellings must be understood too

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NewType, Optional, TypedDict, TypeVar, Union

import pytest

from mtl.config.check.annotations import described, expectations, fits
from mtl.config.check.expectations import whole_number

Width = NewType("Width", int)
Value = TypeVar("Value")


class Options(TypedDict):
    """A mapping of known keys."""

    size: int


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (1, int),
        (1, float),
        (1.5, float),
        (True, bool),
        ("a", str),
        (None, type(None)),
        (None, Optional[int]),
        (3, Optional[int]),
        (3, int | None),
        ("a", Union[int, str]),
        ("left", Literal["left", "right"]),
        (2, Literal[1, 2]),
        ([1, 2], list),
        ([1, 2], list[int]),
        ([], list[int]),
        ([1, 2], tuple[int, ...]),
        ([1, "a"], tuple[int, str]),
        ([1, 2.5], Sequence[float]),
        (["a"], set[str]),
        ({"a": 1}, dict),
        ({"a": 1}, Mapping[str, int]),
        ({"a": [1, 2]}, dict[str, list[int]]),
        ({"size": 1}, Options),
        (3, Width),
        (3, Annotated[int, "of a layer"]),
        ([None, 3], list[int | None]),
        (object(), Any),
        (3, Value),
        (len, Callable[[str], int]),
        ("relu", str | Callable[[float], float]),
    ],
    ids=str,
)
def test_value_fits(value, annotation):
    assert fits(value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (True, int),
        (True, float),
        (1, bool),
        (1.0, int),
        ("1", int),
        ("1", float),
        (None, int),
        (1, str),
        (1, type(None)),
        (1.5, Optional[int]),
        (True, int | None),
        ("Left", Literal["left", "right"]),
        (True, Literal[1, 2]),
        (1.0, Literal[1, 2]),
        ("ab", list[str]),
        ("ab", Sequence[str]),
        ([1, "a"], list[int]),
        ([True], list[int]),
        ([1, 2, 3], tuple[int, int]),
        ({"a": 1}, list),
        ([1], dict),
        ({"a": "b"}, Mapping[str, int]),
        ({1: 1}, Mapping[str, int]),
        ({"a": [1, "b"]}, dict[str, list[int]]),
        ([], Options),
        (3.5, Width),
        ("a", Annotated[int, "of a layer"]),
        ("a.csv", Path),
        ("len", Callable[[str], int]),
    ],
    ids=str,
)
def test_value_does_not_fit(value, annotation):
    assert not fits(value, annotation)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, "a whole number"),
        (bool, "true or false"),
        (Optional[float], "a number or null"),
        (None | int, "a whole number or null"),
        (Literal["left", "right"], "'left' or 'right'"),
        (Literal["a", None, True], "'a', null or true"),
        (list, "a list"),
        (list[int], "a list, each entry a whole number"),
        (tuple[int, ...], "a list, each entry a whole number"),
        (tuple[int, str], "a list of 2: a whole number, text"),
        (dict[str, float], "a mapping of text to a number"),
        (int | list[int], "a whole number or a list, each entry a whole number"),
        (Path, "a Path"),
    ],
    ids=str,
)
def test_annotation_in_words(annotation, words):
    assert described(annotation) == words


def test_expectations_are_had_of_values_and_of_entries_of_lists():
    one, two = whole_number(1), whole_number(2)
    width = Annotated[int, "of a layer", one]
    several = Annotated[Sequence[width], two]
    assert list(expectations(3, width, "a")) == [("a", 3, one)]
    assert list(expectations([4, 5], several, "a")) == [
        ("a", [4, 5], two),
        ("a[0]", 4, one),
        ("a[1]", 5, one),
    ]
    assert list(expectations([4], width | list[width] | None, "a")) == [("a[0]", 4, one)]
    assert list(expectations(None, width | None, "a")) == []
    assert list(expectations(3, Width, "a")) == []

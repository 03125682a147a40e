import pytest

from mtl.data.columns.categorical import Categorical
from mtl.data.columns.characters import Characters
from mtl.data.columns.numeric import Numeric
from mtl.data.columns.text import Text
from mtl.data.inputs import parse_inputs
from mtl.errors import ConfigError

COLUMNS = {
    "title": {"kind": "text", "length": 20},
    "page": {"kind": "categorical", "encoding": "target_mean"},
    "age": {"kind": "numeric"},
}


def test_an_input_is_fed_by_one_column_or_by_several():
    parsed = parse_inputs({"words": "title", "aux": ["age", "page"]}, COLUMNS)
    assert parsed == {
        "words": [("title", Text(length=20))],
        "aux": [("age", Numeric()), ("page", Categorical(encoding="target_mean"))],
    }


def test_an_input_may_change_the_options_or_the_kind_of_a_column():
    entry = [{"column": "page", "encoding": "one_hot"}, "age"]
    parsed = parse_inputs(
        {"aux": entry, "letters": {"column": "title", "kind": "characters"}}, COLUMNS
    )
    assert parsed["aux"][0] == ("page", Categorical(encoding="one_hot"))
    assert parsed["letters"] == [("title", Characters())]


def test_a_column_that_is_described_nowhere_may_have_its_kind_here():
    assert parse_inputs({"x": {"column": "new", "kind": "numeric"}}, COLUMNS)["x"][0][0] == "new"


def test_reports_every_problem():
    inputs = {
        "a": "titel",
        "b": ["age", {"column": "page", "encoding": "onehot"}],
        "c": ["title", "age"],
        "d": ["age", "age"],
        "e": 7,
        "f": {"column": "new", "encoding": "index"},
    }
    with pytest.raises(ConfigError) as caught:
        parse_inputs(inputs, COLUMNS)
    assert [problem.path for problem in caught.value.problems] == [
        "inputs.a",
        "inputs.b[1].encoding",
        "inputs.c",
        "inputs.d",
        "inputs.e",
        "inputs.f.column",
    ]
    message = str(caught.value)
    assert "Did you mean 'title'" in message
    assert "column 'title' gives ids (kind text)" in message


def test_ids_are_not_joined_and_the_error_says_what_to_do():
    columns = {"page": {"kind": "categorical"}, "age": {"kind": "numeric"}}
    with pytest.raises(ConfigError, match=r"gives ids.*an input of its own, or encoding: one_hot"):
        parse_inputs({"x": ["page", "age"]}, columns)

"""The wording of messages, and a config with mistakes of every sort read as the user reads it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mtl.config.check import check_columns, check_monitor, check_values, distinct
from mtl.config.check.wording import count, shown, unknown_name
from mtl.errors import ConfigError, Problem


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (0.5, "0.5"),
        ("a", "'a'"),
        ([1, None], "[1, null]"),
        ({"a": [True]}, "{a: [true]}"),
        ("x" * 100, "'" + "x" * 78 + "…"),
    ],
)
def test_value_as_in_yaml(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [(1, "class", "1 class"), (2, "class", "2 classes"), (0, "id", "0 ids"), (1, "id", "1 id")],
)
def test_count(number, noun, text):
    assert count(number, noun) == text


def test_unknown_name_without_any_known(said):
    assert said([unknown_name("model.name", "a builder", "x", [])]) == [
        "model.name: 'x' is not a builder. None is known."
    ]


def test_distinct_keeps_the_words_of_the_earlier_check():
    first, second = Problem("a", "1", "x."), Problem("a", "2", "y.")
    third, fourth = Problem("a", "3", "z."), Problem("b", "4", "z.")
    assert distinct([first, second, first], [third, fourth]) == [first, second, fourth]


def test_mistakes_of_every_sort_in_one_error(changed, known, said):
    config = changed(
        {
            "model.name": "hedline",
            "tasks.main_output.target": "num_reaction",
            "tasks.aux_output.metrics": ["acc"],
            "training.monitor": "validation/los",
            "training.epochs": 0,
        }
    )
    columns = dict.fromkeys(["link_name", "page", "status_published", "num_reactions"], "Int64")
    problems = distinct(
        check_values(config, known),
        check_columns(config, columns),
        check_monitor(config, ["validation/loss"], {}),
    )
    said(problems)
    assert str(ConfigError(problems)) == (
        "5 problems in the config:\n"
        "  - model.name: 'hedline' is not a registered builder. "
        "Did you mean 'headline'? Known: headline, tweets.\n"
        "  - tasks.aux_output.metrics: 'acc' is not a metric of the kind 'binary'. "
        "Did you mean 'auc'? Known: accuracy, auc.\n"
        "  - training.epochs: found 0. Expected a whole number of 1 or more.\n"
        "  - tasks.main_output.target: 'num_reaction' is not a column of the data. "
        "Did you mean 'num_reactions'? Known: link_name, num_reactions, page, status_published.\n"
        "  - training.monitor: 'validation/los' is not a figure of this run. "
        "Did you mean 'validation/loss'? Known: validation/loss."
    )


def test_rules_import_neither_tensorflow_nor_polars():
    code = (
        "import sys, mtl.config.check; "
        "print({'tensorflow', 'keras', 'polars', 'numpy'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"

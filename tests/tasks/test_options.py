"""Reading and checking one task's section."""

import pytest
from omegaconf import OmegaConf

from mtl.tasks.kind_rules import name_problems
from mtl.tasks.names import BINARY, REGRESSION
from mtl.tasks.options import Choice, TaskOptions, read_options

MINIMAL = {"target": "y", "kind": "binary"}


def test_defaults():
    options = read_options("out", {**MINIMAL, "loss": None, "weight": None})

    assert options == TaskOptions(name="out", kind="binary", target=("y",))
    assert (options.weight, options.loss, options.metrics, options.untrained) == (
        *(1.0, None, None),
        False,
    )


def test_a_full_section_from_hydra():
    section = OmegaConf.create(
        {
            **MINIMAL,
            "weight": 2,
            "loss": {"name": "focal", "gamma": 3},
            "metrics": ["auc", {"name": "f1", "threshold": 0.3}],
            "class_weights": {True: 2.0, 0: 1},
            "auxiliary_of": "main",
        }
    )

    options = read_options("out", section)

    assert isinstance(options, TaskOptions)
    assert options.loss == Choice("focal", {"gamma": 3})
    assert options.metrics == (Choice("auc"), Choice("f1", {"threshold": 0.3}))
    assert options.class_weights == {"true": 2.0, "0": 1}
    assert (options.weight, options.auxiliary_of) == (2.0, "main")


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"target": None}, "target", "found nothing. Expected the name of a column"),
        ({"target": []}, "target", "found []"),
        ({"kind": None}, "kind", "binary, categorical, multilabel, regression"),
        ({"weight": -1}, "weight", "found -1. Expected a finite number of 0 or more"),
        ({"weight": float("nan")}, "weight", "found nan"),
        ({"weight": True}, "weight", "found True"),
        ({"loss": 3}, "loss", "found 3"),
        ({"loss": {"delta": 3}}, "loss", "mapping of `name` and parameters"),
        ({"metrics": {"auc": 1}}, "metrics", "found {'auc': 1}"),
        ({"class_weights": "equal"}, "class_weights", "`balanced`"),
        ({"class_weights": {"a": -2}}, "class_weights", "numbers of 0 or more"),
        ({"above": [1]}, "above", "`median`, `mean` or a number"),
        ({"untrained": "yes"}, "untrained", "true or false"),
        ({"wieght": 1}, "wieght", "Did you mean 'weight'?"),
    ],
)
def test_what_a_section_may_not_hold(change, path, words):
    (problem,) = read_options("out", {**MINIMAL, **change})

    assert problem.path == f"tasks.out.{path}"
    assert words in str(problem)


def test_every_problem_at_once():
    problems = read_options("out", {"kind": "binary", "weight": "much", "los": "focal"})

    assert [problem.path for problem in problems] == [
        *("tasks.out.los", "tasks.out.target", "tasks.out.weight")
    ]


@pytest.mark.parametrize(
    ("change", "names", "words"),
    [
        ({"loss": "focall"}, BINARY, "no loss 'focall' for this kind of task. Did you mean 'focal"),
        ({"loss": "huber"}, BINARY, "no loss 'huber'"),
        ({"metrics": ["acuracy"]}, BINARY, "no metric 'acuracy'"),
        ({"metrics": ["weighted_auk"]}, BINARY, "no metric 'auk'"),
        ({"metrics": ["auc", "auc"]}, BINARY, "found 'auc' twice"),
        ({"loss": {"name": "huber", "dleta": 1}}, REGRESSION, "Did you mean 'delta'?"),
        ({"loss": {"name": "huber", "delta": "x"}}, REGRESSION, "found 'x'. Expected a number"),
        ({"loss": {"name": "mse", "delta": 1}}, REGRESSION, "no parameter 'delta'"),
        ({"above": 3}, REGRESSION, "found it with kind regression. It is for kind binary"),
        ({"transform": "log1p"}, BINARY, "It is for kind regression"),
        ({"class_weights": "balanced"}, REGRESSION, "binary or categorical or multilabel"),
    ],
)
def test_what_a_kind_may_not_say(change, names, words):
    kind = "binary" if names is BINARY else "regression"
    options = read_options("out", {"target": "y", "kind": kind, **change})

    (problem,) = name_problems(options, names)

    assert words in str(problem)


def test_what_a_kind_may_say():
    metrics = ["weighted_auc", {"name": "f1", "threshold": 0.2}, "focal"]
    loss = {"name": "focal", "apply_class_balancing": True}
    options = read_options("out", {**MINIMAL, "loss": loss, "metrics": metrics, "above": "mean"})

    assert list(name_problems(options, BINARY)) == []

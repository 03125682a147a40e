"""Configs against the parameters of functions and classes."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pytest

from mtl.config.check import bind_signature

if TYPE_CHECKING:
    from nowhere import Unknown


def network(
    *,
    units: int,
    rate: float = 0.1,
    sizes: list[int] | None = None,
    padding: Literal["left", "right"] = "left",
    anything=None,
    unseen: Unknown = None,
) -> None:
    """Stand for a builder that owns its graph."""


def generic(inputs: dict[str, object], tasks: dict[str, object], *, units: int = 8) -> None:
    """Stand for a builder that is handed inputs and tasks."""


def open_network(*, units: int = 8, **others: object) -> None:
    """Stand for a builder that takes any keyword."""


class Base:
    """Stand for a base class that refuses what it does not know by itself."""

    def __init__(self, learning_rate: float, clipnorm: float | None = None, **others: object):
        pass


class Optimizer(Base):
    """Stand for an optimizer of Keras."""

    def __init__(self, learning_rate: float = 0.1, rho: float = 0.9, name: str = "o", **others):
        super().__init__(learning_rate, **others)


class Child(Base):
    """Has no `__init__` of its own."""


@dataclass(kw_only=True)
class Options:
    """Stand for the options of a kind of column."""

    length: int
    words: list[str] = field(default_factory=list)


@pytest.mark.parametrize(
    ("function", "values"),
    [
        (network, {"name": "network", "units": 3}),
        (network, {"units": 3, "rate": 1, "sizes": [1, 2], "padding": "right"}),
        (network, {"units": 3, "sizes": None, "anything": object(), "unseen": "x"}),
        (generic, {}),
        (generic, {"units": 4}),
        (open_network, {"whatever": [1]}),
        (Optimizer, {"name": "mine", "clipnorm": 1.0}),
        (Child, {"learning_rate": 1}),
        (Options, {"length": 3, "words": ["a"]}),
        (functools.partial(network, units=3), {"rate": 0.5}),
    ],
)
def test_values_that_fit(function, values, said):
    assert said(bind_signature(function, values, "model")) == []


@pytest.mark.parametrize(
    ("function", "values", "message"),
    [
        (
            network,
            {"units": 3, "raet": 0.1},
            (
                "model.raet: network() has no parameter 'raet'. Did you mean 'rate'? "
                "Known: anything, padding, rate, sizes, units, unseen."
            ),
        ),
        (network, {}, "model.units: missing. network() needs it: a whole number."),
        (network, {"units": True}, "model.units: found true. Expected a whole number."),
        (network, {"units": 3.5}, "model.units: found 3.5. Expected a whole number."),
        (network, {"units": 3.0}, "model.units: found 3.0. Expected a whole number, written 3."),
        (network, {"units": None}, "model.units: found null. Expected a whole number."),
        (network, {"units": 3, "rate": "high"}, "model.rate: found 'high'. Expected a number."),
        (
            network,
            {"units": 3, "sizes": [1, "2"]},
            "model.sizes: found [1, '2']. Expected a list, each entry a whole number or null.",
        ),
        (
            network,
            {"units": 3, "padding": "centre"},
            "model.padding: found 'centre'. Expected 'left' or 'right'.",
        ),
        (
            network,
            {"units": 3, "padding": "lefft"},
            "model.padding: found 'lefft'. Expected 'left' or 'right'. Did you mean 'left'?",
        ),
        (generic, {"tasks": {}}, "model.tasks: found {}. Remove it: mtl hands it in."),
        (
            generic,
            {"unit": 4},
            "model.unit: generic() has no parameter 'unit'. Did you mean 'units'? Known: units.",
        ),
        (open_network, {"units": "8"}, "model.units: found '8'. Expected a whole number."),
        (Optimizer, {"clipnorm": "1"}, "model.clipnorm: found '1'. Expected a number or null."),
        (Child, {}, "model.learning_rate: missing. Child() needs it: a number."),
        (Options, {}, "model.length: missing. Options() needs it: a whole number."),
        (
            Options,
            {"length": 1, "words": "a"},
            "model.words: found 'a'. Expected a list, each entry text.",
        ),
    ],
)
def test_values_that_do_not_fit(function, values, message, said):
    assert said(bind_signature(function, values, "model")) == [message]


def test_every_problem_of_a_call_is_returned(said):
    values = {"rate": "x", "paddings": 1, "inputs": 3}
    problems = bind_signature(network, values, "model")
    said(problems)
    assert [problem.path for problem in problems] == [
        "model.paddings",
        "model.inputs",
        "model.units",
        "model.rate",
    ]


def test_class_that_passes_others_on_may_be_closed(said):
    values = {"moment": 0.9, "clipnorm": 1.0}
    assert bind_signature(Optimizer, values, "optimizer") == []
    assert said(bind_signature(Optimizer, values, "optimizer", refuses_others=True)) == [
        (
            "optimizer.moment: Optimizer() has no parameter 'moment'. "
            "Known: clipnorm, learning_rate, name, rho. "
            "~optimizer.moment on the command line removes what an experiment sets."
        )
    ]


def test_own_word_for_the_function(said):
    problems = bind_signature(generic, {"x": 1}, "model", called="the builder 'generic'")
    (problem,) = said(problems)
    assert problem.startswith("model.x: the builder 'generic' has no parameter 'x'. Known: units.")


def test_parameters_that_the_caller_hands_in(said):
    assert bind_signature(network, {}, "data.generator", provided={"units"}) == []
    assert said(bind_signature(network, {"units": 1}, "data.generator", provided={"units"})) == [
        "data.generator.units: found 1. Remove it: mtl hands it in."
    ]


def test_a_key_that_nothing_is_near_to_may_be_an_experiments():
    (problem,) = bind_signature(generic, {"size": 64}, "model")
    assert str(problem) == (
        "model.size: generic() has no parameter 'size'. Known: units. "
        "~model.size on the command line removes what an experiment sets."
    )

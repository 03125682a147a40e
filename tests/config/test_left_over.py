from __future__ import annotations

import pytest

from mtl.config.compose import compose, from_run
from mtl.errors import MtlError

NOT_OF_SGD = [f"~optimizer.{key}" for key in ("beta_1", "beta_2", "epsilon", "amsgrad")]


@pytest.mark.parametrize(
    ("word", "left", "choice"),
    [
        ("balancing.name=upgrad", "schedule", "balancing=upgrad"),
        ("model.name=mlp", "activation, dropout, embedding_size, head_units", "model=mlp"),
        ("optimizer.name=sgd", "beta_1, beta_2, epsilon, amsgrad", "optimizer=sgd"),
        ("data.generator.name=authors", "inputs", "data=tweets"),
    ],
)
def test_a_name_with_the_parameters_of_another_choice_is_refused(word, left, choice):
    with pytest.raises(MtlError) as error:
        compose("balancing_scales", [word])
    group = choice.partition("=")[0]
    assert f"which it does not have {left}" in str(error.value)
    assert f". Write {choice} instead" in str(error.value)
    assert f"`- override /{group}: {choice.partition('=')[2]}`" in str(error.value)


def test_a_name_in_a_file_is_refused_too(write):
    write("experiments/own.yaml", "defaults: [headline]\nbalancing: {name: pcgrad}\n")
    with pytest.raises(MtlError, match=r"those of balancing=fixed.* Write balancing=pcgrad"):
        compose("own")


@pytest.mark.parametrize(
    "overrides",
    [
        ["balancing=pcgrad", "balancing.name=upgrad"],
        ["optimizer.name=sgd", *NOT_OF_SGD],
        ["data.generator={name: authors, rows: 9}"],
        ["balancing.name=unknown"],
    ],
)
def test_a_name_whose_parameters_fit_is_taken(overrides):
    assert compose("balancing_scales", overrides)


def test_a_runs_config_has_no_choices(write):
    write("runs/a/1/config.yaml", "name: a\nbalancing: {name: fixed, schedule: null}\nrun: null")
    assert from_run("runs/a/1", ["balancing.name=upgrad"]).balancing.name == "upgrad"

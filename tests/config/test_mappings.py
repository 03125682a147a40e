from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from mtl.config.compose import compose, from_run
from mtl.config.mappings import is_value
from mtl.errors import MtlError


@pytest.mark.parametrize(
    ("experiment", "overrides", "expected"),
    [
        (
            "headline",
            ["balancing=cr_mogm", "balancing.around={name: cagrad, c: 0.4}"],
            {"name": "cagrad", "c": 0.4},
        ),
        ("balancing_scales", ["data.generator.noise={y_1: 0.5}"], {"y_1": 0.5}),
        ("balancing_noise", ["data.generator.noise={y_1: 0.5}"], {"y_1": 0.5}),
        ("headline", ["data.generator={name: people, rows: 9}"], {"name": "people", "rows": 9}),
        ("headline", ["balancing=famo", "balancing.ideal={aux_output: 1}"], {"aux_output": 1}),
        (
            "headline",
            ["data.columns.link_name={kind: characters, length: 9}"],
            {"kind": "characters", "length": 9},
        ),
        (
            "headline",
            ["optimizer/schedule=cosine_restarts", "optimizer.schedule={name: cosine}"],
            {"name": "cosine"},
        ),
        (
            "headline",
            [
                "tasks.main_output.loss={name: focal, gamma: 2}",
                "tasks.main_output.loss={name: hinge}",
            ],
            {"name": "hinge"},
        ),
    ],
)
def test_a_value_that_is_a_mapping_is_replaced_whole(experiment, overrides, expected):
    path = overrides[-1].partition("=")[0]
    assert OmegaConf.select(compose(experiment, overrides), path) == expected


def test_the_last_word_counts_also_after_a_replacement():
    config = compose(
        "balancing_noise",
        [
            "data.generator.noise.y_3=2",
            "data.generator.noise={y_1: 0.5}",
            "data.generator.noise.y_1=0.7",
            "+data.generator.noise.y_2=0.9",
        ],
    )
    assert config.data.generator.noise == {"y_1": 0.7, "y_2": 0.9}


def test_a_plus_adds_a_mapping_to_what_is_there():
    config = compose("balancing_noise", ["+data.generator.noise={y_1: 0.5}"])
    assert config.data.generator.noise == {"y_1": 0.5, "y_3": 4}


def test_a_section_takes_in_a_mapping_and_keeps_the_rest():
    config = compose("balancing_noise", ["data.split={by: group, column: x_1}"])
    assert (config.data.split.column, config.data.split.test) == ("x_1", 0.15)
    config = compose("headline", ["tasks={aux_output: {weight: 3}}"])
    assert (config.tasks.aux_output.weight, config.tasks.aux_output.kind) == (3, "binary")


def test_a_value_of_a_runs_config_is_replaced_too(write):
    write("runs/a/1/config.yaml", "name: a\nbalancing: {around: {name: cagrad, c: 0.4}}\nrun: null")
    config = from_run("runs/a/1", ["balancing.around={name: mgda}"])
    assert config.balancing.around == {"name": "mgda"}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["balancing=cr_mogm", "balancing.arund={name: cagrad}"], "Did you mean 'around'?"),
        (["data.generater={name: people}"], "Did you mean 'generator'?"),
        (["data.split={by: time, colum: page}"], "Did you mean 'column'?"),
        (["training.sources={column: page, alpa: 2}"], "Did you mean 'alpha'?"),
        (["tasks.main_output={transfrm: log1p}"], "Did you mean 'transform'?"),
        (["tasks={new: {target: page}}"], "'+tasks={new: {target: …, kind: …}}'"),
        (
            ["balancing=alternating", "balancing.ratio.main_output=2"],
            "A new key is added with a plus: +balancing.ratio.main_output=…",
        ),
    ],
)
def test_a_key_that_a_section_lacks_is_refused(overrides, expected):
    with pytest.raises(MtlError) as error:
        compose("headline", overrides)
    assert expected in str(error.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("model.layers", True),
        ("model.layers.lstm", True),
        ("inputs.main_input", True),
        ("tasks.price.class_weights", True),
        ("evaluations.rollout", True),
        ("evaluations", False),
        ("inputs", False),
        ("tasks.price", False),
        ("data.columns", False),
        ("data.split.by", False),
        ("training.epochs", False),
        ("hydra.run", False),
        ("own", False),
    ],
)
def test_what_is_below_a_section_is_a_value(path, value):
    assert is_value(path) is value

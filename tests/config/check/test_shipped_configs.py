"""Every shipped config of a model or of data against the signature of what it names."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path

import keras
import pytest
from omegaconf import OmegaConf

from mtl.config.check import Known, TaskKind, bind_signature, check_values
from mtl.config.check.signature import HANDED_IN
from mtl.config.check.task_values import COMMON, OPTIONS
from mtl.config.check.training import SECTIONS, SETTINGS, TRAINING
from mtl.config.compose import compose, plain
from mtl.config.schema import TaskConfig
from mtl.data.columns import COLUMN_KINDS
from mtl.registry import balancers, builders, generators
from mtl.tasks.names import KINDS

CONF = Path(__file__).parents[3] / "conf"
EXPERIMENTS = sorted((CONF.parent / "experiments").glob("*.yaml"))
OPTIMIZERS = sorted(CONF.glob("optimizer/*.yaml"))
KERAS_NAMES = {
    name.lower(): name
    for name in dir(keras.optimizers)
    if isinstance(getattr(keras.optimizers, name), type)
}
MODELS = sorted(CONF.glob("model/*.yaml"))
DATA = sorted(CONF.glob("data/*.yaml"))


def read(file):
    return OmegaConf.to_container(OmegaConf.load(file))


def test_there_are_shipped_configs():
    assert MODELS
    assert DATA


@pytest.mark.parametrize("file", MODELS, ids=lambda file: file.stem)
def test_model_is_its_builders_parameters_with_their_defaults(file, said):
    values = read(file)
    builder = builders.get(values["name"])
    assert said(bind_signature(builder, values, "model")) == []
    parameters = inspect.signature(builder).parameters.items()
    defaults = {key: entry.default for key, entry in parameters if key not in HANDED_IN}
    del values["name"]
    plain = OmegaConf.to_container(OmegaConf.create(defaults))  # a tuple is a list in YAML
    assert values == plain


@pytest.mark.parametrize("file", DATA, ids=lambda file: file.stem)
def test_generator_takes_what_the_data_give_it(file, said):
    section = read(file).get("generator")
    if section is not None:
        generator = generators.get(section["name"])
        problems = bind_signature(generator, section, "data.generator", provided=())
        assert said(problems) == []


@pytest.mark.parametrize("file", OPTIMIZERS, ids=lambda file: file.stem)
def test_optimizer_takes_what_its_config_gives_it(file, said):
    values = read(file)
    optimizer = getattr(keras.optimizers, KERAS_NAMES[values["name"]])
    assert said(bind_signature(optimizer, values, "optimizer", refuses_others=True)) == []


@pytest.mark.parametrize("file", EXPERIMENTS, ids=lambda file: file.stem)
def test_experiment_has_no_problem(file, said):
    kinds = {
        name: TaskKind(entry.loss_parameters(), entry.metric_parameters(), entry.options)
        for name, entry in KINDS.items()
    }
    known = Known(
        builders=builders.names(),
        generators=generators.names(),
        balancers=balancers.names(),
        optimizers=KERAS_NAMES,
        column_kinds=COLUMN_KINDS,
        task_kinds=kinds,
    )
    assert said(check_values(plain(compose(file.stem)), known)) == []


def test_task_has_the_keys_that_the_rules_know():
    assert {field.name for field in fields(TaskConfig)} == {*COMMON, *OPTIONS}


def test_root_has_the_keys_that_the_rules_know():
    root = read(CONF / "mtl.yaml")
    assert set(root) - {"defaults", "hydra"} <= {*SECTIONS, *SETTINGS}


@pytest.mark.parametrize("file", sorted(CONF.glob("training/*.yaml")), ids=lambda file: file.stem)
def test_training_has_the_keys_that_the_rules_know(file):
    assert set(read(file)) - {"defaults"} <= set(TRAINING)

"""The keys that the rules know are those that the shipped configs have."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from mtl.config.check.task_values import COMMON, OPTIONS
from mtl.config.check.training import SECTIONS, SETTINGS, SOURCE_DEFAULTS, TRAINING
from mtl.config.schema import TaskConfig

CONF = Path(__file__).parents[3] / "conf"


def read(file):
    return OmegaConf.to_container(OmegaConf.load(file))


def test_task_has_the_keys_that_the_rules_know():
    assert {field.name for field in fields(TaskConfig)} == {*COMMON, *OPTIONS}


def test_root_has_the_keys_that_the_rules_know():
    root = read(CONF / "mtl.yaml")
    assert set(root) - {"defaults", "hydra"} <= {*SECTIONS, *SETTINGS}


@pytest.mark.parametrize("file", sorted(CONF.glob("training/*.yaml")), ids=lambda file: file.stem)
def test_training_has_the_keys_that_the_rules_know(file):
    assert set(read(file)) - {"defaults"} <= set(TRAINING)
    assert read(file)["sources"] == {"column": None, **SOURCE_DEFAULTS}

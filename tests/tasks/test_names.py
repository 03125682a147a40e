"""The names that a config may use, also without TensorFlow."""

import subprocess
import sys

import keras
import pytest

from mtl.config.directions import HIGHER, LOWER
from mtl.registry import kinds
from mtl.tasks import names
from mtl.tasks.measures.build import MEASURES
from mtl.tasks.names import direction
from mtl.tasks.transforms import STANDARDISE, TRANSFORMS


def test_names_need_neither_tensorflow_nor_polars():
    code = (
        "import sys; from mtl.tasks import names, options, kind_rules;"
        "names.loss_names(); names.metric_names('binary'); names.direction('mystery');"
        "assert not {'tensorflow', 'keras', 'polars', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_each_kind_has_its_own_names():
    assert {"focal", "binary_crossentropy", "hinge"} <= set(names.loss_names("binary"))
    assert "huber" not in names.loss_names("binary")
    assert {"huber", "poisson", "mae"} <= set(names.loss_names("regression"))
    assert {"r2", "rmse", "huber"} <= set(names.metric_names("regression"))
    assert "auc" not in names.metric_names("regression")
    assert set(names.loss_names()) >= set(names.loss_names("categorical"))
    assert {"above", "equals", "target"} <= set(names.option_names("binary"))
    assert "above" not in names.option_names("regression")


def test_the_tables_agree_with_the_code():
    assert set(names.KINDS) == set(kinds.shipped())
    assert all(kinds.get(kind).names is names.KINDS[kind] for kind in names.KINDS)
    assert {measure for kind in names.KINDS.values() for measure in kind.measures} == set(MEASURES)
    assert set(names.TRANSFORMS) == {*TRANSFORMS, STANDARDISE}
    metrics = {metric for kind in names.KINDS.values() for metric in kind.metric_parameters()}
    assert metrics | {"loss"} == HIGHER | LOWER
    assert {loss for kind in names.KINDS.values() for loss in kind.loss_parameters()} <= LOWER
    for kind in names.KINDS.values():
        assert kind.loss in kind.losses
        assert set(kind.aliases.values()) <= set(kind.losses)
        assert set(kind.metrics) <= set(kind.metric_parameters())


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("auc", "max"),
        ("r2", "max"),
        ("weighted_accuracy", "max"),
        ("loss", "min"),
        ("rmse", "min"),
        ("mae", "min"),
        ("focal", "min"),
        ("weighted_huber", "min"),
        ("some_error", "min"),
        ("usefulness", "max"),
    ],
)
def test_directions(metric, expected):
    assert direction(metric) == expected


@keras.saving.register_keras_serializable(package="test_names")
class Regret(keras.metrics.Metric):
    direction = "min"


@keras.saving.register_keras_serializable(package="test_names")
def late_fee(y_true, y_pred):
    return y_pred - y_true


def test_registered_losses_and_metrics_count():
    assert {"late_fee", "test_names>late_fee"} <= set(names.loss_names("binary"))
    assert "Regret" in names.metric_names("binary")
    assert "Regret" not in names.loss_names()
    assert direction("Regret") == direction("late_fee") == "min"

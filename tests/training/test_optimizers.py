"""Optimizers and schedules from the config."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mtl.training.optimizers import OPTIMIZERS, build_optimizer, check_optimizer


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_every_optimizer_builds_with_its_learning_rate(name: str) -> None:
    optimizer, _ = build_optimizer({"name": name, "learning_rate": 0.25}, 10)
    assert type(optimizer) is OPTIMIZERS[name]
    assert float(optimizer.learning_rate) == 0.25


def test_parameters_and_clipping_go_where_they_belong() -> None:
    config = {"name": "rmsprop", "learning_rate": 0.1, "rho": 0.5, "global_clipnorm": 3.0}
    optimizer, clipping = build_optimizer(config, 10)
    assert optimizer.rho == 0.5
    assert optimizer.global_clipnorm is None
    assert clipping.global_clipnorm == 3.0


def rates(schedule: dict[str, object], steps: list[int], total: int = 100) -> np.ndarray:
    config = {"name": "sgd", "learning_rate": 0.8, "schedule": schedule}
    optimizer, _ = build_optimizer(config, total)
    found = []
    for step in steps:
        optimizer.iterations.assign(step)
        found.append(float(optimizer.learning_rate))
    return np.array(found)


def test_cosine_spreads_over_the_training() -> None:
    found = rates({"name": "cosine"}, [0, 50, 100])
    np.testing.assert_allclose(found, [0.8, 0.4, 0.0], atol=1e-6)


def test_warm_up_climbs_to_the_learning_rate_and_then_decays() -> None:
    found = rates({"name": "cosine", "warmup_steps": 20}, [0, 10, 20, 60, 100])
    np.testing.assert_allclose(found, [0.0, 0.4, 0.8, 0.4, 0.0], atol=1e-6)


def test_exponential_with_its_own_steps() -> None:
    found = rates({"name": "exponential", "decay_steps": 10, "decay_rate": 0.5}, [0, 10, 30])
    np.testing.assert_allclose(found, [0.8, 0.4, 0.1], rtol=1e-5)


def test_piecewise_takes_its_values() -> None:
    schedule = {"name": "piecewise", "boundaries": [5], "values": [1.0, 0.1]}
    np.testing.assert_allclose(rates(schedule, [0, 6]), [1.0, 0.1], rtol=1e-6)


def test_loss_scaling_wraps_the_optimizer() -> None:
    optimizer, _ = build_optimizer({"name": "sgd", "learning_rate": 0.1}, 1, scale_loss=True)
    assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)


def test_unknown_parameters_are_problems_with_the_nearest_name() -> None:
    found = check_optimizer({"name": "rmsprop", "learning_rate": 0.1, "momentom": 0.9})
    assert [problem.path for problem in found] == ["optimizer.momentom"]
    assert "Did you mean 'momentum'?" in found[0].expected


def test_a_schedule_needs_what_it_cannot_do_without() -> None:
    config = {"name": "sgd", "learning_rate": 0.1, "schedule": {"name": "exponential"}}
    assert [p.path for p in check_optimizer(config)] == ["optimizer.schedule.decay_rate"]
    config["schedule"] = {"name": "cosine", "warmup_steps": 5}
    assert check_optimizer(config) == []

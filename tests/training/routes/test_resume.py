"""Every strategy goes on from a state on disk as if it had never stopped."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from mtl.balancing.base import Balancer
from mtl.errors import MtlError
from mtl.registry import balancers
from mtl.training.step import TrainingStep
from tests.training.routes.graphs import batches, build
from tests.training.routes.test_routes import CONFIG_WEIGHTS, step_for

# Parameters of strategies that need some, and those with which more is remembered.
PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "cr_mogm": [{"around": {"name": "gradvac"}}],
    "graddrop": [{}, {"gradients": "parameters"}],
    "mgda": [{}, {"every": 2}],
    "stch": [{"mu": 0.5}, {"mu": 0.5, "warm_up_epochs": 1}],
}
CASES = [
    pytest.param(name, parameters, id=f"{name} {parameters or ''}")
    for name in balancers.names()
    for parameters in PARAMETERS.get(name, [{}])
]


class Training:
    """A strategy in a training step, with two steps an epoch."""

    def __init__(self, name: str, parameters: dict[str, Any]) -> None:
        self.model = build("trunk_and_heads")
        self.balancer: Balancer = balancers.get(name)(dict(CONFIG_WEIGHTS), **parameters)
        self.balancer.start(seed=7, steps_per_epoch=2)
        self.balancer.take_sizes({"a": 8, "b": 5, "c": 8})
        self.optimizer = keras.optimizers.Adam(0.01)
        self.step: TrainingStep = step_for(self.model, self.balancer, self.optimizer)

    def train(self, steps: list[Any]) -> None:
        for number, batch in enumerate(steps):
            self.step(*batch)
            if number % 2:
                self.balancer.epoch_ends(np.array([1.0, 2.0 / (number + 1), 0.5]))

    def everything(self) -> dict[str, np.ndarray]:
        """The weights of the model and of the optimizer, and the state, by name."""
        return {
            **{f"model {i}": each for i, each in enumerate(self.model.get_weights())},
            **{f"optimizer {i}": v.numpy() for i, v in enumerate(self.optimizer.variables)},
            **self.balancer.state(),
        }

    def take(self, model: list[np.ndarray], optimizer: list[np.ndarray]) -> None:
        self.model.set_weights(model)
        for variable, value in zip(self.optimizer.variables, optimizer, strict=True):
            variable.assign(value)


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_the_next_steps_are_the_same_bit_for_bit(name, parameters, tmp_path) -> None:
    steps = batches(build("trunk_and_heads"), 7)
    first = Training(name, parameters)
    first.train(steps[:4])
    np.savez(tmp_path / "state.npz", **first.balancer.state())
    model = first.model.get_weights()
    optimizer = [variable.numpy() for variable in first.optimizer.variables]

    second = Training(name, parameters)
    second.take(model, optimizer)
    with np.load(tmp_path / "state.npz") as state:
        second.balancer.restore(state)
    assert first.everything().keys() == second.everything().keys()
    for batch in steps[4:]:
        first.train([batch])
        second.train([batch])
        found = second.everything()
        for key, value in first.everything().items():
            np.testing.assert_array_equal(found[key], value, err_msg=key)
    assert any(
        (new != old).any() for new, old in zip(first.model.get_weights(), model, strict=True)
    )


@pytest.mark.parametrize("name", balancers.names())
def test_the_state_of_another_strategy_or_of_other_tasks_is_an_error(name: str) -> None:
    def made(kind: str, tasks: dict[str, float]) -> Balancer:
        return balancers.get(kind)(tasks, **PARAMETERS.get(kind, [{}])[0])

    strategy = made(name, CONFIG_WEIGHTS)
    expected = "Expected the state of the same strategy and tasks"
    others = [made("pcgrad" if name == "mgda" else "mgda", CONFIG_WEIGHTS)]
    others += [made("sdmgrad", CONFIG_WEIGHTS)] if name == "modo" else []
    fewer, renamed = {"a": 1.0, "b": 0.3}, {"a": 1.0, "b": 0.3, "d": 2.0}
    for other in (*others, made(name, fewer), made(name, renamed)):
        with pytest.raises(MtlError, match=expected):
            strategy.restore(other.state())

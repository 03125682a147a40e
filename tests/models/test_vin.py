"""The value iteration network against the paper's figures and a run of its own."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import mtl
from mtl.config.compose import plain
from mtl.data.generated.gridworld import gridworld
from mtl.models.vin import vin


@pytest.fixture(scope="module")
def worlds():
    table = gridworld(maps=6, size=8, states=5, seed=1).table
    return {
        "map": table["map"].to_numpy().astype("float32"),
        "state": table["state"].to_numpy(),
    }


def strong(**options) -> keras.Model:
    """A network whose initial weights are so large that its answers differ."""
    keras.utils.set_random_seed(0)
    return vin(initial_deviation=0.3, **options)


@pytest.mark.parametrize("relu", [False, True])
def test_has_the_papers_parameters(relu: bool) -> None:
    model = vin(relu=relu)
    # 3x3 convolution of 2 channels to 150; to 1; two of 1 to 10; 10 to 8 moves
    assert [w.shape for w in model.weights] == [
        (3, 3, 2, 150),
        (150,),
        (1, 1, 150, 1),
        (3, 3, 1, 10),
        (3, 3, 1, 10),
        (10, 8),
    ]
    assert model.count_params() == 2850 + 150 + 90 + 90 + 80 == 3260
    assert {name: tensor.shape for name, tensor in model.input.items()} == {
        "map": (None, None, None, 2),
        "state": (None, None, 2),
    }
    assert model.output["action"].shape == (None, None, 8)


def test_is_convolutions_maxima_and_one_product(worlds) -> None:
    model = strong(iterations=3, form="convolution")
    hidden, bias, to_reward, w_reward, w_value, moves = model.get_weights()

    def convolve(x, kernel):
        return np.asarray(keras.ops.conv(x, kernel, padding="same"))

    reward = convolve(convolve(worlds["map"], hidden) + bias, to_reward)
    q = convolve(reward, w_reward)
    for _ in range(3):
        both = np.concatenate([reward, q.max(axis=-1, keepdims=True)], axis=-1)
        q = convolve(both, np.concatenate([w_reward, w_value], axis=2))
    state = worlds["state"]
    logits = q[np.arange(6)[:, None], state[..., 0], state[..., 1]] @ moves
    expected = np.exp(logits - logits.max(axis=-1, keepdims=True))
    expected /= expected.sum(axis=-1, keepdims=True)
    assert np.ptp(expected) > 0.5
    np.testing.assert_allclose(model(worlds)["action"], expected, atol=1e-4)


def test_many_states_of_a_map_are_as_many_rows_of_one_state(worlds) -> None:
    model = strong()
    together = np.asarray(model(worlds)["action"])
    apart = model(
        {"map": worlds["map"].repeat(5, axis=0), "state": worlds["state"].reshape(-1, 1, 2)}
    )
    assert together.shape == (6, 5, 8)
    np.testing.assert_allclose(
        np.asarray(apart["action"]).reshape(together.shape), together, atol=1e-5
    )


def test_forms_agree(worlds) -> None:
    flat, convolution = strong(), strong(form="convolution")
    convolution.set_weights(flat.get_weights())
    np.testing.assert_allclose(flat(worlds)["action"], convolution(worlds)["action"], atol=1e-5)


def test_a_relu_changes_the_function(worlds) -> None:
    linear, rectified = strong(), strong(relu=True)
    rectified.set_weights(linear.get_weights())
    assert not np.allclose(linear(worlds)["action"], rectified(worlds)["action"], atol=1e-2)


def test_weights_fit_any_size_of_map_and_any_number_of_iterations(tmp_path, worlds) -> None:
    model = strong(iterations=4)
    longer = vin(iterations=30)
    longer.set_weights(model.get_weights())
    assert not np.allclose(longer(worlds)["action"], model(worlds)["action"], atol=1e-3)
    larger = gridworld(maps=2, size=11, states=3).table
    found = longer(
        {"map": larger["map"].to_numpy().astype("float32"), "state": larger["state"].to_numpy()}
    )
    assert found["action"].shape == (2, 3, 8)
    model.save(tmp_path / "vin.keras")
    loaded = keras.models.load_model(tmp_path / "vin.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(worlds)["action"], model(worlds)["action"])


@pytest.mark.parametrize(
    ("name", "size", "iterations"), [("vin_8", 8, 10), ("vin_16", 16, 20), ("vin_28", 28, 36)]
)
def test_experiments_have_the_papers_sizes_and_iterations(name, size, iterations) -> None:
    config = plain(mtl.compose(name))
    assert config["data"]["generator"]["size"] == size
    assert config["model"]["iterations"] == iterations
    held_out = config["data"]["split"]["test"] * config["data"]["generator"]["maps"]
    assert held_out > 1100
    assert config["evaluations"]["rollout"]["starts"] == 7


@pytest.mark.slow
def test_a_minute_of_training_finds_98_of_100_goals(tmp_path) -> None:
    """The smoke test of `experiment=vin_8`; it takes a minute where nothing else runs."""
    config = mtl.compose("vin_8", [f"runs={tmp_path}", "training.epochs=10", "training.seed=1"])
    test = mtl.train(config).results["metrics"]["test"]["action"]
    assert test["success"] >= 0.98
    assert test["extra_steps"] <= 0.05
    assert test["extra_cost"] >= 0
    assert test["optimal_action_rate"] >= 0.96
    images = {file.name for file in tmp_path.rglob("plots/**/*.png")}
    assert any("reward" in name for name in images)
    assert any("value" in name for name in images)

"""Training steps of the value iteration network: states per second of its forms.

    python tests/benchmarks/vin.py [--sizes 8 16 28] [--rounds 15]

In one process and in turn, each contender makes steps of forward pass, gradient and Adam:

* `original, one state`: as the authors' program and its ports compute. Reward and value map are
  concatenated and convolved anew in every iteration, the hidden layer has its 150 channels, and a
  row of a batch is one map with one state.
* `original`: the same graph, with as many states a map as the experiments have.
* `convolution`: the reward is convolved once (`model.form=convolution`).
* `flat, unfolded`: value iteration with its own gradient, on the hidden layer's 150 channels.
* `flat`: `mtl`'s default.

Printed: milliseconds a step, states per second (median over the rounds), and the ratio of states
per second to `original, one state` and to `original` (median of the rounds' ratios, with the least
and the largest of the latter).
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from mtl.data.generated.gridworld import gridworld
from mtl.layers.select_state import SelectState
from mtl.layers.value_iteration import ValueIteration
from mtl.models.vin import vin


@dataclass(frozen=True)
class Setting:
    """Maps of one size, as the experiments have them."""

    iterations: int
    maps: int
    states: int
    obstacles: int
    obstacle_size: int


SETTINGS = {
    8: Setting(10, 64, 24, 30, 1),
    16: Setting(20, 32, 64, 50, 2),
    28: Setting(36, 32, 96, 60, 4),
}
STEPS = 3


class OriginalPlan(ValueIteration):
    """Value iteration by one convolution of reward and value map together."""

    def call(self, reward: tf.Tensor) -> tf.Tensor:
        kernel = ops.concatenate([self.reward_kernel, self.value_kernel], axis=2)
        value = ops.zeros_like(reward)
        for _ in range(self.iterations + 1):
            both = ops.concatenate([reward, value], axis=-1)
            q = ops.conv(both, kernel, padding="same")
            value = ops.max(q, axis=-1, keepdims=True)
        return q


def unfolded(iterations: int, plan: type[ValueIteration]) -> keras.Model:
    """The network with both convolutions before the reward."""
    maps = keras.Input((None, None, 2), name="map")
    states = keras.Input((None, 2), dtype="int32", name="state")
    hidden = keras.layers.Conv2D(150, 3, padding="same")(maps)
    reward = keras.layers.Conv2D(1, 1, use_bias=False)(hidden)
    q = plan(iterations)(reward)
    action = keras.layers.Dense(8, activation="softmax", use_bias=False)(SelectState()(q, states))
    return keras.Model({"map": maps, "state": states}, {"action": action})


@dataclass
class Contender:
    """One way to train, and what was measured of it."""

    name: str
    step: Callable[[], tf.Tensor]
    states: int
    seconds: list[float] = field(default_factory=list)

    @property
    def speeds(self) -> list[float]:
        """States per second in each round."""
        return [self.states / seconds for seconds in self.seconds]


def contender(name: str, model: keras.Model, table: dict[str, np.ndarray]) -> Contender:
    """A compiled training step on one batch."""
    optimizer = keras.optimizers.Adam(1e-4)
    optimizer.build(model.trainable_variables)
    batch = {name: tf.constant(values) for name, values in table.items()}
    labels = batch.pop("action")

    @tf.function(autograph=False)
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            probabilities = model(batch, training=True)["action"]
            losses = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    step()
    return Contender(name, step, labels.shape.num_elements())


def batches(size: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """A batch of maps with many states, and one of as many rows with one state each."""
    setting = SETTINGS[size]
    table = gridworld(
        maps=setting.maps,
        size=size,
        obstacles=setting.obstacles,
        obstacle_size=setting.obstacle_size,
        states=setting.states,
    ).table
    many = {name: table[name].to_numpy() for name in ("map", "state", "action")}
    many["map"] = many["map"].astype("float32")
    return many, many | {name: many[name][:, :1] for name in ("state", "action")}


def measure(size: int, rounds: int) -> list[Contender]:
    """Let all contenders of one size step in turn."""
    iterations = SETTINGS[size].iterations
    many, one = batches(size)
    contenders = [
        contender("original, one state", unfolded(iterations, OriginalPlan), one),
        contender("original", unfolded(iterations, OriginalPlan), many),
        contender("convolution", vin(iterations=iterations, form="convolution"), many),
        contender("flat, unfolded", unfolded(iterations, ValueIteration), many),
        contender("flat", vin(iterations=iterations), many),
    ]
    for _ in range(rounds):
        for each in contenders:
            started = time.perf_counter()
            for _ in range(STEPS):
                loss = each.step()
            loss.numpy()
            each.seconds.append((time.perf_counter() - started) / STEPS)
    return contenders


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SETTINGS), choices=SETTINGS)
    parser.add_argument("--rounds", type=int, default=15, help="measured rounds of each")
    arguments = parser.parse_args()
    for size in arguments.sizes:
        contenders = measure(size, arguments.rounds)
        single, original = contenders[:2]
        print(f"{size} x {size}, {SETTINGS[size]}, {arguments.rounds} rounds")
        print(
            f"{'':20} {'ms/step':>8} {'states/s':>9} {'x one state':>12} "
            f"{'x original':>11} {'least':>6} {'most':>6}"
        )
        for each in contenders:
            ratios = [own / other for own, other in zip(each.speeds, original.speeds, strict=True)]
            of_single = [own / other for own, other in zip(each.speeds, single.speeds, strict=True)]
            print(
                f"{each.name:20} {1000 * statistics.median(each.seconds):8.2f} "
                f"{statistics.median(each.speeds):9.0f} {statistics.median(of_single):12.1f} "
                f"{statistics.median(ratios):11.2f} {min(ratios):6.2f} {max(ratios):6.2f}"
            )


if __name__ == "__main__":
    main()

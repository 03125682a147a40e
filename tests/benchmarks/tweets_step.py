"""One training step of the tweets model: the guide's own against `mtl`'s.

    python tests/benchmarks/tweets_step.py [--steps 40] [--batch 32]

In one process and in turn, each contender trains on the same batch of two tweets of 280 characters:

* `guide`: Keras's LSTM on one-hot vectors that are made beforehand, a plain `tf.function`, as in
  the guide to the functional API. Making and storing the vectors is not counted.
* `mtl, one_hot`: the training step of `mtl`, ids as input, `model.encoding=one_hot`.
* `mtl, lookup`: `model.encoding=lookup`, as the experiment trains it.
* `mtl, lookup, one program`: the same with the whole graph compiled together (`training.xla=true`):
  one loop after the other.
* `mtl, lookup, no XLA`: the same with `training.xla=false`.

Printed: milliseconds a step (median), and how many times as fast as `guide` (median, least and
largest over the steps), after checking that all have the same loss.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from mtl.balancing.fixed import Fixed
from mtl.models.tweets import tweets
from mtl.training.optimizers import Clipping
from mtl.training.step import StepSettings, TrainingStep

LENGTH, SYMBOLS, CHARACTERS = 280, 256, 90


class Likelihood:
    """A binary task: the mean of the binary cross-entropy."""

    def loss(
        self, labels: tf.Tensor, outputs: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        losses = keras.losses.binary_crossentropy(labels[:, tf.newaxis], outputs)
        return tf.reduce_sum(weights * losses), tf.reduce_sum(weights)


def batch_of(size: int) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """Return random ids and labels."""
    random = np.random.default_rng(0)
    ids = {
        name: tf.constant(random.integers(0, CHARACTERS, (size, LENGTH)), tf.uint8)
        for name in ("tweet_a", "tweet_b")
    }
    return ids, tf.constant(random.integers(0, 2, size), tf.float32)


def guide(ids: dict[str, tf.Tensor], labels: tf.Tensor) -> Callable[[], float]:
    """The guide's model and a plain step."""
    keras.utils.set_random_seed(0)
    inputs = [keras.Input((LENGTH, SYMBOLS)) for _ in ids]
    lstm = keras.layers.LSTM(64)
    merged = keras.layers.Concatenate()([lstm(given) for given in inputs])
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(merged))
    optimizer = keras.optimizers.RMSprop()
    optimizer.build(model.trainable_variables)
    vectors = [tf.one_hot(tf.cast(given, tf.int32), SYMBOLS) for given in ids.values()]

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            outputs = model(vectors, training=True)
            loss = tf.reduce_mean(keras.losses.binary_crossentropy(labels[:, None], outputs))
        gradients = tape.gradient(loss, [w.value for w in model.trainable_variables])
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    return lambda: float(step())


def ours(
    ids: dict[str, tf.Tensor], labels: tf.Tensor, encoding: str, xla: bool | str
) -> Callable[[], float]:
    """The training step of `mtl`."""
    keras.utils.set_random_seed(0)
    step = TrainingStep(
        tweets(encoding=encoding),
        {"same": Likelihood()},
        Fixed({"same": 1.0}),
        keras.optimizers.RMSprop(),
        Clipping(),
        StepSettings(batch_size=len(labels), xla=xla),
    )
    weights = tf.ones_like(labels)

    def train() -> float:
        (total,), (count,) = step(ids, {"same": labels}, {"same": weights})[0].numpy()
        return float(total / count)

    return train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=40, help="measured steps of each")
    parser.add_argument("--batch", type=int, default=32)
    arguments = parser.parse_args()
    given = batch_of(arguments.batch)
    contenders = {
        "guide": guide(*given),
        "mtl, one_hot": ours(*given, "one_hot", "auto"),
        "mtl, lookup": ours(*given, "lookup", "auto"),
        "mtl, lookup, one program": ours(*given, "lookup", True),
        "mtl, lookup, no XLA": ours(*given, "lookup", False),
    }
    for _ in range(3):
        losses = [train() for train in contenders.values()]
        np.testing.assert_allclose(losses, losses[0], rtol=1e-4)
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(arguments.steps):
        for name, train in contenders.items():
            started = time.perf_counter()
            train()
            seconds[name].append(time.perf_counter() - started)
    print(f"batch {arguments.batch}, {arguments.steps} steps of each in turn")
    print(f"{'':26} {'ms':>7} {'ratio':>6} {'least':>6} {'most':>6}")
    for name, taken in seconds.items():
        ratios = [base / own for base, own in zip(seconds["guide"], taken, strict=True)]
        print(
            f"{name:26} {1000 * statistics.median(taken):7.1f} {statistics.median(ratios):6.2f} "
            f"{min(ratios):6.2f} {max(ratios):6.2f}"
        )


if __name__ == "__main__":
    main()

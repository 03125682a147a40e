"""The training step with an LSTM that reads symbols, against Keras's own on one-hot vectors."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.fixed import Fixed
from mtl.layers.symbol_lstm import SymbolLSTM
from mtl.models.tweets import tweets
from mtl.training.optimizers import Clipping
from mtl.training.step import StepSettings, TrainingStep

BATCH, LENGTH, SYMBOLS, STEPS = 8, 6, 12, 6


class SquaredError:
    """A task with the mean squared error."""

    def loss(
        self, labels: tf.Tensor, outputs: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        error = tf.reshape(labels, (-1, 1)) - outputs
        return tf.reduce_sum(weights[:, tf.newaxis] * error**2), tf.reduce_sum(weights)


def small_tweets(**arguments: object) -> keras.Model:
    keras.utils.set_random_seed(3)
    return tweets(length=LENGTH, symbols=SYMBOLS, lstm_units=4, **arguments)


def texts(random: np.random.Generator) -> tf.Tensor:
    """Ids of which most occur several times and some not at all; some texts end in padding (0)."""
    ids = random.integers(0, SYMBOLS - 3, (BATCH, LENGTH))
    ids[:2, -2:] = 0
    return tf.constant(ids, tf.uint8)


def batches() -> list[tuple[dict[str, tf.Tensor], tf.Tensor]]:
    random = np.random.default_rng(0)
    return [
        (
            {name: texts(random) for name in ("tweet_a", "tweet_b")},
            tf.constant(random.integers(0, 2, BATCH), tf.float32),
        )
        for _ in range(STEPS)
    ]


def guide(weights: list[np.ndarray], optimizer: keras.optimizers.Optimizer) -> list[np.ndarray]:
    """Train the guide's model on one-hot vectors with Keras's layers."""
    inputs = [keras.Input((LENGTH, SYMBOLS)) for _ in range(2)]
    lstm = keras.layers.LSTM(4)
    merged = keras.layers.Concatenate()([lstm(given) for given in inputs])
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(merged))
    model.set_weights(weights)
    for ids, labels in batches():
        vectors = [tf.one_hot(tf.cast(given, tf.int32), SYMBOLS) for given in ids.values()]
        with tf.GradientTape() as tape:
            error = labels[:, tf.newaxis] - model(vectors, training=True)
            total = tf.reduce_mean(error**2)
        gradients = tape.gradient(total, [w.value for w in model.trainable_variables])
        optimizer.apply(gradients, model.trainable_variables)
    return model.get_weights()


def step_for(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, xla: bool | str
) -> TrainingStep:
    return TrainingStep(
        model,
        {"same": SquaredError()},
        Fixed({"same": 1.0}),
        optimizer,
        Clipping(),
        StepSettings(batch_size=BATCH, xla=xla),
    )


OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.01),
    "adam": lambda: keras.optimizers.Adam(0.01),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("encoding", ["lookup", "one_hot"])
def test_weights_are_those_of_the_guides_model(optimizer: str, encoding: str) -> None:
    model = small_tweets(encoding=encoding)
    expected = guide(model.get_weights(), OPTIMIZERS[optimizer]())
    step = step_for(model, OPTIMIZERS[optimizer](), xla="auto")
    assert set(step.graph.tables) == ({"lstm"} if encoding == "lookup" else set())
    assert set(step.updates.rows) == (set() if optimizer == "adam" else set(step.graph.tables))
    for ids, labels in batches():
        step(ids, {"same": labels}, {"same": tf.ones(BATCH)})
    for value, other in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(value, other, atol=1e-5)


@pytest.mark.parametrize("xla", [True, False])
def test_loops_compiled_with_the_graph_or_not_at_all_train_alike(xla: bool) -> None:
    trained = []
    for setting in ("auto", xla):
        model = small_tweets(bidirectional=True, pooling="average", merge=["product"])
        step = step_for(model, keras.optimizers.RMSprop(0.01), setting)
        assert step.compilation.loops_apart is (setting == "auto")
        for ids, labels in batches():
            step(ids, {"same": labels}, {"same": tf.ones(BATCH)})
        trained.append(model.get_weights())
    for value, other in zip(*trained, strict=True):
        np.testing.assert_allclose(value, other, atol=1e-5)


def test_a_single_loop_is_compiled_with_the_graph() -> None:
    given = keras.Input((LENGTH,), dtype="uint8", name="ids")
    state = SymbolLSTM(4, SYMBOLS, name="lstm")(given)
    model = keras.Model({"ids": given}, {"same": keras.layers.Dense(1)(state)})
    step = step_for(model, keras.optimizers.SGD(), "auto")
    assert step.compilation.graph
    assert not step.compilation.loops_apart

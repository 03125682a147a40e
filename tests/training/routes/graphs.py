"""Small graphs of every form in which parts can be shared, and batches for them."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from mtl.layers.lstm import LSTM
from mtl.models.headline import headline

BATCH, WIDTH, WORDS, LENGTH = 8, 5, 12, 6


class SquaredError:
    """A task with the mean squared error, NaN for a missing label."""

    def loss(
        self, labels: tf.Tensor, outputs: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        labels = tf.reshape(labels, (-1, 1))
        there = tf.math.is_finite(labels)
        error = tf.where(there, tf.where(there, labels, 0.0) - tf.cast(outputs, tf.float32), 0.0)
        counted = weights[:, tf.newaxis] * tf.cast(there, tf.float32)
        return tf.reduce_sum(counted * error**2), tf.reduce_sum(counted)


def dense(units: int, name: str) -> keras.layers.Dense:
    return keras.layers.Dense(units, activation="tanh", name=name)


def head(name: str) -> keras.layers.Dense:
    return keras.layers.Dense(1, name=name)


def trunk_and_heads() -> keras.Model:
    x = keras.Input((WIDTH,), name="x")
    z = dense(6, "second")(dense(7, "first")(x))
    deep = dense(4, "own")(z)
    return keras.Model({"x": x}, {"a": head("a")(z), "b": head("b")(deep), "c": head("c")(z)})


def several_features() -> keras.Model:
    """Two experts; one task reads both, one the first and the input, one the second's root."""
    x = keras.Input((WIDTH,), name="x")
    root = dense(6, "root")(x)
    first, second = dense(4, "expert_1")(root), dense(3, "expert_2")(root)
    joined = keras.layers.Concatenate()([first, second])
    skip = keras.layers.Concatenate()([first, x])
    outputs = {
        "a": head("a")(joined),
        "b": head("b")(skip),
        "c": head("c")(keras.layers.Concatenate()([root, second])),
    }
    return keras.Model({"x": x}, outputs)


def head_within_the_trunk() -> keras.Model:
    """Task a's output is read by b's head, so that a's weights are shared."""
    x = keras.Input((WIDTH,), name="x")
    z = dense(6, "trunk")(x)
    a = head("a")(z)
    outputs = {"a": a, "b": head("b")(keras.layers.Concatenate()([z, a])), "c": head("c")(z)}
    return keras.Model({"x": x}, outputs)


def one_layer_on_two_paths() -> keras.Model:
    """Nothing but a layer's weights is shared: each task calls it on a path of its own."""
    x = keras.Input((WIDTH,), name="x")
    shared = dense(4, "shared")
    outputs = {name: head(name)(shared(dense(5, f"before_{name}")(x))) for name in ("a", "b", "c")}
    return keras.Model({"x": x}, outputs)


def words() -> keras.Model:
    """The headline model: an embedding and an LSTM, the auxiliary head on the LSTM."""
    model = headline(
        vocabulary_size=WORDS,
        length=LENGTH,
        embedding_size=7,
        lstm_units=4,
        dense_units=5,
        dense_layers=1,
    )
    return keras.Model(
        {"x": model.input["aux_input"], "ids": model.input["main_input"]},
        {"a": model.output["main_output"], "b": model.output["aux_output"]},
    )


def words_inside_the_graph() -> keras.Model:
    """An embedding that stays in the graph since it is regularised; its gradient is sparse."""
    ids = keras.Input((LENGTH,), dtype="int32", name="ids")
    table = keras.layers.Embedding(WORDS, 4, embeddings_regularizer="l2", name="table")
    z = keras.layers.GlobalAveragePooling1D()(table(ids))
    return keras.Model({"ids": ids}, {name: head(name)(z) for name in ("a", "b")})


def words_from_the_right(*, mask: bool = False) -> keras.Model:
    """An LSTM from right to left, without a bias; dense layers after it."""
    ids = keras.Input((LENGTH,), dtype="int32", name="ids")
    vectors = keras.layers.Embedding(WORDS, 7, mask_zero=mask, name="table")(ids)
    read = LSTM(4, go_backwards=True, use_bias=False, recurrent_regularizer="l2", name="read")
    z = keras.layers.Dense(6, activation="relu", activity_regularizer="l2")(read(vectors))
    z = keras.layers.Dense(5, activation="softmax")(z)
    return keras.Model({"ids": ids}, {name: head(name)(z) for name in ("a", "b")})


def masked_words() -> keras.Model:
    """The same, skipping the id 0."""
    return words_from_the_right(mask=True)


def words_in_two_layers() -> keras.Model:
    """Two LSTMs, one on the other; one task reads every state of the first."""
    ids = keras.Input((LENGTH,), dtype="int32", name="ids")
    vectors = keras.layers.Embedding(WORDS, 7, name="table")(ids)
    states = LSTM(4, return_sequences=True, name="first")(vectors)
    z = LSTM(3, name="second")(states)
    pooled = keras.layers.GlobalAveragePooling1D()(states)
    return keras.Model({"ids": ids}, {"a": head("a")(z), "b": head("b")(z), "c": head("c")(pooled)})


def words_read_twice() -> keras.Model:
    """A table that an LSTM reads, and a mean of the same rows."""
    ids = keras.Input((LENGTH,), dtype="int32", name="ids")
    vectors = keras.layers.Embedding(WORDS, 7, name="table")(ids)
    joined = keras.layers.Concatenate()(
        [LSTM(4, name="read")(vectors), keras.layers.GlobalAveragePooling1D()(vectors)]
    )
    return keras.Model({"ids": ids}, {name: head(name)(joined) for name in ("a", "b")})


def words_of_one_head() -> keras.Model:
    """A task reads words of its own, beside what the tasks share; two of them by an LSTM."""
    x = keras.Input((WIDTH,), name="x")
    ids = keras.Input((LENGTH,), dtype="int32", name="ids")
    z = dense(4, "trunk")(x)
    rows = keras.layers.Embedding(WORDS, 7, name="table")(ids)
    pooled = keras.layers.GlobalAveragePooling1D()(
        keras.layers.Embedding(WORDS, 3, name="other")(ids)
    )
    own = [
        keras.layers.Dense(3, activity_regularizer=keras.regularizers.L2(1.0))(each)
        for each in (LSTM(4, name="read")(rows), pooled)
    ]
    joined = keras.layers.Concatenate()([z, *own])
    return keras.Model({"ids": ids, "x": x}, {"a": head("a")(z), "b": head("b")(joined)})


def words_under_regularised_heads() -> keras.Model:
    """What is made of a shared table adds to the loss, beyond the trunk and within it."""
    ids = keras.Input((LENGTH,), dtype="int32", name="ids")
    z = LSTM(4, name="read")(keras.layers.Embedding(WORDS, 7, name="table")(ids))
    z = dense(4, "trunk")(z)
    b = keras.layers.Dense(1, activity_regularizer=keras.regularizers.L2(1.0), name="b")(z)
    return keras.Model({"ids": ids}, {"a": head("a")(z), "b": b})


def regularised() -> keras.Model:
    x = keras.Input((WIDTH,), name="x")
    z = keras.layers.Dense(6, kernel_regularizer="l2", activity_regularizer="l2", name="trunk")(x)
    b = keras.layers.Dense(1, kernel_regularizer="l1", name="b")(z)
    return keras.Model({"x": x}, {"a": head("a")(z), "b": b})


def first_and_second() -> keras.Model:
    """A model of two dense layers, to be called by others."""
    given = keras.Input((WIDTH,))
    return keras.Model(given, dense(6, "second")(dense(7, "first")(given)), name="encoder")


def nested_trunk() -> keras.Model:
    x = keras.Input((WIDTH,), name="x")
    z = first_and_second()(x)
    deep = dense(4, "own")(z)
    return keras.Model({"x": x}, {"a": head("a")(z), "b": head("b")(deep), "c": head("c")(z)})


def nested_trunk_with_two_outputs() -> keras.Model:
    """The second layer of the nested model serves one task alone."""
    given = keras.Input((WIDTH,))
    low = dense(7, "first")(given)
    encoder = keras.Model(given, {"low": low, "high": dense(6, "second")(low)}, name="encoder")
    x = keras.Input((WIDTH,), name="x")
    found = encoder(x)
    outputs = {"a": head("a")(found["high"]), "b": head("b")(found["low"])}
    return keras.Model({"x": x}, outputs | {"c": head("c")(found["low"])})


def nested_heads() -> keras.Model:
    """All heads are in one nested model, and one of them in another one inside it."""
    z = keras.Input((6,))
    last = keras.Model(z, head("a")(dense(4, "own")(z)), name="last")
    given = keras.Input((6,))
    heads = keras.Model(given, {"a": last(given), "b": head("b")(given), "same": given})
    x = keras.Input((WIDTH,), name="x")
    made = heads(dense(6, "trunk")(x))
    return keras.Model({"x": x}, {"a": made["a"], "b": made["b"], "c": head("c")(made["same"])})


def nested_in_nested() -> keras.Model:
    """A functional model and a sequential one within another, the former also called alone."""
    inner = first_and_second()
    given = keras.Input((WIDTH,))
    chain = keras.Sequential([dense(5, "third"), keras.layers.ReLU(name="relu")], name="chain")
    outer = keras.Model(given, [inner(given), chain(inner(given))], name="outer")
    x = keras.Input((WIDTH,), name="x")
    shallow, deep = outer(x)
    outputs = {"a": head("a")(shallow), "b": head("b")(deep)}
    return keras.Model({"x": x}, outputs | {"c": head("c")(inner(keras.ops.tanh(x)))})


def sequential_trunk() -> keras.Model:
    x = keras.Input((WIDTH,), name="x")
    z = keras.Sequential([dense(7, "first"), dense(6, "second")], name="encoder")(x)
    return keras.Model({"x": x}, {name: head(name)(z) for name in ("a", "b")})


def nested_model_on_two_paths() -> keras.Model:
    """A model that each task calls on a path of its own; it ends in something without weights."""
    given = keras.Input((4,))
    ends = keras.ops.square(dense(4, "shared")(given))
    encoder = keras.Model(given, ends, name="encoder")
    x = keras.Input((WIDTH,), name="x")
    return keras.Model(
        {"x": x}, {name: head(name)(encoder(dense(4, f"before_{name}")(x))) for name in ("a", "b")}
    )


def words_in_nested_models() -> keras.Model:
    """Two nested readers whose tables have one name; padding is masked inside them."""

    def reader(name: str) -> keras.Model:
        given = keras.Input((LENGTH,), dtype="int32")
        vectors = keras.layers.Embedding(WORDS, 3, mask_zero=True, name="table")(given)
        return keras.Model(given, LSTM(4, name="lstm")(vectors), name=name)

    ids = keras.Input((LENGTH,), dtype="int32", name="ids")
    first, second = reader("reader"), reader("other")
    turned = first(keras.ops.flip(ids, axis=1))
    joined = keras.layers.Concatenate()([first(ids), turned])
    alone = keras.layers.Concatenate()([turned, second(ids)])
    return keras.Model({"ids": ids}, {"a": head("a")(joined), "b": head("b")(alone)})


GRAPHS: dict[str, Callable[[], keras.Model]] = {
    each.__name__: each
    for each in (
        trunk_and_heads,
        several_features,
        head_within_the_trunk,
        one_layer_on_two_paths,
        words,
        words_from_the_right,
        masked_words,
        words_in_two_layers,
        words_read_twice,
        words_inside_the_graph,
        words_of_one_head,
        words_under_regularised_heads,
        regularised,
        nested_trunk,
        nested_trunk_with_two_outputs,
        nested_heads,
        nested_in_nested,
        sequential_trunk,
        nested_model_on_two_paths,
        words_in_nested_models,
    )
}


def build(name: str) -> keras.Model:
    keras.utils.set_random_seed(3)
    return GRAPHS[name]()


def batches(model: keras.Model, count: int = 4, seed: int = 0) -> list[tuple[dict, dict, dict]]:
    """Batches in which most ids repeat and some labels of task b are missing."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        inputs = {}
        if "x" in model.input:
            inputs["x"] = tf.constant(random.normal(size=(BATCH, WIDTH)), tf.float32)
        if "ids" in model.input:
            inputs["ids"] = tf.constant(random.integers(0, WORDS - 3, (BATCH, LENGTH)), tf.int32)
        labels = {name: random.normal(size=BATCH) for name in model.output}
        labels["b"][:3] = np.nan
        weights = {name: random.random(BATCH) + 0.5 for name in labels}
        found.append(
            (
                inputs,
                {name: tf.constant(value, tf.float32) for name, value in labels.items()},
                {name: tf.constant(value, tf.float32) for name, value in weights.items()},
            )
        )
    return found


def gradients_by_task(
    model: keras.Model, batch: tuple[dict, dict, dict], config_weights: dict[str, float]
) -> dict[str, list[np.ndarray]]:
    """Return each task's gradient by every weight, from a pass of its own through Keras's model."""
    inputs, labels, weights = batch
    found = {}
    for name, factor in config_weights.items():
        with tf.GradientTape() as tape:
            output = model(inputs, training=True)[name]
            value, count = SquaredError().loss(labels[name], output, weights[name])
            loss = factor * tf.math.divide_no_nan(value, count)
        gradients = tape.gradient(
            loss,
            [w.value for w in model.trainable_weights],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        found[name] = [tf.convert_to_tensor(g).numpy().astype("d") for g in gradients]
    return found

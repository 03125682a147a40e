"""`mtl.layers.LSTM` against `keras.layers.LSTM` with the same weights."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.layers.lstm import LSTM, by_time

BATCH, TIME, FEATURES, UNITS = 4, 7, 5, 3


def sequences(seed: int = 0, time: int = TIME) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).normal(size=(BATCH, time, FEATURES)), tf.float32)


def pair(**arguments: object) -> tuple[keras.layers.LSTM, LSTM]:
    """Keras's layer and ours with the same arguments and weights."""
    reference = keras.layers.LSTM(UNITS, **arguments)
    ours = LSTM(UNITS, **arguments)
    for layer in (reference, ours):
        layer.build((BATCH, TIME, FEATURES))
    random = np.random.default_rng(1)
    weights = [random.normal(scale=0.5, size=w.shape) for w in reference.get_weights()]
    reference.set_weights(weights)
    ours.set_weights(weights)
    return reference, ours


def results_and_gradients(layer: keras.layers.LSTM, **call: object) -> list[np.ndarray]:
    """Everything the layer returns, then the gradients of a sum of its sines."""
    given = sequences()
    with tf.GradientTape() as tape:
        tape.watch(given)
        returned = tf.nest.flatten(layer(given, **call))
        total = sum(tf.reduce_sum(tf.sin(3 * value)) for value in returned)
    gradients = tape.gradient(total, [given, *[w.value for w in layer.trainable_weights]])
    return [value.numpy() for value in [*returned, *gradients]]


MASKS = {
    "none": None,
    "left padded": [[False] * 3 + [True] * 4] * 4,
    "right padded": [[True] * 2 + [False] * 5] * 4,
    "holes and an empty row": [
        [True, False, True, True, False, True, False],
        [False] * 7,
        [True] * 7,
        [False, True, False, False, False, False, True],
    ],
}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize(
    ("return_sequences", "return_state", "go_backwards", "use_bias"),
    list(itertools.product([False, True], repeat=4)),
)
def test_results_and_gradients_are_those_of_keras(
    mask: str, return_sequences: bool, return_state: bool, go_backwards: bool, use_bias: bool
) -> None:
    reference, ours = pair(
        return_sequences=return_sequences,
        return_state=return_state,
        go_backwards=go_backwards,
        use_bias=use_bias,
    )
    assert ours.hoists
    mask_values = None if MASKS[mask] is None else tf.constant(MASKS[mask])
    expected = results_and_gradients(reference, mask=mask_values)
    for value, other in zip(results_and_gradients(ours, mask=mask_values), expected, strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-5)


def test_initial_state_and_its_gradient() -> None:
    reference, ours = pair(return_sequences=True)
    random = np.random.default_rng(2)
    state = [tf.constant(random.normal(size=(BATCH, UNITS)), tf.float32) for _ in range(2)]
    found = []
    for layer in (reference, ours):
        with tf.GradientTape() as tape:
            tape.watch(state)
            total = tf.reduce_sum(layer(sequences(), initial_state=state) ** 2)
        found.append([total, *tape.gradient(total, state)])
    for value, other in zip(*found, strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_graph_mode_and_xla_give_the_eager_numbers(jit_compile: bool) -> None:
    _, ours = pair(return_sequences=True)
    compiled = tf.function(ours.__call__, jit_compile=jit_compile)
    np.testing.assert_allclose(compiled(sequences()), ours(sequences()), atol=1e-6)


def test_unknown_batch_and_length() -> None:
    reference, ours = pair()
    inputs = keras.Input((None, FEATURES))
    model = keras.Model(inputs, ours(inputs))
    given = sequences(time=11)
    np.testing.assert_allclose(model.predict(given, verbose=0), reference(given), atol=1e-6)


def test_projected_call_is_the_call() -> None:
    _, ours = pair(return_sequences=True, return_state=True)
    mask = tf.constant(MASKS["holes and an empty row"])
    called = ours(sequences(), mask=mask)
    recurred = ours.recur(by_time(ours.project(sequences())), mask)
    for value, other in zip(recurred, called, strict=True):
        np.testing.assert_allclose(value, other, atol=1e-7)


@pytest.mark.parametrize(
    "arguments",
    [{"activation": "relu"}, {"recurrent_dropout": 0.5}, {"unroll": True}, {"implementation": 1}],
)
def test_other_arguments_compute_as_keras_does(arguments: dict[str, object]) -> None:
    reference, ours = pair(**arguments)
    assert not ours.hoists
    assert not ours.projects_positions
    np.testing.assert_allclose(ours(sequences()), reference(sequences()), atol=1e-6)


def test_dropout_drops_whole_features_and_is_not_projected() -> None:
    ours = LSTM(UNITS, dropout=0.5, seed=3)
    assert ours.hoists
    assert not ours.projects_positions
    plain = ours(sequences(), training=False)
    assert not np.allclose(ours(sequences(), training=True), plain)
    np.testing.assert_allclose(ours(sequences(), training=False), plain)
    reference = keras.layers.LSTM(UNITS, dropout=0.5, seed=3)
    reference.build((BATCH, TIME, FEATURES))
    reference.set_weights(ours.get_weights()[: len(reference.get_weights())])
    fresh = LSTM(UNITS, dropout=0.5, seed=3)
    fresh.build((BATCH, TIME, FEATURES))
    fresh.set_weights(reference.get_weights())
    np.testing.assert_allclose(
        fresh(sequences(), training=True), reference(sequences(), training=True), atol=1e-6
    )


def test_stateful_goes_on_where_the_last_batch_ended() -> None:
    reference, ours = pair(stateful=True)
    for _ in range(2):
        np.testing.assert_allclose(ours(sequences()), reference(sequences()), atol=1e-6)


def test_mixed_precision_stays_near_float32() -> None:
    policy = keras.DTypePolicy("mixed_bfloat16")
    _, exact = pair()
    mixed = LSTM(UNITS, dtype=policy)
    mixed.build((BATCH, TIME, FEATURES))
    mixed.set_weights(exact.get_weights())
    assert mixed(sequences()).dtype == tf.bfloat16
    np.testing.assert_allclose(
        tf.cast(mixed(sequences()), tf.float32), exact(sequences()), atol=0.03
    )


def test_config_is_keras_config() -> None:
    reference, ours = pair(dropout=0.25, name="memory")
    assert ours.get_config() == reference.get_config()
    assert [w.path for w in ours.weights] == [w.path for w in reference.weights]


def test_saves_and_loads_without_custom_objects(tmp_path) -> None:  # type: ignore[no-untyped-def]
    inputs = keras.Input((TIME, FEATURES))
    model = keras.Model(inputs, LSTM(UNITS)(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert isinstance(loaded.layers[1], LSTM)
    np.testing.assert_array_equal(loaded(sequences()), model(sequences()))

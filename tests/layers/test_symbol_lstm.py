"""`mtl.layers.SymbolLSTM` against Keras's LSTM on one-hot vectors, with the same weights."""

from __future__ import annotations

import itertools
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.layers.symbol_lstm import SymbolLSTM

BATCH, TIME, SYMBOLS, UNITS = 4, 7, 9, 3


def ids() -> tf.Tensor:
    return tf.constant(np.random.default_rng(0).integers(0, SYMBOLS, (BATCH, TIME)), tf.uint8)


def vectors() -> tf.Tensor:
    return tf.one_hot(tf.cast(ids(), tf.int32), SYMBOLS)


def pair(**arguments: object) -> tuple[keras.layers.LSTM, SymbolLSTM]:
    """Keras's layer and ours with the same arguments and weights."""
    reference = keras.layers.LSTM(UNITS, **arguments)
    ours = SymbolLSTM(UNITS, SYMBOLS, **arguments)
    reference.build((BATCH, TIME, SYMBOLS))
    ours.build((BATCH, TIME))
    random = np.random.default_rng(1)
    weights = [random.normal(scale=0.5, size=w.shape) for w in reference.get_weights()]
    reference.set_weights(weights)
    ours.set_weights(weights)
    return reference, ours


def results_and_gradients(
    layer: keras.layers.LSTM, given: tf.Tensor, mask: tf.Tensor | None
) -> list[np.ndarray]:
    with tf.GradientTape() as tape:
        returned = tf.nest.flatten(layer(given, mask=mask))
        total = sum(tf.reduce_sum(tf.sin(3 * value)) for value in returned)
    gradients = tape.gradient(total, [w.value for w in layer.trainable_weights])
    return [tf.convert_to_tensor(value).numpy() for value in [*returned, *gradients]]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("return_sequences", "return_state", "go_backwards", "use_bias"),
    list(itertools.product([False, True], repeat=4)),
)
def test_is_an_lstm_on_one_hot_vectors(
    masked: bool, return_sequences: bool, return_state: bool, go_backwards: bool, use_bias: bool
) -> None:
    reference, ours = pair(
        return_sequences=return_sequences,
        return_state=return_state,
        go_backwards=go_backwards,
        use_bias=use_bias,
    )
    mask = tf.constant([[False] * 3 + [True] * 4] * BATCH) if masked else None
    expected = results_and_gradients(reference, vectors(), mask)
    for value, other in zip(results_and_gradients(ours, ids(), mask), expected, strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "arguments", [{"dropout": 0.5}, {"activation": "relu"}, {"kernel_regularizer": "l2"}]
)
def test_where_one_hot_vectors_are_needed_they_are_made(arguments: dict[str, object]) -> None:
    reference, ours = pair(**arguments)
    assert not ours.projects_positions
    np.testing.assert_allclose(ours(ids()), reference(vectors()), atol=1e-6)


def test_an_initial_state_is_taken() -> None:
    reference, ours = pair()
    state = [tf.fill((BATCH, UNITS), 0.5), tf.fill((BATCH, UNITS), -0.5)]
    expected = reference(vectors(), initial_state=state)
    np.testing.assert_allclose(ours(ids(), initial_state=state), expected, atol=1e-6)
    assert not np.allclose(ours(ids()), expected)


def test_stateful_goes_on_where_the_last_batch_ended() -> None:
    reference, ours = pair(stateful=True)
    for _ in range(2):
        np.testing.assert_allclose(ours(ids()), reference(vectors()), atol=1e-6)


def test_weights_have_the_names_and_shapes_of_an_lstm() -> None:
    reference, ours = pair(name="memory")
    assert [(w.path, w.shape) for w in ours.weights] == [
        (w.path, w.shape) for w in reference.weights
    ]


def test_unknown_batch_and_length() -> None:
    reference, ours = pair(return_sequences=True)
    given = keras.Input((None,), dtype="uint8")
    model = keras.Model(given, ours(given))
    assert model.output.shape == (None, None, UNITS)
    np.testing.assert_allclose(model(ids()[:2]), reference(vectors()[:2]), atol=1e-6)


def test_symbols_are_projected_by_rows_of_the_kernel() -> None:
    _, ours = pair()
    expected = ours.cell.kernel.numpy()[ids().numpy()] + ours.cell.bias.numpy()
    np.testing.assert_allclose(ours.project_symbols(ids()), expected, rtol=1e-6)
    np.testing.assert_allclose(ours.project(vectors()), expected, rtol=1e-5)


def test_mixed_precision_stays_near_float32() -> None:
    _, exact = pair()
    mixed = SymbolLSTM(UNITS, SYMBOLS, dtype=keras.DTypePolicy("mixed_bfloat16"))
    mixed.build((BATCH, TIME))
    mixed.set_weights(exact.get_weights())
    assert mixed(ids()).dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(mixed(ids()), tf.float32), exact(ids()), atol=0.03)


def test_saves_and_loads_without_custom_objects(tmp_path: Path) -> None:
    given = keras.Input((TIME,), dtype="uint8")
    model = keras.Model(given, SymbolLSTM(UNITS, SYMBOLS, go_backwards=True)(given))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert isinstance(loaded.layers[1], SymbolLSTM)
    np.testing.assert_array_equal(loaded(ids()), model(ids()))


def test_no_symbols_are_refused() -> None:
    with pytest.raises(ValueError, match="Received: symbols=0"):
        SymbolLSTM(UNITS, 0)

"""Graphs divided at their embeddings: which may leave, and that the outputs stay the same."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.graph.division import DividedGraph
from mtl.layers.lstm import LSTM
from mtl.layers.symbol_lstm import SymbolLSTM

WORDS, LENGTH, WIDTH = 9, 5, 4


def ids_input() -> keras.KerasTensor:
    return keras.Input((LENGTH,), dtype="int32", name="ids")


def model_of(
    head: Callable[[keras.KerasTensor], keras.KerasTensor], **table: object
) -> keras.Model:
    """An embedding of the ids, and a head on it."""
    ids = ids_input()
    embedded = keras.layers.Embedding(WORDS, WIDTH, name="words", **table)(ids)
    return keras.Model({"ids": ids}, {"y": head(embedded)})


def ids(rows: int = 3) -> dict[str, tf.Tensor]:
    random = np.random.default_rng(0)
    return {"ids": tf.constant(random.integers(0, WORDS, (rows, LENGTH)), tf.int32)}


def assert_divided_is_whole(model: keras.Model) -> DividedGraph:
    divided = DividedGraph(model)
    outputs = divided(ids(), divided.feed(divided.fetch(ids())))
    for name, value in model(ids()).items():
        np.testing.assert_allclose(outputs[name], value, atol=1e-6)
    return divided


def test_an_lstm_is_fed_the_projection_of_distinct_rows() -> None:
    divided = assert_divided_is_whole(model_of(LSTM(3)))
    (lookup,) = divided.cut.lookups
    assert not lookup.needs_rows
    fetched = divided.fetch(ids())
    assert len(np.unique(fetched.rows["words"])) == len(fetched.rows["words"]) <= WORDS
    (fed,) = divided.feed(fetched)
    assert fed.shape == (LENGTH, 3, 4 * 3)  # by time first


def test_any_other_reader_is_fed_the_vectors() -> None:
    divided = assert_divided_is_whole(model_of(keras.layers.LSTM(3)))
    (lookup,) = divided.cut.lookups
    assert lookup.needs_rows
    assert not lookup.projected


def test_two_readers_get_what_each_needs() -> None:
    def both(embedded: keras.KerasTensor) -> keras.KerasTensor:
        pooled = keras.layers.GlobalAveragePooling1D()(embedded)
        return keras.layers.Concatenate()([LSTM(3)(embedded), pooled])

    (lookup,) = assert_divided_is_whole(model_of(both)).cut.lookups
    assert lookup.needs_rows
    assert len(lookup.projected) == 1


@pytest.mark.parametrize("return_sequences", [False, True])
def test_masks_reach_their_readers(return_sequences: bool) -> None:
    def head(embedded: keras.KerasTensor) -> keras.KerasTensor:
        sequence = LSTM(3, return_sequences=return_sequences)(embedded)
        return keras.layers.GlobalAveragePooling1D()(sequence) if return_sequences else sequence

    model = model_of(head, mask_zero=True)
    assert np.any(ids()["ids"].numpy() == 0)
    unmasked = DividedGraph(model)
    fed = unmasked.feed(unmasked.fetch(ids()))
    assert_divided_is_whole(model)
    assert len(fed) == 1


def symbols_model(**arguments: object) -> keras.Model:
    """One LSTM that reads the ids forwards and turned round."""
    given = ids_input()
    lstm = SymbolLSTM(3, WORDS, name="words", **arguments)
    both = keras.layers.Concatenate()([lstm(given), lstm(keras.ops.flip(given, axis=1))])
    return keras.Model({"ids": given}, {"y": both})


def test_an_lstm_that_reads_symbols_is_fed_rows_of_its_kernel() -> None:
    model = symbols_model(bias_initializer="random_normal")
    divided = assert_divided_is_whole(model)
    lstm = model.get_layer("words")
    assert divided.tables == {"words": lstm.cell.kernel}
    fetched = divided.fetch(ids())
    distinct = fetched.rows["words"].numpy()
    assert sorted(distinct) == sorted(np.unique(ids()["ids"]))  # once for both calls
    forwards, backwards = divided.feed(fetched)
    np.testing.assert_array_equal(backwards, forwards[::-1])
    first = ids()["ids"][0, 0]
    expected = lstm.cell.kernel.numpy()[first] + lstm.cell.bias.numpy()
    np.testing.assert_allclose(forwards[0, 0], expected, rtol=1e-6)


def test_ids_may_be_computed_without_weights() -> None:
    given = ids_input()
    shifted = keras.ops.minimum(keras.ops.roll(given, 1, axis=1) + 1, WORDS - 1)
    vectors = keras.layers.Embedding(WORDS, WIDTH, name="words")(shifted)
    head = keras.layers.Dense(2)(keras.layers.Flatten()(vectors))
    model = keras.Model({"ids": given}, {"y": head, "kept": shifted})
    divided = assert_divided_is_whole(model)
    assert set(divided.tables) == {"words"}
    assert len(divided.cut.before) >= 3


def test_an_output_may_be_the_vectors_themselves() -> None:
    assert assert_divided_is_whole(model_of(lambda embedded: embedded)).cut.lookups[0].needs_rows


def test_embeddings_of_nested_models_leave_with_all_calls_of_these() -> None:
    def reader(name: str) -> keras.Model:
        given = keras.Input((LENGTH,), dtype="int32")
        vectors = keras.layers.Embedding(WORDS, WIDTH, name="words")(given)
        return keras.Model(given, LSTM(3, name="lstm")(vectors), name=name)

    given = ids_input()
    first, second = reader("first"), reader("second")
    turned = keras.ops.flip(given, axis=1)
    joined = keras.layers.Concatenate()([first(given), first(turned), second(given)])
    divided = assert_divided_is_whole(keras.Model({"ids": given}, {"y": joined}))
    # Both are called `words`, and are two tables.
    assert {name: table.path.split("/")[0] for name, table in divided.tables.items()} == {
        "first/words": "words",
        "second/words": "words",
    }
    assert [lookup.name for lookup in divided.cut.lookups].count("first/words") == 2
    assert all(lookup.projected and not lookup.needs_rows for lookup in divided.cut.lookups)
    assert not divided.cut.reasons


class Tied(keras.layers.Layer):
    """Multiplies by another layer's table."""

    def __init__(self, embedding: keras.layers.Embedding) -> None:
        super().__init__()
        self.embedding = embedding

    def call(self, hidden: tf.Tensor) -> tf.Tensor:
        return keras.ops.matmul(hidden, keras.ops.transpose(self.embedding.embeddings))


def tied() -> keras.Model:
    given = ids_input()
    words = keras.layers.Embedding(WORDS, WIDTH, name="words")
    return keras.Model({"ids": given}, {"y": Tied(words)(words(given))})


def wrapped() -> keras.Model:
    """A nested model with an embedding that reads each id by itself."""
    one = keras.Input((1,), dtype="int32")
    words = keras.layers.Embedding(WORDS, WIDTH, name="words")
    each = keras.layers.TimeDistributed(keras.Model(one, words(one)))
    given = ids_input()
    return keras.Model({"ids": given}, {"y": each(keras.ops.expand_dims(given, -1))})


def weighted_ids() -> keras.Model:
    given = ids_input()
    chosen = keras.ops.argmax(keras.layers.Embedding(WORDS, 6, name="first")(given), axis=-1)
    vectors = keras.layers.Embedding(WORDS, WIDTH, name="words")(chosen)
    return keras.Model({"ids": given}, {"y": vectors})


def frozen() -> keras.Model:
    model = model_of(keras.layers.GlobalAveragePooling1D())
    model.get_layer("words").trainable = False
    return model


def symbols_with_a_state() -> keras.Model:
    given = ids_input()
    state = keras.layers.Embedding(WORDS, 3, name="state")(given)[:, 0]
    lstm = SymbolLSTM(3, WORDS, name="words")
    return keras.Model({"ids": given}, {"y": lstm(given, initial_state=[state, state])})


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (tied, "a weight of"),
        (wrapped, "a weight of"),
        (weighted_ids, "depend on the weights or the chance of ['first']"),
        (frozen, "not trainable"),
        (lambda: model_of(lambda e: e, embeddings_regularizer="l2"), "regularised"),
        (lambda: model_of(lambda e: e, embeddings_constraint="max_norm"), "constrained"),
        (lambda: symbols_model(kernel_regularizer="l2"), "regularised"),
        (lambda: symbols_model(kernel_constraint="max_norm"), "constrained"),
        (lambda: symbols_model(dropout=0.5), "ask for one-hot vectors"),
        (lambda: symbols_model(trainable=False), "not trainable"),
        (symbols_with_a_state, "a state or a mask"),
    ],
)
def test_an_embedding_that_cannot_leave_stays_and_says_why(
    make: Callable[[], keras.Model], reason: str
) -> None:
    divided = assert_divided_is_whole(make())
    assert "words" not in divided.tables
    assert reason in divided.cut.reasons["words"]


def test_an_id_that_the_table_lacks_is_refused() -> None:
    divided = DividedGraph(model_of(LSTM(3)))
    with pytest.raises(tf.errors.InvalidArgumentError):
        divided.fetch({"ids": tf.fill((1, LENGTH), WORDS)})

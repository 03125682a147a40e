"""A class at each of several positions: a categorical task whose target holds arrays."""

import json

import keras
import numpy as np
import polars as pl
import pytest
import tensorflow as tf

from mtl.errors import ConfigError
from mtl.tasks.fit import fit_tasks
from mtl.tasks.task import Task

MOVES = [[2, 5, 5], [9, 2, 2]]


def table(values=MOVES, dtype=pl.Int64):
    return pl.DataFrame({"move": pl.Series(values, dtype=pl.Array(dtype, 3))})


def fitted(**options):
    config = {"target": "move", "kind": "categorical", **options}
    return fit_tasks({"action": config}, table())["action"]


def test_classes_are_found_at_all_positions():
    task = fitted()
    assert task.class_names == ("2", "5", "9")
    assert task.output_shape == (None, 3)
    np.testing.assert_array_equal(task.encode(table()), [[0, 1, 1], [2, 0, 0]])


def test_a_missing_and_an_unknown_class_are_missing(caplog):
    found = fitted().encode(table([[2, None, 5], [7, 9, 9]]))
    np.testing.assert_array_equal(found, [[0, np.nan, 1], [np.nan, 2, 2]])
    assert "'7' (1)" in caplog.text


def test_floats_with_missing_positions_as_numpy_has_them():
    values = pl.Series(np.array([[2, np.nan, 5], [9, 5, 2]]))
    task = fit_tasks(
        {"action": {"target": "move", "kind": "categorical"}}, pl.DataFrame({"move": values})
    )["action"]
    assert task.class_names == ("2", "5", "9")
    found = task.encode(pl.DataFrame({"move": values}))
    np.testing.assert_array_equal(found, [[0, np.nan, 1], [2, 1, 0]])


def test_as_many_labels_as_positions_are_expected():
    labels = tf.zeros((2, 4))
    with pytest.raises(
        Exception, match=r"shape \(2, 4\) do not fit an output of shape \(2, 5, 3\)"
    ):
        fitted().loss(labels, tf.zeros((2, 5, 3)))


def test_words_may_be_classes():
    words = table([["a", "b", "a"], ["c", "a", "b"]], pl.String)
    task = fit_tasks({"action": {"target": "move", "kind": "categorical"}}, words)["action"]
    np.testing.assert_array_equal(task.encode(words), [[0, 1, 0], [2, 0, 1]])


def test_the_loss_is_the_mean_over_labelled_positions():
    task = fitted()
    labels = np.array([[0, 1, np.nan], [2, 0, 0]], np.float32)
    logits = np.random.default_rng(0).normal(size=(2, 3, 3)).astype(np.float32)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    known = ~np.isnan(labels)
    picked = probabilities[known][np.arange(5), labels[known].astype(int)]
    total, count = task.loss(tf.constant(labels), tf.constant(probabilities))
    np.testing.assert_allclose(total, -np.log(picked).sum(), rtol=1e-5)
    assert count == 5


def test_the_loss_of_a_softmax_layer_uses_its_logits():
    task = fitted()
    dense = keras.layers.Dense(3, activation="softmax", kernel_initializer="identity")
    logits = tf.constant([[[0.0, 200.0, 0.0]] * 3])

    @tf.function
    def loss(values):
        return task.loss(tf.constant([[0.0, 0.0, 0.0]]), dense(values))[0]

    np.testing.assert_allclose(loss(logits), 600, rtol=1e-5)  # a probability of 0 would be clipped


def test_metrics_count_positions():
    task = fitted()
    accuracy = task.metrics()["accuracy"]
    predictions = tf.one_hot([[0, 1, 1], [2, 2, 2]], 3)
    task.update_metric(accuracy, tf.constant([[0.0, 1, 0], [2, np.nan, 0]]), predictions)
    np.testing.assert_allclose(accuracy.result(), 3 / 5)


def test_class_weights_are_shaped_like_the_labels():
    task = fitted(class_weights="balanced")
    encoded = task.encode(table())
    counts = np.array([3, 2, 1])
    expected = (6 / (3 * counts))[encoded.astype(int)]
    np.testing.assert_allclose(task.example_weights(table(), encoded), expected, rtol=1e-6)


def test_predictions_keep_their_positions():
    decoded = fitted().decode(np.eye(3)[[[0, 1, 2], [2, 2, 1]]])
    np.testing.assert_array_equal(decoded["action"], [[2, 5, 9], [9, 9, 5]])
    assert decoded["action_probability_5"].shape == (2, 3)


def test_the_state_says_that_there_are_positions():
    task = fitted()
    state = json.loads(json.dumps(task.state()))
    again = Task.from_state({"target": "move", "kind": "categorical"}, state)
    assert again.output_shape == (None, 3)
    np.testing.assert_array_equal(again.encode(table()), task.encode(table()))


def test_one_class_a_row_where_the_training_rows_had_arrays():
    with pytest.raises(Exception, match="Expected an array of classes in each row"):
        fitted().encode(pl.DataFrame({"move": [2, 5]}))


def test_a_row_without_its_array():
    with pytest.raises(ConfigError, match=r"row 2. Expected an array; its values may be missing"):
        fit_tasks({"action": {"target": "move", "kind": "categorical"}}, table([MOVES[0], None]))


def test_lists_of_one_length_count_as_arrays():
    lists = pl.DataFrame({"move": MOVES})
    task = fit_tasks({"action": {"target": "move", "kind": "categorical"}}, lists)["action"]
    np.testing.assert_array_equal(task.encode(lists), [[0, 1, 1], [2, 0, 0]])
    ragged = pl.DataFrame({"move": [[1, 2], [3]]})
    with pytest.raises(ConfigError, match="holds lists"):
        fit_tasks({"action": {"target": "move", "kind": "categorical"}}, ragged)

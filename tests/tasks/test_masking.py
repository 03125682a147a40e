"""Taking missing labels out of a batch."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.errors import MtlError
from mtl.tasks.masking import masked

NAN = float("nan")


def test_missing_labels_become_zero_with_a_neutral_prediction_and_no_weight():
    batch = masked(tf.constant([1.0, NAN]), tf.constant([[0.25], [NAN]]), tf.constant([2.0, 3.0]))

    np.testing.assert_array_equal(batch.labels, [[1], [0]])
    np.testing.assert_array_equal(batch.predictions, [[0.25], [0.5]])
    np.testing.assert_array_equal(batch.weights, [[2], [0]])


def test_a_missing_class_takes_out_the_row():
    batch = masked(tf.constant([2.0, NAN]), tf.ones((2, 3)), exclusive=True)

    np.testing.assert_array_equal(batch.predictions, [[1, 1, 1], [0.5, 0.5, 0.5]])
    np.testing.assert_array_equal(batch.weights, [[1], [0]])


def test_weights_of_rows_spread_over_columns():
    batch = masked(tf.constant([[1.0, NAN], [0.0, 1.0]]), tf.ones((2, 2)), tf.constant([2.0, 3.0]))

    np.testing.assert_array_equal(batch.weights, [[2, 0], [3, 3]])


def test_shapes_that_do_not_match():
    with pytest.raises(MtlError, match=r"Expected an output of shape \(batch, 1\)"):
        masked(tf.zeros(4), tf.zeros((4, 2)))
    with pytest.raises(MtlError, match="one unit for each class"):
        masked(tf.zeros((4, 2)), tf.zeros((4, 2)), exclusive=True)


def test_positions_count_as_examples_of_their_own():
    predictions = tf.reshape(tf.range(12.0), (2, 3, 2))
    batch = masked(
        tf.constant([[0.0, 1.0, NAN], [1.0, 1.0, 0.0]]),
        predictions,
        tf.constant([2.0, 3.0]),
        exclusive=True,
    )

    np.testing.assert_array_equal(batch.labels[:, 0], [0, 1, 0, 1, 1, 0])
    np.testing.assert_array_equal(batch.weights[:, 0], [2, 2, 0, 3, 3, 3])
    np.testing.assert_array_equal(
        batch.predictions, [[0, 1], [2, 3], [0.5, 0.5], [6, 7], [8, 9], [10, 11]]
    )


def test_positions_may_have_weights_of_their_own():
    weights = tf.constant([[1.0, 2.0], [0.0, 4.0]])
    batch = masked(tf.zeros((2, 2)), tf.zeros((2, 2, 3)), weights, exclusive=True)

    np.testing.assert_array_equal(batch.weights[:, 0], [1, 2, 0, 4])


def test_positions_need_a_label_each():
    with pytest.raises(MtlError, match="a label a position: a target column of arrays"):
        masked(tf.zeros(2), tf.zeros((2, 3, 4)), exclusive=True)

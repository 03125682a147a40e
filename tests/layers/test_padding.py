import numpy as np
import tensorflow as tf

from mtl.layers import LeftPadding
from tests.layers.checks import check_layer


def test_moves_the_padding_in_front(tmp_path):
    ids = tf.constant([[7, 5, 0, 0], [1, 2, 3, 4], [0, 0, 0, 0], [9, 0, 0, 0]], tf.int64)
    padded = check_layer(LeftPadding(), ids, tmp_path)
    expected = [[0, 0, 7, 5], [1, 2, 3, 4], [0, 0, 0, 0], [0, 0, 0, 9]]
    np.testing.assert_array_equal(padded, expected)


def test_keeps_zeros_between_ids():
    padded = LeftPadding()(tf.constant([[7, 0, 5, 0]]))
    np.testing.assert_array_equal(padded, [[0, 7, 0, 5]])

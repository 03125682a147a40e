import numpy as np
import tensorflow as tf

from mtl.layers import CategoryMean
from tests.layers.checks import check_layer


def test_looks_up_the_mean_of_each_label(tmp_path):
    layer = CategoryMean([[0.5, 1.0], [0.9, 2.0], [0.1, 3.0]])
    means = check_layer(layer, tf.constant([2, 0, 1], tf.int64), tmp_path)
    np.testing.assert_allclose(means, [[0.1, 3], [0.5, 1], [0.9, 2]], rtol=1e-7)

import numpy as np
import pytest
import tensorflow as tf

from mtl.layers import MissingValues
from tests.layers.checks import check_layer

NUMBERS = tf.constant([1.5, float("nan"), 70_000.25])


def test_fills_and_flags(tmp_path):
    features = check_layer(MissingValues(flag=True), NUMBERS, tmp_path)
    np.testing.assert_array_equal(features, [[1.5, 0], [0, 1], [70_000.25, 0]])


@pytest.mark.parametrize("value", [0.0, -2.5])
def test_fills_with_a_value_without_a_flag(tmp_path, value):
    features = check_layer(MissingValues(value), NUMBERS, tmp_path)
    np.testing.assert_array_equal(features, [[1.5], [value], [70_000.25]])

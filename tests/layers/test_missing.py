import numpy as np
import pytest
import tensorflow as tf

from mtl.layers import MissingValues
from mtl.layers.missing import Standardization
from tests.layers.checks import check_layer

NUMBERS = tf.constant([1.5, float("nan"), 70_000.25])


def test_fills_and_flags(tmp_path):
    features = check_layer(MissingValues(flag=True), NUMBERS, tmp_path)
    np.testing.assert_array_equal(features, [[1.5, 0], [0, 1], [70_000.25, 0]])


@pytest.mark.parametrize("value", [0.0, -2.5])
def test_fills_with_a_value_without_a_flag(tmp_path, value):
    features = check_layer(MissingValues(value), NUMBERS, tmp_path)
    np.testing.assert_array_equal(features, [[1.5], [value], [70_000.25]])


def test_standardises_before_it_rounds(tmp_path):
    numbers = tf.constant([20200101123, 20200101124, float("nan")], tf.float64)
    standardised = check_layer(Standardization(20200101123.5, 0.5), numbers, tmp_path)
    assert standardised.dtype == np.float32
    np.testing.assert_array_equal(standardised, [-1, 1, np.nan])


@pytest.mark.parametrize("dtype", [tf.float16, tf.float32, tf.int32, tf.int64])
def test_standardises_numbers_of_any_type(tmp_path, dtype):
    standardised = check_layer(Standardization(2.0, 2.0), tf.constant([0, 4], dtype), tmp_path)
    np.testing.assert_array_equal(standardised, [-1, 1])


@pytest.mark.parametrize("deviation", [0.0, -1.0, float("nan")])
def test_refuses_a_deviation_that_divides_by_nothing(deviation):
    with pytest.raises(ValueError, match="Expected a deviation above 0"):
        Standardization(0.0, deviation)

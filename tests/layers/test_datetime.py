import math

import numpy as np
import pytest
import tensorflow as tf

from mtl.layers import DatetimeFeatures
from tests.layers.checks import check_layer


def _circle(*turns):
    return [
        part
        for turn in turns
        for part in (math.sin(2 * math.pi * turn), math.cos(2 * math.pi * turn))
    ]


def test_gives_each_feature_as_sine_and_cosine(tmp_path):
    layer = DatetimeFeatures(["hour", "weekday", "day_of_year"])
    text = tf.constant(["2016-02-24 18:59:05", "1970-01-01", "2015-12-31 23:00"])
    features = check_layer(layer, text, tmp_path)
    expected = [
        _circle(18 / 24, 2 / 7, 54 / 366),  # a Wednesday; the whole hour counts
        _circle(0, 3 / 7, 0),  # a Thursday
        _circle(23 / 24, 3 / 7, 364 / 365),
    ]
    np.testing.assert_allclose(features, expected, atol=1e-6)


def test_gives_zeros_for_what_is_no_time():
    features = DatetimeFeatures(["hour", "weekday"])(tf.constant(["", "soon", "2016-02-30"]))
    np.testing.assert_array_equal(features, np.zeros((3, 4)))


def test_counts_in_utc_where_a_time_has_an_offset():
    layer = DatetimeFeatures(["hour", "day_of_year"])
    new_year = layer(tf.constant(["2016-12-31T23:30:00-01:00"]))
    np.testing.assert_allclose(new_year, [_circle(0, 0)], atol=1e-6)


@pytest.mark.parametrize("features", [[], ["hours"]])
def test_refuses_features_that_it_lacks(features):
    with pytest.raises(ValueError, match="Expected features out of"):
        DatetimeFeatures(features)


def test_reads_iso_in_utc_beside_its_format(tmp_path):
    layer = DatetimeFeatures(["hour", "day_of_year"], "%d/%m/%Y")
    text = tf.constant(["24/02/2016", "2016-02-24T18:30:05Z", "2016-02-24 18:30:05", ""])
    features = check_layer(layer, text, tmp_path)
    expected = [_circle(0, 54 / 366), _circle(18 / 24, 54 / 366), [0] * 4, [0] * 4]
    np.testing.assert_allclose(features, expected, atol=1e-6)

"""Putting two vectors together."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mtl.errors import ConfigError
from mtl.models.merging import merged

A = np.array([[1.0, -2.0], [0.5, 3.0]], "float32")
B = np.array([[4.0, 1.0], [0.5, -1.0]], "float32")
MADE = {
    "concatenate": [[1, -2, 4, 1], [0.5, 3, 0.5, -1]],
    "absolute_difference": [[3, 3], [0, 4]],
    "product": [[4, -2], [0.25, -3]],
}


@pytest.mark.parametrize(
    "merge", [["concatenate"], ["absolute_difference"], ["product"], ["product", "concatenate"]]
)
def test_values_stand_one_behind_the_other(merge):
    inputs = [keras.Input((2,)), keras.Input((2,))]
    model = keras.Model(inputs, merged(*inputs, merge))
    expected = np.concatenate([MADE[name] for name in merge], axis=1)
    np.testing.assert_array_equal(model([A, B]), expected)


@pytest.mark.parametrize(
    ("merge", "message"), [([], "empty list"), (["produkt"], "Did you mean 'product'")]
)
def test_says_which_mergers_there_are(merge, message):
    with pytest.raises(ConfigError, match=message):
        merged(keras.Input((2,)), keras.Input((2,)), merge)

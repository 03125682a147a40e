"""Comparisons by name, by expression and registered."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from mtl.layers.comparisons import COMPARISONS, find_comparison, largest_exponent

X, EXEMPLAR, C = np.array([1.0, 3.0]), np.array([2.0, -1.0]), np.array([1.0, 2.0])


@keras.saving.register_keras_serializable(package="test_comparisons")
def larger_of_the_two(x, exemplar, c):
    return ops.maximum(x, exemplar) / c


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("exponential_difference", np.exp([-1, 2])),
        ("gaussian", np.exp([-1, -4])),
        ("product", [2, -3]),
        ("absolute_difference", [1, 4]),
        ("exp((x - exemplar) / c)", np.exp([-1, 2])),
        ("x * exemplar", [2, -3]),
        ("tanh(x) * 0.5 + exemplar ** 2", np.tanh(X) / 2 + EXEMPLAR**2),
        ("larger_of_the_two", [2, 1.5]),
        ("test_comparisons>larger_of_the_two", [2, 1.5]),
        ("larger_of_the_two(exemplar, x, c) + 1", [3, 2.5]),
        ("cast(x > exemplar, 'float32')", [0, 1]),
    ],
)
def test_the_value_by_hand(function, expected) -> None:
    given = [ops.convert_to_tensor(value, "float32") for value in (X, EXEMPLAR, C)]
    np.testing.assert_allclose(find_comparison(function)(*given), expected, rtol=1e-6)


def test_an_exponent_is_held_where_sums_would_overflow() -> None:
    x = ops.convert_to_tensor([79.0, 81.0, 1000.0], "float32")
    found = COMPARISONS["exponential_difference"](x, 0.0, 1.0)
    np.testing.assert_allclose(found, np.exp([79.0, 80.0, 80.0]), rtol=1e-5)
    assert largest_exponent("float32") == 80
    assert largest_exponent("float64") == 701
    assert np.isfinite(np.float32(np.exp(80.0)) * np.float32(5000))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("gausian", "Did you mean 'gaussian'"),
        ("exp((x - exemplars) / c)", "Did you mean 'exemplar'"),
        ("exp((x - exemplar", "Received: function='exp"),
        ("sum(x * exemplar)", r"element by element.*which makes \(\)"),
        ("x", r"which makes \(2, 1, 3\)"),
        ("concatenate(x, exemplar)", "fails"),
        ("x.__class__", "Received"),
        ("x > exemplar", "makes float32 of float32.*which makes bool"),
        ("cast(x - exemplar, 'int32')", "which makes int32"),
    ],
)
def test_refuses_what_does_not_compare(function, message) -> None:
    with pytest.raises(ValueError, match=message):
        find_comparison(function)

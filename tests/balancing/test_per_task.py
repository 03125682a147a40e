"""Parameters for each task, and sharing out among the tasks present."""

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.per_task import (
    check_names,
    held,
    ideal_point,
    preference_vector,
    present_share,
    present_softmax,
    smooth_maximum,
)
from mtl.errors import MtlError

NAMES = ("main", "aux")


def test_names_are_those_of_tasks():
    check_names("ratio", {"aux": 1}, NAMES, complete=False)
    with pytest.raises(MtlError, match=r"^balancing.ratio=\{'mian': 1\}.*Did you mean 'main'"):
        check_names("ratio", {"mian": 1}, NAMES, complete=False)
    with pytest.raises(MtlError, match=r"Expected an entry for every trained task; add main\."):
        check_names("ratio", {"aux": 1}, NAMES, complete=True)
    with pytest.raises(MtlError, match="Expected a mapping"):
        check_names("ratio", [1, 2], NAMES, complete=False)


def test_vectors_have_the_order_of_the_tasks():
    np.testing.assert_allclose(preference_vector({"aux": 3, "main": 1}, NAMES), [0.25, 0.75])
    np.testing.assert_allclose(preference_vector(None, NAMES), [0.5, 0.5])
    np.testing.assert_allclose(ideal_point({"aux": -1.5}, NAMES), [0, -1.5])
    np.testing.assert_allclose(ideal_point(None, NAMES), [0, 0])


@pytest.mark.parametrize("number", [0, -1.0, float("nan"), float("inf"), "1", True, None])
def test_preferences_are_numbers_above_zero(number):
    with pytest.raises(MtlError, match=r"^balancing.preferences=.*Expected numbers above 0"):
        preference_vector({"main": 1, "aux": number}, NAMES)


def test_ideal_points_are_numbers():
    with pytest.raises(MtlError, match=r"^balancing.ideal=.*Expected a number"):
        ideal_point({"main": "low"}, NAMES)


def test_sharing_out_among_those_present():
    present = tf.constant([True, False, True])
    np.testing.assert_allclose(
        present_softmax(tf.constant([0.0, np.nan, np.log(3.0)]), present), [0.25, 0, 0.75]
    )
    np.testing.assert_allclose(present_share(np.array([1.0, 5.0, 3.0]), present), [0.25, 0, 0.75])
    nobody = tf.constant([False] * 3)
    np.testing.assert_array_equal(present_softmax(tf.zeros(3), nobody), np.zeros(3))
    np.testing.assert_array_equal(present_share(np.ones(3), nobody), np.zeros(3))


def test_the_smooth_maximum_goes_to_the_largest_and_does_not_overflow():
    present = tf.constant([True, True, False])
    values = tf.constant([1.0, 2.0, 9.0])
    expected = 0.5 * np.log(np.exp(2) + np.exp(4))
    np.testing.assert_allclose(smooth_maximum(values, present, 0.5), expected, rtol=1e-6)
    np.testing.assert_allclose(smooth_maximum(values, present, 1e-9), 2, rtol=1e-6)
    np.testing.assert_allclose(smooth_maximum(values * 1e37, present, 1e-9), 2e37, rtol=1e-6)
    assert smooth_maximum(values, tf.constant([False] * 3), 0.5) == 0


def test_values_held_back_keep_their_gradient():
    values = tf.Variable([-30.0, 1.0, 500.0])
    with tf.GradientTape() as tape:
        kept = held(values, 20.0)
        total = tf.reduce_sum(kept**2)
    np.testing.assert_array_equal(kept, [-20, 1, 20])
    np.testing.assert_array_equal(tape.gradient(total, values), [-40, 2, 40])

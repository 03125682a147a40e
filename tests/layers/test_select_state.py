import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.layers.select_state import SelectState


@pytest.fixture
def q():
    return np.arange(2 * 3 * 4 * 2, dtype=np.float32).reshape(2, 3, 4, 2)


STATES = np.array([[[0, 0], [2, 3], [1, 2]], [[2, 0], [2, 0], [0, 3]]], np.int32)


def test_reads_the_channels_at_rows_and_columns(q):
    found = np.asarray(SelectState()(q, STATES))
    expected = [[q[number, row, column] for row, column in STATES[number]] for number in (0, 1)]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32"])
def test_states_may_be_of_a_type_too_narrow_for_a_cells_number(dtype):
    q = np.arange(20 * 30, dtype=np.float32).reshape(1, 20, 30, 1)
    found = SelectState()(q, np.array([[[19, 29], [10, 20]]], dtype))
    np.testing.assert_array_equal(found, [[[19 * 30 + 29], [10 * 30 + 20]]])


def test_a_state_outside_reads_zeros(q):
    outside = np.array([[[0, 4], [3, 0], [1, -1]], [[-1, 0], [0, 7], [9, 9]]], np.int32)
    np.testing.assert_array_equal(SelectState()(q, outside), np.zeros((2, 3, 2)))


def test_gradient_adds_up_where_a_state_occurs_twice(q):
    values = tf.constant(q)
    with tf.GradientTape() as tape:
        tape.watch(values)
        total = tf.reduce_sum(SelectState()(values, STATES))
    expected = np.zeros_like(q)
    for number in (0, 1):
        for row, column in STATES[number]:
            expected[number, row, column] += 1
    np.testing.assert_array_equal(tape.gradient(total, values), expected)


def test_is_saved_loaded_and_mixed(q, tmp_path):
    inputs = {"q": keras.Input((None, None, 2), name="q")}
    inputs["state"] = keras.Input((None, 2), dtype="int32", name="state")
    model = keras.Model(inputs, SelectState()(inputs["q"], inputs["state"]))
    assert model.output.shape == (None, None, 2)
    model.save(tmp_path / "select.keras")
    loaded = keras.models.load_model(tmp_path / "select.keras", safe_mode=True)
    expected = np.asarray(SelectState()(q, STATES))
    np.testing.assert_array_equal(loaded({"q": q, "state": STATES}), expected)
    mixed = SelectState(dtype="mixed_float16")(q, STATES)
    assert mixed.dtype == "float16"
    np.testing.assert_array_equal(mixed, expected)


@pytest.mark.parametrize("shape", [(2,), (4, 3), (4, 2, 2, 2)])
def test_refuses_other_shapes(q, shape):
    with pytest.raises(ValueError, match=r"states of shape \(batch, states, 2\)"):
        SelectState()(keras.Input((3, 4, 2)), keras.Input(shape[1:], dtype="int32"))

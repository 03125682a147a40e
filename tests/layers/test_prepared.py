import keras
import numpy as np
import tensorflow as tf

from mtl.layers import PreparedInput

COLUMNS = [{"column": "age", "width": 1}, {"column": "page", "width": 2}]


def test_joins_columns_of_any_type_in_order():
    layer = PreparedInput("aux", "features", COLUMNS, None, "float32")
    joined = layer([tf.constant([[0.5], [1.5]]), tf.constant([[0, 1], [1, 0]], tf.int64)])
    np.testing.assert_array_equal(joined, [[0.5, 0, 1], [1.5, 1, 0]])
    assert joined.dtype == tf.float32


def test_casts_a_single_column_and_keeps_its_shape():
    layer = PreparedInput("ids", "index", COLUMNS[:1], 9, "int32")
    ids = layer([tf.constant([3, 4], tf.int64)])
    assert (ids.shape, ids.dtype) == ((2,), tf.int32)


def test_carries_its_description_through_a_saved_model(tmp_path):
    inputs = [keras.Input((1,), name="age"), keras.Input((2,), name="page", dtype="int64")]
    layer = PreparedInput("aux", "features", COLUMNS, None, "float32", name="prepared_aux")
    keras.Model(inputs, layer(inputs)).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").get_layer("prepared_aux")
    assert loaded.get_config() == layer.get_config()
    assert loaded.output.shape == (None, 3)

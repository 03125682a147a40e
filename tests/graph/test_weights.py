"""Paths of weights."""

import keras
import numpy as np

from mtl.graph.weights import weights_by_path


def model(extra_before=0):
    for _ in range(extra_before):
        keras.layers.Dense(1)  # Keras numbers names over the whole process
    image = keras.Input((4,), name="image")
    inner = keras.Input((4,), name="inner")
    tower = keras.Model(inner, keras.layers.Dense(3, name="c")(inner), name="tower")
    other = keras.Model(inner, keras.layers.Dense(3, name="c")(inner), name="other")
    joined = keras.layers.Dense(2)(tower(image)) + keras.layers.Dense(2)(other(image))
    steps = keras.layers.Reshape((2, 1))(joined)
    both = keras.layers.Bidirectional(keras.layers.LSTM(2), name="both")(steps)
    return keras.Model({"image": image}, {"y": keras.layers.Dense(1, name="y")(both)})


EXPECTED = {
    "tower/c/kernel",
    "tower/c/bias",
    "other/c/kernel",
    "other/c/bias",
    "dense(1 of 2)/kernel",
    "dense(1 of 2)/bias",
    "dense(2 of 2)/kernel",
    "dense(2 of 2)/bias",
    "both/kernel",
    "both/recurrent_kernel",
    "both/bias",
    "both/kernel#2",
    "both/recurrent_kernel#2",
    "both/bias#2",
    "y/kernel",
    "y/bias",
}


def test_paths_name_models_layers_and_weights():
    built = model()
    paths = weights_by_path(built)
    assert set(paths) == EXPECTED
    assert {id(weight) for weight in paths.values()} == {id(weight) for weight in built.weights}


def test_paths_are_the_same_in_a_second_build_of_the_process():
    first, second = weights_by_path(model()), weights_by_path(model(extra_before=1))
    assert list(first) == list(second)
    assert [w.shape for w in first.values()] == [w.shape for w in second.values()]


def test_paths_are_the_same_after_saving_and_loading(tmp_path):
    built = model()
    built.save(tmp_path / "model.keras")
    loaded = weights_by_path(keras.models.load_model(tmp_path / "model.keras"))
    for path, weight in weights_by_path(built).items():
        np.testing.assert_array_equal(loaded[path], weight)


def test_a_layer_that_is_called_twice_counts_once():
    x = keras.Input((3,), name="x")
    shared = keras.layers.Dense(3, name="shared")
    assert set(weights_by_path(keras.Model(x, shared(shared(x))))) == {
        "shared/kernel",
        "shared/bias",
    }

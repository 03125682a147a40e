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
    paths = weights_by_path(built, model())
    assert set(paths) == EXPECTED
    assert {id(weight) for weight in paths.values()} == {id(weight) for weight in built.weights}


def test_paths_are_the_same_in_a_second_build_of_the_process():
    one, other = model(), model(extra_before=1)
    first, second = weights_by_path(one, other), weights_by_path(other, one)
    assert list(first) == list(second)
    assert [w.shape for w in first.values()] == [w.shape for w in second.values()]


def test_paths_are_the_same_after_saving_and_loading(tmp_path):
    built = model()
    built.save(tmp_path / "model.keras")
    loaded = weights_by_path(keras.models.load_model(tmp_path / "model.keras"))
    own = weights_by_path(built)
    assert set(own) == set(loaded)
    for path, weight in own.items():
        np.testing.assert_array_equal(loaded[path], weight)


def test_a_layer_that_is_called_twice_counts_once():
    x = keras.Input((3,), name="x")
    shared = keras.layers.Dense(3, name="shared")
    assert set(weights_by_path(keras.Model(x, shared(shared(x))))) == {
        "shared/kernel",
        "shared/bias",
    }


def chain(*names, model=None):
    """Return a model of dense layers, each of what the one before made."""
    x = tensor = keras.Input((2,), name="x")
    for name in names:
        tensor = keras.layers.Dense(2, name=name)(tensor)
    return keras.Model(x, tensor, name=model)


def kernels(one, other):
    """Return the layers of `other` whose kernels have the paths of those of `one`'s layers."""
    own, theirs = weights_by_path(one, other), weights_by_path(other, one)
    layers = {id(layer.kernel): layer.name for model in (one, other) for layer in model.layers[1:]}
    return {
        layers[id(weight)]: layers.get(id(theirs.get(path)))
        for path, weight in own.items()
        if path.endswith("kernel")
    }


def test_layers_in_another_order_keep_their_names():
    assert kernels(chain("dense_1", "dense_2"), chain("dense_2", "dense_1")) == {
        "dense_1": "dense_1",
        "dense_2": "dense_2",
    }
    assert kernels(chain("dense", "last"), chain("last", "dense")) == {
        "dense": "dense",
        "last": "last",
    }


def test_a_layer_more_leaves_the_others_their_names():
    few, more = chain("dense_1", "dense_2"), chain("dense_1", "dense_3", "dense_2")
    assert kernels(few, more) == {"dense_1": "dense_1", "dense_2": "dense_2"}
    assert kernels(more, few) == {"dense_1": "dense_1", "dense_3": None, "dense_2": "dense_2"}


def test_one_layer_of_another_number_goes_by_its_place():
    found = kernels(chain("dense_1", "dense_4", "y"), chain("dense_1", "dense_7", "y"))
    assert found == {"dense_1": "dense_1", "dense_4": "dense_7", "y": "y"}


def test_numbers_that_start_elsewhere_tell_nothing():
    first, second = chain("dense", "dense_1"), chain("dense_1", "dense_2")
    assert kernels(first, second) == {"dense": "dense_1", "dense_1": "dense_2"}
    more = chain("dense_1", "dense_2", "dense_3")
    assert kernels(first, more) == {"dense": None, "dense_1": None}
    assert kernels(more, first) == {"dense_1": None, "dense_2": None, "dense_3": None}


def test_nested_models_go_by_their_names_too():
    def nested(*towers):
        x = tensor = keras.Input((2,), name="x")
        for name in towers:
            tensor = chain("dense", "c", model=name)(tensor)
        return keras.Model(x, tensor)

    one, other = nested("functional_1", "functional_2"), nested("functional_2", "functional_1")
    paths = [f"{m}/{c}/kernel" for m in ("functional_1", "functional_2") for c in ("dense", "c")]
    for model, beside in ((one, other), (other, one)):
        found = weights_by_path(model, beside)
        for path in paths:
            tower, layer, _ = path.split("/")
            assert found[path] is model.get_layer(tower).get_layer(layer).kernel


def test_a_wrapper_around_a_model_is_left_out(tmp_path):
    tower = chain("c", model="tower")
    frames = keras.Input((3, 2), name="frames")
    wrapped = keras.layers.TimeDistributed(tower, name="each")(frames)
    built = keras.Model(frames, keras.layers.LSTM(2, name="read")(wrapped))
    built.save(tmp_path / "model.keras")
    for model in (built, keras.models.load_model(tmp_path / "model.keras")):
        paths = weights_by_path(model)
        assert list(paths)[:2] == ["tower/c/kernel", "tower/c/bias"]
        assert len(paths) == len(model.weights)

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.layers.folded_convolutions import FoldedConvolutions


@pytest.fixture(scope="module")
def inputs():
    return np.random.default_rng(0).normal(size=(3, 5, 6, 2)).astype("float32")


def unfolded(filters=4, kernel_size=3):
    keras.utils.set_random_seed(0)
    normal = keras.initializers.RandomNormal(seed=3)
    return keras.Sequential(
        [
            keras.Input((None, None, 2)),
            keras.layers.Conv2D(20, kernel_size, padding="same", bias_initializer=normal),
            keras.layers.Conv2D(filters, 1, use_bias=False),
        ]
    )


def gradients(model, inputs):
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.sin(model(inputs)))
    return tape.gradient(total, model.trainable_weights)


@pytest.mark.parametrize(("filters", "kernel_size"), [(1, 3), (4, 3), (2, 1), (3, 5)])
def test_is_both_convolutions_with_their_weights_and_gradients(inputs, filters, kernel_size):
    both = unfolded(filters, kernel_size)
    folded = FoldedConvolutions(20, filters, kernel_size)
    folded.build(inputs.shape)
    assert [w.shape for w in folded.weights] == [w.shape for w in both.weights]
    folded.set_weights(both.get_weights())
    np.testing.assert_allclose(folded(inputs), both(inputs), atol=1e-5)
    for own, other in zip(gradients(folded, inputs), gradients(both, inputs), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-3, atol=1e-4)


def test_is_saved_loaded_and_mixed(inputs, tmp_path):
    folded = FoldedConvolutions(4, 3, hidden_initializer="zeros", kernel_initializer="ones")
    model = keras.Sequential([keras.Input((None, None, 2)), folded])
    assert model.output_shape == (None, None, None, 3)
    folded.set_weights([np.ones_like(weight) for weight in folded.get_weights()])
    model.save(tmp_path / "folded.keras")
    loaded = keras.models.load_model(tmp_path / "folded.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(inputs), folded(inputs))
    assert loaded.layers[-1].get_config() == folded.get_config()
    whole = np.round(inputs)
    mixed = FoldedConvolutions.from_config(folded.get_config() | {"dtype": "mixed_float16"})
    mixed.build(inputs.shape)
    mixed.set_weights(folded.get_weights())
    assert mixed(whole).dtype == "float16"
    np.testing.assert_array_equal(mixed(whole), folded(whole))


@pytest.mark.parametrize("wrong", [{"hidden_filters": 0}, {"filters": 0}, {"kernel_size": 0}])
def test_refuses_sizes_below_one(wrong):
    name = next(iter(wrong))
    with pytest.raises(ValueError, match=f"{name}=0"):
        FoldedConvolutions(**({"hidden_filters": 2, "filters": 1} | wrong))

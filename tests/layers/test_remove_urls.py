import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.layers.remove_urls import RemoveURLs


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Read https://t.co/AbC1 now", "Read now"),
        ("HTTP://EXAMPLE.ORG", ""),
        ("see www.example.org/a?b=c, pic.twitter.com/x1 and rest", "see and rest"),
        ("httpx is a library, wwww too", "httpx is a library, wwww too"),
        ("", ""),
    ],
)
def test_addresses_go_with_the_space_before_them(text, left):
    assert RemoveURLs()(tf.constant([text])).numpy() == [left.encode()]


def test_it_is_saved_with_a_model(tmp_path):
    text = keras.Input((), dtype="string", name="text")
    keras.Model(text, RemoveURLs()(text)).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(tf.constant(["a http://b c"])), [b"a c"])

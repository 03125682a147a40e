"""The tweets model: the guide's layers, both encodings, and its mergers."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from mtl.errors import ConfigError
from mtl.models.tweets import tweets

SMALL = {"length": 9, "symbols": 7, "lstm_units": 3}
SYMMETRIC = {"merge": ["absolute_difference", "product"], "dense_units": [4]}


def ids(seed: int = 0) -> dict[str, np.ndarray]:
    """Tweets padded on the left."""
    random = np.random.default_rng(seed)
    found = {
        name: random.integers(1, SMALL["symbols"], (5, SMALL["length"]), np.uint8)
        for name in ("tweet_a", "tweet_b")
    }
    found["tweet_a"][:3, :4] = 0
    found["tweet_b"][2:, :6] = 0
    return found


def test_layers_and_parameters_are_the_guides() -> None:
    model = tweets()
    counts = {layer.name: layer.count_params() for layer in model.layers if layer.weights}
    assert counts == {"lstm": 4 * 64 * (256 + 64 + 1), "same": 2 * 64 + 1}
    assert {name: (x.shape, x.dtype) for name, x in model.input.items()} == {
        "tweet_a": ((None, 280), "uint8"),
        "tweet_b": ((None, 280), "uint8"),
    }
    assert model.output["same"].shape == (None, 1)
    assert model.get_layer("same").activation.__name__ == "sigmoid"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"bidirectional": True, "pooling": "average", **SYMMETRIC},
        {"pooling": "maximum", "dropout": 0.2},
    ],
)
def test_both_encodings_are_one_function_of_the_same_weights(
    arguments: dict[str, object],
) -> None:
    keras.backend.clear_session()  # so that names that Keras gives itself may clash with ours
    keras.utils.set_random_seed(0)
    one_hot = tweets(**SMALL, encoding="one_hot", **arguments)
    lookup = tweets(**SMALL, encoding="lookup", **arguments)
    assert [(w.path, w.shape) for w in lookup.weights] == [
        (w.path, w.shape) for w in one_hot.weights
    ]
    one_hot.set_weights(lookup.get_weights())
    np.testing.assert_allclose(lookup(ids())["same"], one_hot(ids())["same"], atol=1e-6)


def test_the_guides_answer_is_the_lstms_states_side_by_side() -> None:
    keras.utils.set_random_seed(0)
    model = tweets(**SMALL)
    lstm = keras.layers.LSTM(SMALL["lstm_units"])
    lstm.build((None, SMALL["length"], SMALL["symbols"]))
    lstm.set_weights(model.get_layer("lstm").get_weights())
    states = [lstm(np.eye(SMALL["symbols"], dtype="float32")[given]) for given in ids().values()]
    kernel, bias = model.get_layer("same").get_weights()
    expected = keras.ops.sigmoid(np.concatenate(states, axis=1) @ kernel + bias)
    np.testing.assert_allclose(model(ids())["same"], expected, atol=1e-6)


def test_mergers_stand_one_behind_the_other() -> None:
    keras.utils.set_random_seed(0)
    model = tweets(**SMALL, merge=["concatenate", "absolute_difference", "product"])
    inner = keras.Model(model.input, model.get_layer("merged").output)
    a, b, difference, product = np.split(inner(ids()).numpy(), 4, axis=1)
    np.testing.assert_allclose(difference, np.abs(a - b), atol=1e-7)
    np.testing.assert_allclose(product, a * b, atol=1e-7)


@pytest.mark.parametrize("merge", [["concatenate"], ["absolute_difference"], ["product"]])
def test_swapping_the_tweets_matters_only_where_they_are_concatenated(merge: list[str]) -> None:
    keras.utils.set_random_seed(0)
    model = tweets(**SMALL, merge=merge, dense_units=[4])
    given = ids()
    swapped = {"tweet_a": given["tweet_b"], "tweet_b": given["tweet_a"]}
    same = np.array_equal(model(given)["same"], model(swapped)["same"])
    assert same is (merge != ["concatenate"])


def after_last(outputs: np.ndarray, axis: int) -> np.ndarray:
    """The forward LSTM's output after the last character, the backward one's after the first."""
    forward, backward = np.split(outputs, 2, axis=1)
    return np.concatenate([forward[-1], backward[0]], axis=axis)


@pytest.mark.parametrize("pooling", ["last_character", "average", "maximum"])
def test_pooling_leaves_padding_out(pooling: str) -> None:
    keras.utils.set_random_seed(0)
    model = tweets(**SMALL, pooling=pooling, bidirectional=True)
    inner = keras.Model(model.input, model.get_layer("merged").output)
    reduce = {"last_character": after_last, "average": np.mean, "maximum": np.max}[pooling]
    expected = []
    for given in ids().values():
        forward = model.get_layer("lstm")(given).numpy()
        backward = model.get_layer("lstm_backward")(given).numpy()[:, ::-1]
        both = np.concatenate([forward, backward], axis=2)
        expected.append(
            [reduce(row[text != 0], axis=0) for row, text in zip(both, given, strict=True)]
        )
    np.testing.assert_allclose(inner(ids()), np.concatenate(expected, axis=1), atol=1e-6)


@pytest.mark.parametrize("pooling", ["last_character", "average", "maximum"])
def test_padding_after_what_a_reader_has_read_changes_nothing(pooling: str) -> None:
    """That is padding on the right of the forward one, on the left of the backward one."""
    keras.utils.set_random_seed(0)
    width = SMALL["lstm_units"]
    text = np.random.default_rng(0).integers(1, SMALL["symbols"], (5, 4), np.uint8)

    def vectors(left: int, right: int) -> tuple[np.ndarray, np.ndarray]:
        model = tweets(**SMALL | {"length": left + 4 + right}, pooling=pooling, bidirectional=True)
        model.set_weights(weights)
        padded = np.pad(text, ((0, 0), (left, right)))
        read = keras.Model(model.input, model.get_layer("merged").output)
        vector = read({"tweet_a": padded, "tweet_b": padded}).numpy()[:, : 2 * width]
        return vector[:, :width], vector[:, width:]

    weights = tweets(**SMALL, bidirectional=True).get_weights()
    forward, backward = vectors(0, 0)
    assert np.ptp(forward, axis=0).min() > 0.01
    assert np.ptp(backward, axis=0).min() > 0.01
    np.testing.assert_allclose(vectors(0, 5)[0], forward, atol=1e-6)
    np.testing.assert_allclose(vectors(5, 0)[1], backward, atol=1e-6)


@pytest.mark.parametrize("pooling", ["last_character", "average", "maximum"])
def test_an_empty_tweet_has_an_answer(pooling: str) -> None:
    empty = {name: np.zeros_like(given) for name, given in ids().items()}
    assert np.isfinite(tweets(**SMALL, pooling=pooling)(empty)["same"]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"merge": ["produkt"]}, "model.merge: found 'produkt'. Did you mean 'product'"),
        ({"merge": []}, "model.merge: found an empty list"),
        ({"symbols": 257}, "model.symbols: found 257"),
    ],
)
def test_wrong_arguments_are_explained(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        tweets(**arguments)


def test_saves_and_loads_without_custom_objects(tmp_path: Path) -> None:
    model = tweets(**SMALL, pooling="average", **SYMMETRIC)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(ids())["same"], model(ids())["same"])

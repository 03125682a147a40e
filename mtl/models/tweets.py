"""One LSTM reads two tweets, character by character: are they by the same author?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import keras
import numpy as np
from keras import layers, ops

from mtl.errors import ConfigError, Problem
from mtl.layers.lstm import LSTM
from mtl.layers.one_hot import OneHot
from mtl.layers.symbol_lstm import SymbolLSTM
from mtl.models.dense import dense_layers
from mtl.models.merging import Merger, merged
from mtl.models.parameters import Share, Width
from mtl.registry import builder


def _last_character(outputs: Any, counts: Any) -> Any:
    """Return the output at the last position that counts; at the last of all where none does."""
    length = outputs.shape[1]
    from_the_end = ops.argmax(ops.flip(ops.cast(counts, "int32"), axis=1), axis=1)
    # A sum with all others set to 0: the gradient of picking is slow on a CPU.
    place = ops.expand_dims(length - 1 - from_the_end, 1)
    chosen = ops.equal(np.arange(length, dtype="int32")[:, np.newaxis], place)
    return ops.sum(outputs * ops.cast(chosen, outputs.dtype), axis=1)


def _average(outputs: Any, counts: Any) -> Any:
    counts = ops.cast(counts, outputs.dtype)
    number = ops.maximum(ops.sum(counts, axis=1), 1)  # an empty tweet gives zeros
    return ops.sum(outputs * counts, axis=1) / number


def _maximum(outputs: Any, counts: Any) -> Any:
    return ops.max(ops.where(counts, outputs, -1.0), axis=1)  # an LSTM's outputs are above -1


POOLINGS: dict[str, Callable[[Any, Any], Any]] = {
    "last_character": _last_character,
    "average": _average,
    "maximum": _maximum,
}


@builder("tweets")
def tweets(
    *,
    length: Width = 280,
    symbols: Width = 256,
    lstm_units: Width = 64,
    encoding: Literal["lookup", "one_hot"] = "lookup",
    bidirectional: bool = False,
    pooling: Literal["last", "last_character", "average", "maximum"] = "last",
    dropout: Share = 0.0,
    merge: Sequence[Merger] = ("concatenate",),
    dense_units: Sequence[Width] = (),
) -> keras.Model:
    """Build the model that reads two tweets with one LSTM and compares what it made of them.

    The guide's model is the default. Its last layer adds up what each tweet says alone; whether two
    are by one author is no such sum, so it learns next to nothing: choose other mergers, or
    `dense_units`.

    Args:
        length: Characters in a tweet, padding included.
        symbols: Character ids run from 0 to `symbols - 1`, 256 or less.
        lstm_units: Width of the LSTM's output.
        encoding: `one_hot` makes vectors of the ids as the guide does; `lookup` reads the rows of
            the LSTM's kernel instead: the same function and weights, faster.
        bidirectional: A second LSTM, shared too, reads each tweet from its end.
        pooling: What stands for a tweet: each LSTM's `last` state, as in the guide, whatever it
            read last; its output after the `last_character` that it reads; or the `average` or
            `maximum` of its outputs after each. Outputs at padding (id 0) are left out by these,
            on whichever side it is; padding before the characters is read all the same.
        dropout: Share of a tweet's numbers that training hides, 0 or more and below 1.
        merge: How the two vectors a and b are put together, one behind the other: `concatenate`
            (a, b), `absolute_difference` |a − b|, `product` a · b. Without `concatenate` it does
            not matter which tweet is the first.
        dense_units: Widths of dense layers (relu) before the answer.

    Inputs:
        tweet_a, tweet_b: Character ids, shape `(batch, length)`, uint8.

    Outputs:
        same: The probability that one author wrote both, shape `(batch, 1)`.

    Raises:
        ConfigError: `merge` is empty or names an unknown merger, or a byte does not hold the ids.

    Source: the Keras guide to the functional API, section on shared layers (F. Chollet).
    """
    if not 1 <= symbols <= 256:
        expected = "Expected 1 to 256: an id is a byte."
        raise ConfigError([Problem("model.symbols", f"found {symbols}", expected)])
    inputs = {
        name: keras.Input((length,), dtype="uint8", name=name) for name in ("tweet_a", "tweet_b")
    }
    directions = {"lstm": False, "lstm_backward": True} if bidirectional else {"lstm": False}
    one_hot = OneHot(symbols, name="one_hot") if encoding == "one_hot" else None

    def reader(name: str) -> LSTM:
        options = {"return_sequences": pooling != "last", "go_backwards": directions[name]}
        if one_hot:
            return LSTM(lstm_units, **options, name=name)
        return SymbolLSTM(lstm_units, symbols, **options, name=name)

    readers = [reader(name) for name in directions]
    both = layers.Concatenate(name="both_directions")
    hide = layers.Dropout(dropout, name="dropout") if dropout else None

    def read(ids: Any) -> Any:
        """Return a tweet's vector."""
        given = one_hot(ids) if one_hot else ids
        if pooling == "last":
            vectors = [reader(given) for reader in readers]
        else:
            counts = ops.expand_dims(ops.not_equal(ids, 0), -1)
            vectors = [
                POOLINGS[pooling](
                    reader(given), ops.flip(counts, 1) if reader.go_backwards else counts
                )
                for reader in readers
            ]
        vector = both(vectors) if bidirectional else vectors[0]
        return hide(vector) if hide else vector

    tweet_a, tweet_b = (read(ids) for ids in inputs.values())
    hidden = dense_layers(merged(tweet_a, tweet_b, merge), dense_units)
    same = layers.Dense(1, activation="sigmoid", name="same")(hidden)
    return keras.Model(inputs, {"same": same}, name="tweets")

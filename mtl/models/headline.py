"""The headline model: a title read by an LSTM, an auxiliary loss on it, five further inputs."""

from __future__ import annotations

from typing import Literal

import keras

from mtl.layers.lstm import LSTM
from mtl.models.parameters import Count, Width
from mtl.registry import builder


@builder("headline")
def headline(
    *,
    vocabulary_size: Width = 10_000,
    length: Width = 100,
    embedding_size: Width = 512,
    lstm_units: Width = 32,
    auxiliary_size: Width = 5,
    dense_units: Width = 64,
    dense_layers: Count = 3,
    lstm: Literal["hoisted", "keras"] = "hoisted",
) -> keras.Model:
    """Build the model that predicts a headline's success from its words and further figures.

    The title's words are embedded and read by an LSTM. One head predicts from the LSTM alone: its
    auxiliary loss trains the LSTM even while the main loss is high. The main head sees the LSTM's
    output and the auxiliary input together, through a stack of dense layers.

    Args:
        vocabulary_size: Word ids run from 0 to `vocabulary_size - 1`.
        length: Words in a title, padding included.
        embedding_size: Width of a word's vector.
        lstm_units: Width of the LSTM's output.
        auxiliary_size: Numbers in the auxiliary input.
        dense_units: Width of each dense layer.
        dense_layers: Dense layers before the main head.
        lstm: `hoisted` for `mtl.layers.LSTM`, `keras` for `keras.layers.LSTM`: the same function
            and weights, at different speed.

    Inputs:
        main_input: Word ids, shape `(batch, length)`, integers.
        aux_input: Shape `(batch, auxiliary_size)`.

    Outputs:
        main_output: A probability, shape `(batch, 1)`.
        aux_output: A probability, shape `(batch, 1)`.

    Source: the Keras guide to the functional API, section on models with several inputs and
    outputs (F. Chollet).
    """
    main_input = keras.Input((length,), dtype="int32", name="main_input")
    auxiliary_input = keras.Input((auxiliary_size,), name="aux_input")
    words = keras.layers.Embedding(vocabulary_size, embedding_size, name="embedding")(main_input)
    recurrent = LSTM if lstm == "hoisted" else keras.layers.LSTM
    title = recurrent(lstm_units, name="lstm")(words)
    auxiliary = keras.layers.Dense(1, activation="sigmoid", name="aux_output")(title)
    hidden = keras.layers.Concatenate(name="title_and_auxiliary")([title, auxiliary_input])
    for number in range(1, dense_layers + 1):
        hidden = keras.layers.Dense(dense_units, activation="relu", name=f"dense_{number}")(hidden)
    main = keras.layers.Dense(1, activation="sigmoid", name="main_output")(hidden)
    return keras.Model(
        {"main_input": main_input, "aux_input": auxiliary_input},
        {"main_output": main, "aux_output": auxiliary},
        name="headline",
    )

"""Parts that the question-answering models share: reading the question, and the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import keras
from keras import layers

from mtl.models.dense import dense_layers

Merge = Literal["concatenate", "multiply"]


def read_question(
    question: keras.KerasTensor, vocabulary_size: int, embedding_size: int, lstm_units: int
) -> keras.KerasTensor:
    """Return one vector a question, shape `(batch, lstm_units)`.

    Args:
        question: Word ids, shape `(batch, length)`.
        vocabulary_size: Ids run from 0 to `vocabulary_size - 1`.
        embedding_size: Width of a word's vector.
        lstm_units: Width of the LSTM that reads the words.
    """
    words = layers.Embedding(vocabulary_size, embedding_size, name="embedding")(question)
    return layers.LSTM(lstm_units, name="lstm")(words)


def answer(
    seen: keras.KerasTensor,
    question: keras.KerasTensor,
    *,
    merge: Merge,
    dense_units: Sequence[int],
    dropout: float,
    answers: int,
) -> keras.KerasTensor:
    """Return the probability of each answer, shape `(batch, answers)`.

    Args:
        seen: The vector of the image or video, shape `(batch, features)`.
        question: The vector of the question, shape `(batch, lstm_units)`.
        merge: `concatenate` puts one beside the other. `multiply` brings what is seen to the
            question's width by a dense layer and takes the product entry by entry, so that the
            question chooses what to look at.
        dense_units: Widths of dense layers (relu) before the answer.
        dropout: Share of the merged vector's entries that training hides.
        answers: How many there are.
    """
    if merge == "multiply":
        projected = layers.Dense(question.shape[-1], name="projection")(seen)
        merged = layers.Multiply(name="merged")([projected, question])
    else:
        merged = layers.Concatenate(name="merged")([seen, question])
    if dropout:
        merged = layers.Dropout(dropout, name="dropout")(merged)
    hidden = dense_layers(merged, dense_units)
    return layers.Dense(answers, activation="softmax", name="answer")(hidden)

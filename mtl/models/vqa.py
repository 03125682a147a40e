"""Visual question answering: an image and a question about it, answered by one word."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from mtl.models.parameters import Classes, Share, Width
from mtl.models.questions import Merge, answer, read_question
from mtl.models.vision import Padding, Pooling, image_input, vision_model
from mtl.registry import builder


@builder("vqa")
def vqa(
    *,
    height: Width = 224,
    width: Width = 224,
    channels: Width = 3,
    filters: Sequence[Width] = (64, 128, 256),
    convolutions: Sequence[Width] = (2, 2, 3),
    padding: Padding = "first",
    pooling: Pooling = "flatten",
    question_length: Width = 100,
    vocabulary_size: Width = 10_000,
    embedding_size: Width = 256,
    lstm_units: Width = 256,
    merge: Merge = "concatenate",
    dense_units: Sequence[Width] = (),
    dropout: Share = 0.0,
    answers: Classes = 1000,
) -> keras.Model:
    """Build the model that answers a question about an image.

    Blocks of convolutions make one vector of the image, an LSTM one of the question, and a softmax
    over the answers reads both.

    The guide's model is the default, but for its images, which are numbers instead of whole numbers
    from 0 to 255 (and 165 million weights). Its last layer adds up what image and question say
    alone; whether there is a red shape is no such sum, so choose `merge=multiply` or `dense_units`
    for questions of that kind.

    Args:
        height: Of the image, in pixels.
        width: Of the image, in pixels.
        channels: 1 (grey) or 3 (red, green, blue).
        filters: Of the convolutions (3 × 3, relu) of each block; a block ends with a pooling by 2.
        convolutions: How many each block has.
        padding: `same`: a convolution keeps height and width; `valid`: it takes 2 from each;
            `first`: the first of each block keeps them, the others do not.
        pooling: What makes one vector of the last block: `flatten` keeps every place; `average` and
            `maximum` over all places.
        question_length: Words in a question, padding included.
        vocabulary_size: Word ids run from 0 to `vocabulary_size - 1`.
        embedding_size: Width of a word's vector.
        lstm_units: Width of the question's vector.
        merge: `concatenate` puts the vectors of image and question side by side; `multiply` brings
            the image's to the question's width by a dense layer and multiplies them.
        dense_units: Widths of dense layers (relu) before the answer.
        dropout: Share of the merged vector's entries that training hides.
        answers: How many there are, 2 or more.

    Inputs:
        image: Whole numbers from 0 to 255, shape `(batch, height, width, channels)`, uint8.
        question: Word ids, shape `(batch, question_length)`, integers.

    Outputs:
        answer: The probability of each answer, shape `(batch, answers)`.

    Source: the Keras guide to the functional API, section on shared layers, visual question
    answering model (F. Chollet).
    """
    image = image_input("image", height, width, channels)
    question = keras.Input((question_length,), dtype="int32", name="question")
    vision = vision_model(
        (height, width, channels),
        filters=filters,
        convolutions=convolutions,
        padding=padding,
        pooling=pooling,
    )
    probabilities = answer(
        vision(image),
        read_question(question, vocabulary_size, embedding_size, lstm_units),
        merge=merge,
        dense_units=dense_units,
        dropout=dropout,
        answers=answers,
    )
    return keras.Model(
        {"image": image, "question": question}, {"answer": probabilities}, name="vqa"
    )

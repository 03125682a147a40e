"""Video question answering: the vision model on every frame, and a question about all of them."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from mtl.models.parameters import Classes, Share, Width
from mtl.models.questions import Merge, answer, read_question
from mtl.models.vision import Padding, Pooling, vision_model
from mtl.registry import builder


@builder("video_qa")
def video_qa(
    *,
    frames: Width = 100,
    height: Width = 224,
    width: Width = 224,
    channels: Width = 3,
    filters: Sequence[Width] = (64, 128, 256),
    convolutions: Sequence[Width] = (2, 2, 3),
    padding: Padding = "first",
    pooling: Pooling = "flatten",
    video_lstm_units: Width = 256,
    question_length: Width = 100,
    vocabulary_size: Width = 10_000,
    embedding_size: Width = 256,
    lstm_units: Width = 256,
    merge: Merge = "concatenate",
    dense_units: Sequence[Width] = (),
    dropout: Share = 0.0,
    answers: Classes = 1000,
) -> keras.Model:
    """Build the model that answers a question about a video.

    The vision model of `vqa` is applied to each frame, an LSTM reads the frames' vectors in order,
    the question is read by `vqa`'s encoder, and a softmax over the answers reads both. With a run
    of `vqa` as `training.initial_weights` the vision model starts from that one's, of which it has
    the names. The question encoder starts anew: it is a model in the model here, and not in `vqa`.

    The guide's model is the default, but for its frames, which are numbers instead of whole numbers
    from 0 to 255.

    Args:
        frames: In a video.
        height: Of a frame, in pixels.
        width: Of a frame, in pixels.
        channels: 1 (grey) or 3 (red, green, blue).
        filters: Of the convolutions (3 × 3, relu) of each block; a block ends with a pooling by 2.
        convolutions: How many each block has.
        padding: `same`: a convolution keeps height and width; `valid`: it takes 2 from each;
            `first`: the first of each block keeps them, the others do not.
        pooling: What makes one vector of the last block: `flatten` keeps every place; `average` and
            `maximum` over all places.
        video_lstm_units: Width of the video's vector.
        question_length: Words in a question, padding included.
        vocabulary_size: Word ids run from 0 to `vocabulary_size - 1`.
        embedding_size: Width of a word's vector.
        lstm_units: Width of the question's vector.
        merge: `concatenate` puts the vectors of video and question side by side; `multiply` brings
            the video's to the question's width by a dense layer and multiplies them.
        dense_units: Widths of dense layers (relu) before the answer.
        dropout: Share of the merged vector's entries that training hides.
        answers: How many there are, 2 or more.

    Inputs:
        video: Whole numbers from 0 to 255, shape `(batch, frames, height, width, channels)`, uint8.
        question: Word ids, shape `(batch, question_length)`, integers.

    Outputs:
        answer: The probability of each answer, shape `(batch, answers)`.

    Source: the Keras guide to the functional API, section on shared layers, video question
    answering model (F. Chollet).
    """
    video = keras.Input((frames, height, width, channels), dtype="uint8", name="video")
    question = keras.Input((question_length,), dtype="int32", name="question")
    vision = vision_model(
        (height, width, channels),
        filters=filters,
        convolutions=convolutions,
        padding=padding,
        pooling=pooling,
    )
    words = keras.Input((question_length,), dtype="int32", name="words")
    encoded = read_question(words, vocabulary_size, embedding_size, lstm_units)
    encoder = keras.Model(words, encoded, name="question_encoder")
    seen = layers.TimeDistributed(vision, name="frames")(video)
    probabilities = answer(
        layers.LSTM(video_lstm_units, name="video_lstm")(seen),
        encoder(question),
        merge=merge,
        dense_units=dense_units,
        dropout=dropout,
        answers=answers,
    )
    return keras.Model(
        {"video": video, "question": question}, {"answer": probabilities}, name="video_qa"
    )

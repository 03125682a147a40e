"""Several figures of a post from headline, page and time: linear in the words, deep in the rest."""

from __future__ import annotations

from collections.abc import Mapping

import keras
from keras import layers, ops

from mtl.errors import ConfigError, Problem
from mtl.layers.bag_of_vectors import BagOfVectors
from mtl.layers.hashed_pairs import HashedPairs
from mtl.layers.lstm import LSTM
from mtl.models.handed_in import Head, Specification, one_of_each_kind
from mtl.models.parameters import Buckets, Count, Share, Width
from mtl.registry import builder

WANTED = {
    "text": "the headline, a column of kind text",
    "index": "the page, a column of kind categorical with encoding: index",
    "features": "the time of publication, a column of kind datetime",
}


@builder("headline_engagement")
def headline_engagement(
    inputs: Mapping[str, Specification],
    tasks: Mapping[str, Head],
    *,
    words_scale: float = 6.0,
    pairs_scale: float = 2.0,
    page_words_scale: float = 3.0,
    pair_distance: Count = 2,
    pair_buckets: Buckets = 262_144,
    page_word_buckets: Buckets = 262_144,
    page_size: Width = 32,
    context_units: Width = 256,
    context_layers: Count = 2,
    context_dropout: Share = 0.2,
    embedding_size: Width = 32,
    lstm_units: Width = 32,
    word_dropout: Share = 0.4,
    embedding_dropout: Share = 0.5,
    lstm_dropout: Share = 0.5,
) -> keras.Model:
    """Build the model that predicts several figures of a post, its reactions and shares.

    A main output is the activation of a wide plus a deep part.

    * Wide, linear: a weight for each word, for each pair of words near each other and for each word
      on a page, as the same word says something else on another page. Each is added up over the
      headline (`BagOfVectors`); pairs of ids are hashed (`HashedPairs`); weights start at zero.
    * Deep: a dense layer on the context (page, time and length of the headline through a stack of
      dense layers), on the headline as an LSTM reads it, and on the latter times a vector of the
      page.

    An auxiliary output is a dense layer on the LSTM, and knows nothing but the headline.

    Args:
        inputs: The data's specifications: one of kind `text`, one of kind `index` (the page), one
            of kind `features` (the time), under any names.
        tasks: One with `auxiliary_of` has its head on the LSTM, any other on everything.
        words_scale: Multiplies what the words' weights add up to; see `BagOfVectors`.
        pairs_scale: The same for pairs of words.
        page_words_scale: The same for words on a page.
        pair_distance: Words up to this many places apart are a pair; 0: no pairs.
        pair_buckets: Rows of the table of pairs, 2 or more. In a small one, pairs share rows.
        page_word_buckets: Rows of the table of words on a page, 2 or more.
        page_size: Width of a page's embedding.
        context_units: Width of each dense layer on the context.
        context_layers: How many of these there are, 0 or more.
        context_dropout: Dropout after each of these.
        embedding_size: Width of a word's vector, as the LSTM reads it.
        lstm_units: Width of the LSTM's output.
        word_dropout: Share of the words that training hides from the LSTM.
        embedding_dropout: Share of the vectors' entries that it hides, the same for every word.
        lstm_dropout: Share of the LSTM's outputs that it hides from the main heads.

    Inputs:
        The headline: word ids, shape `(batch, length)`, 0 is padding, best on the left.
        The page: ids, shape `(batch,)`, 0 is an unknown page.
        The time: shape `(batch, width)`.

    Outputs:
        Each task's, by name, shape `(batch, units)`.

    Raises:
        ConfigError: An input is missing, two are of one kind, one is of another kind, or every task
            is an auxiliary one.

    Source: the Keras guide to the functional API for the auxiliary heads; Cheng et al. 2016, Wide &
    Deep Learning for Recommender Systems, for the two parts; Wang and Manning 2012, Baselines and
    Bigrams, for the pairs; Weinberger et al. 2009, Feature Hashing, for words on a page; Iyyer et
    al. 2015, Deep Unordered Composition, for hiding words.
    """
    main, auxiliary = _main_and_auxiliary(tasks)
    names, problems = one_of_each_kind(inputs, WANTED)
    if not main:
        found, expected = "every task is an auxiliary one", "Expected one without auxiliary_of."
        problems.append(Problem("tasks", found, expected))
    if problems:
        raise ConfigError(problems)
    given = {
        name: keras.Input(inputs[name].shape, dtype=inputs[name].dtype, name=name)
        for name in names.values()
    }
    words, page, time = (given[names[kind]] for kind in WANTED)
    vocabulary_size, pages = (inputs[names[kind]].vocabulary_size for kind in ("text", "index"))

    vectors = layers.Embedding(vocabulary_size, embedding_size, name="word_vectors")(words)
    hidden_words = layers.Dropout(word_dropout, noise_shape=(None, None, 1), name="hidden_words")
    vectors = layers.SpatialDropout1D(embedding_dropout)(hidden_words(vectors))
    headline = LSTM(lstm_units, name="lstm")(vectors)
    outputs = {
        task.name: layers.Dense(task.units, activation=task.activation, name=task.name)(headline)
        for task in auxiliary
    }

    headline = layers.Dropout(lstm_dropout)(headline)
    page_gate = layers.Embedding(pages, lstm_units, name="page_gate")(page)
    context = layers.Embedding(pages, page_size, name="page_vector")(page)
    context = layers.Concatenate(name="context")([context, time, _length(words)])
    for number in range(1, context_layers + 1):
        context = layers.Dense(context_units, "relu", name=f"context_{number}")(context)
        context = layers.Dropout(context_dropout)(context)
    deep = layers.Concatenate(name="deep")([context, headline, headline * page_gate])

    pairs = _pairs(words, pair_distance, pair_buckets)
    hashed = HashedPairs(page_word_buckets, name="hashed_page_words")
    page_words = hashed(words, ops.expand_dims(page, -1))
    units = sum(task.units for task in main)
    parts = [
        _linear("words", words, vocabulary_size, units, words_scale),
        _linear("page_words", page_words, page_word_buckets, units, page_words_scale),
    ]
    if pairs is not None:
        parts.append(_linear("pairs", pairs, pair_buckets, units, pairs_scale))
    wide = layers.Add(name="wide")(parts)

    start = 0
    for task in main:
        own = wide[:, start : start + task.units]
        score = layers.Dense(task.units, name=f"{task.name}_deep")(deep) + own
        outputs[task.name] = layers.Activation(task.activation, name=task.name)(score)
        start += task.units
    return keras.Model(given, {name: outputs[name] for name in tasks}, name="headline_engagement")


def _main_and_auxiliary(tasks: Mapping[str, Head]) -> tuple[list[Head], list[Head]]:
    main = [task for task in tasks.values() if task.auxiliary_of is None]
    return main, [task for task in tasks.values() if task.auxiliary_of is not None]


def _length(words: keras.KerasTensor) -> keras.KerasTensor:
    """Return the root of the number of words, less 3, as most headlines have about nine."""
    counts = ops.cast(ops.not_equal(words, 0), keras.config.floatx())
    return ops.sqrt(ops.sum(counts, axis=1, keepdims=True)) - 3.0


def _pairs(words: keras.KerasTensor, distance: int, buckets: int) -> keras.KerasTensor | None:
    """Return the ids of all pairs of words up to `distance` places apart, if there are any."""
    hashed = HashedPairs(buckets, name="hashed_word_pairs")
    found = [
        hashed(words[:, :-apart], words[:, apart:])
        for apart in range(1, min(distance, words.shape[1] - 1) + 1)
    ]
    return ops.concatenate(found, axis=1) if found else None


def _linear(
    name: str, ids: keras.KerasTensor, size: int | None, units: int, scale: float
) -> keras.KerasTensor:
    """Return the sum of a weight for each id and unit."""
    weights = layers.Embedding(size, units, embeddings_initializer="zeros", name=f"{name}_weights")
    return BagOfVectors(scale, name=name)(weights(ids), ids)

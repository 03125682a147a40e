"""What columns of words and of characters share: strings to padded ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import polars as pl

from mtl.data.columns.base import Fitted, refuse_all_missing
from mtl.data.raw import to_strings
from mtl.errors import DataError
from mtl.layers.padding import LeftPadding

STANDARDIZATIONS = ("lower_and_strip_punctuation", "lower", "strip_punctuation", None)
PADDINGS = ("left", "right")
_ADAPT_ROWS = 8192
_RESERVED = ("", "[UNK]")


def wrong_sequence_options(
    vocabulary_size: Any, length: Any, padding: Any, standardize: Any
) -> Iterator[tuple[str, str]]:
    """Yield each option of a sequence that is wrong, with what is expected."""
    for name, value, least in (("vocabulary_size", vocabulary_size, 3), ("length", length, 1)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            yield name, f"Expected a whole number of {least} or more."
    if padding not in PADDINGS:
        yield "padding", "Expected left or right."
    if standardize not in STANDARDIZATIONS:
        names = ", ".join("null" if name is None else name for name in STANDARDIZATIONS)
        yield "standardize", f"Expected one of: {names}."


def fit_sequence(
    training: pl.Series,
    *,
    split: str,
    vocabulary_size: int,
    length: int,
    padding: str,
    standardize: str | None,
) -> Fitted:
    """Learn a vocabulary, most frequent entries first; 0 is padding, 1 is anything else.

    Raises:
        DataError: No entry is found.
    """
    refuse_all_missing(training)
    options = {"standardize": standardize, "split": split, "output_sequence_length": length}
    counting = keras.layers.TextVectorization(max_tokens=vocabulary_size, **options)
    counting.adapt(to_strings(training), batch_size=_ADAPT_ROWS)
    vocabulary = counting.get_vocabulary(include_special_tokens=False)
    vocabulary = [entry for entry in vocabulary if entry not in _RESERVED]
    if not vocabulary:
        raise DataError(
            f"No word is left of column {training.name!r} in its {len(training)} training rows "
            f"(first: {training.drop_nulls()[0]!r}, standardize: {standardize}). Expected text."
        )
    # Keras writes an adapted vocabulary to a text file, one entry a line, and cannot read back
    # entries that are line ends themselves; one that is given travels in the layer's config.
    vectorization = keras.layers.TextVectorization(vocabulary=vocabulary, **options)
    layers = (vectorization, LeftPadding()) if padding == "left" else (vectorization,)
    return Fitted(layers, len(vocabulary) + len(_RESERVED))

"""What columns of words and of characters share: strings to padded ids."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Names
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import keras
import numpy as np
import polars as pl

from mtl.data.columns.base import Column, Fitted, refuse_all_missing
from mtl.data.raw import to_strings
from mtl.errors import DataError
from mtl.layers.padding import LeftPadding
from mtl.layers.remove_urls import RemoveURLs

STANDARDIZATIONS = ("lower_and_strip_punctuation", "lower", "strip_punctuation", None)
PADDINGS = ("left", "right")
_ADAPT_ROWS = 8192
_RESERVED = ("", "[UNK]")


@dataclass(frozen=True, kw_only=True)
class Sequence(Column):
    """What `Text` and `Characters` have in common.

    Attributes:
        vocabulary_size: Ids at most, padding and unknown included; 3 or more.
        length: Ids a row.
        padding: `left`, so that a recurrent layer ends on the last id, or `right`.
        standardize: What is done to the text before it is split, or null for nothing.
        remove_urls: Whether web addresses are taken out before all else.
        vocabulary_from: The columns that the vocabulary is learnt from, so that several columns
            have the same ids, as a shared layer needs it; null for the column itself.
    """

    split: ClassVar[str]
    vocabulary_size: int = 10_000
    length: int = 100
    padding: Literal["left", "right"] = "left"
    standardize: Literal["lower_and_strip_punctuation", "lower", "strip_punctuation"] | None = None
    remove_urls: bool = False
    vocabulary_from: Names[str] | None = None

    def learns_from(self, name: str) -> Names[str]:
        """Return the columns that the vocabulary is learnt from."""
        return [name] if self.vocabulary_from is None else self.vocabulary_from

    def wrong_options(self) -> Iterator[tuple[str, str]]:
        """Yield each option whose value is wrong, with what is expected."""
        for name, least in (("vocabulary_size", 3), ("length", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                yield name, f"Expected a whole number of {least} or more."
        if self.padding not in PADDINGS:
            yield "padding", "Expected left or right."
        if self.standardize not in STANDARDIZATIONS:
            names = ", ".join("null" if name is None else name for name in STANDARDIZATIONS)
            yield "standardize", f"Expected one of: {names}."
        if self.remove_urls not in (True, False):
            yield "remove_urls", "Expected true or false."
        columns = self.vocabulary_from
        listed = isinstance(columns, list | tuple) and len(columns) > 0
        if columns is not None and not (listed and all(isinstance(name, str) for name in columns)):
            yield "vocabulary_from", "Expected a list of columns, or null for the column itself."

    def fit(self, training: pl.Series, target: np.ndarray | None) -> Fitted:
        """Learn the vocabulary, most frequent entries first; 0 is padding, 1 is anything else.

        Raises:
            DataError: The rows hold no entry.
        """
        refuse_all_missing(training)
        before = (RemoveURLs(),) if self.remove_urls else ()
        vocabulary = self._vocabulary(training, before)
        vectorization = self._vectorization(vocabulary=vocabulary)
        after = (LeftPadding(),) if self.padding == "left" else ()
        return Fitted((*before, vectorization, *after), len(vocabulary) + len(_RESERVED))

    def _vocabulary(self, training: pl.Series, before: tuple[keras.layers.Layer, ...]) -> list[str]:
        counting = self._vectorization(max_tokens=self.vocabulary_size)
        text = to_strings(training)
        for layer in before:
            text = np.asarray(layer(text))
        counting.adapt(text, batch_size=_ADAPT_ROWS)
        vocabulary = counting.get_vocabulary(include_special_tokens=False)
        vocabulary = [entry for entry in vocabulary if entry not in _RESERVED]
        if not vocabulary:
            raise DataError(
                f"No word is left of column {training.name!r} in its {len(training)} training rows "
                f"(first: {training.drop_nulls()[0]!r}, standardize: {self.standardize}). Expected "
                "text."
            )
        return vocabulary

    def _vectorization(self, **options: Any) -> keras.layers.TextVectorization:
        # Keras writes an adapted vocabulary to a text file, one entry a line, and cannot read back
        # entries that are line ends themselves; one that is given travels in the layer's config.
        return keras.layers.TextVectorization(
            standardize=self.standardize,
            split=self.split,
            output_sequence_length=self.length,
            **options,
        )

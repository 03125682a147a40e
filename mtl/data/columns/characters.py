"""Text as a sequence of character ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from mtl.data.columns.base import Column, Fitted, Form
from mtl.data.columns.sequences import fit_sequence, wrong_sequence_options


@dataclass(frozen=True, kw_only=True)
class Characters(Column):
    """Characters as ids: 0 is padding, 1 a character outside the vocabulary, others by frequency.

    Missing text is a sequence of padding. Longer texts lose their end.

    Attributes:
        vocabulary_size: Ids at most, padding and unknown included; 3 or more.
        length: Characters a row.
        padding: `left`, so that a recurrent layer ends on the last character, or `right`.
        standardize: As for `text`; null keeps case and punctuation.
    """

    kind: ClassVar[str] = "characters"
    vocabulary_size: int = 256
    length: int = 280
    padding: Literal["left", "right"] = "left"
    standardize: Literal["lower_and_strip_punctuation", "lower", "strip_punctuation"] | None = None

    @property
    def form(self) -> Form:
        """Character ids."""
        return "characters"

    def wrong_options(self) -> Iterator[tuple[str, str]]:
        """Yield each option whose value is wrong, with what is expected."""
        return wrong_sequence_options(
            self.vocabulary_size, self.length, self.padding, self.standardize
        )

    def fit(self, training: pl.Series, target: np.ndarray | None) -> Fitted:
        """Learn the vocabulary.

        Raises:
            DataError: The rows hold no characters.
        """
        return fit_sequence(
            training,
            split="character",
            vocabulary_size=self.vocabulary_size,
            length=self.length,
            padding=self.padding,
            standardize=self.standardize,
        )

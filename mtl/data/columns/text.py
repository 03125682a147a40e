"""Text as a sequence of word ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from mtl.data.columns.base import Column, Fitted, Form
from mtl.data.columns.sequences import fit_sequence, wrong_sequence_options
from mtl.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Text(Column):
    """Words as ids: 0 is padding, 1 a word outside the vocabulary, the others by frequency.

    Missing text is a sequence of padding. Longer texts lose their end.

    Attributes:
        vocabulary_size: Ids at most, padding and unknown included; 3 or more.
        length: Words a row.
        padding: `left`, so that a recurrent layer ends on the last word, or `right`.
        standardize: Before splitting at white space: `lower_and_strip_punctuation`, `lower`,
            `strip_punctuation` or null for nothing.
    """

    kind: ClassVar[str] = "text"
    vocabulary_size: int = 10_000
    length: int = 100
    padding: Literal["left", "right"] = "left"
    standardize: Literal["lower_and_strip_punctuation", "lower", "strip_punctuation"] | None = (
        "lower_and_strip_punctuation"
    )

    @property
    def form(self) -> Form:
        """Word ids."""
        return "text"

    def wrong_options(self) -> Iterator[tuple[str, str]]:
        """Yield each option whose value is wrong, with what is expected."""
        return wrong_sequence_options(
            self.vocabulary_size, self.length, self.padding, self.standardize
        )

    def fit(self, training: pl.Series, target: np.ndarray | None) -> Fitted:
        """Learn the vocabulary.

        Raises:
            DataError: The rows hold no words, or nothing but numbers.
        """
        if _all_numbers(training):
            raise DataError(
                f"Column {training.name!r} is of kind text, and every training row is a number "
                f"(first: {training.drop_nulls()[0]!r}). Expected words: for numbers set "
                f"data.columns.{training.name}.kind to numeric, for codes to categorical."
            )
        return fit_sequence(
            training,
            split="whitespace",
            vocabulary_size=self.vocabulary_size,
            length=self.length,
            padding=self.padding,
            standardize=self.standardize,
        )


def _all_numbers(series: pl.Series) -> bool:
    values = series.drop_nulls()
    if values.dtype == pl.String:
        values = values.str.strip_chars()
        values = values.filter(values != "").cast(pl.Float64, strict=False)
    return len(values) > 0 and values.dtype.is_numeric() and values.null_count() == 0

"""Text as a sequence of character ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mtl.data.columns.base import Form
from mtl.data.columns.sequences import Sequence


@dataclass(frozen=True, kw_only=True)
class Characters(Sequence):
    """Characters as ids: 0 is padding, 1 a character outside the vocabulary, others by frequency.

    Missing text is a sequence of padding. Longer texts lose their end. At most 256 ids are kept in
    a byte each. `standardize` keeps case and punctuation by default.
    """

    kind: ClassVar[str] = "characters"
    split: ClassVar[str] = "character"
    vocabulary_size: int = 256
    length: int = 280

    @property
    def form(self) -> Form:
        """Character ids."""
        return "characters"

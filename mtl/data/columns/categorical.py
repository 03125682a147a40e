"""Categories as ids, as indicators or as the mean of a target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import keras
import numpy as np
import polars as pl

from mtl.data.columns.base import Column, Fitted, Form, refuse_all_missing
from mtl.data.raw import MISSING_NUMBER, is_text
from mtl.errors import DataError
from mtl.layers.category_mean import CategoryMean

ENCODINGS = ("index", "one_hot", "target_mean")
_UNKNOWN: dict[str, str | int] = {"string": "[UNK]", "int64": MISSING_NUMBER + 1}


@dataclass(frozen=True, kw_only=True)
class Categorical(Column):
    """A category. Those that the training rows lack are one, the unknown category.

    A missing value is a category of its own where the training rows have missing values, and else
    unknown. Whole numbers stay numbers, everything else is read as text, `True` and `False` as
    `true` and `false`, which is how a table's booleans are spelt.

    Attributes:
        encoding: `index` for one id (0 unknown, then by frequency), `one_hot` for one feature a
            category (the first is the unknown one), `target_mean` for the mean of a task's encoded
            target over the category's training rows (the overall mean for unknown ones).
        of: The task that `target_mean` reads; null for the first main task.
        vocabulary_size: Categories at most, the unknown one included; null for all.
        smoothing: For `target_mean`: the overall mean counts as this many further rows of each
            category, 0 or more.
    """

    kind: ClassVar[str] = "categorical"
    encoding: Literal["index", "one_hot", "target_mean"] = "index"
    of: str | None = None
    vocabulary_size: int | None = None
    smoothing: float = 0.0

    @property
    def form(self) -> Form:
        """An id, or features."""
        return "index" if self.encoding == "index" else "features"

    def wrong_options(self) -> Iterator[tuple[str, str]]:
        """Yield each option whose value is wrong, with what is expected."""
        if self.encoding not in ENCODINGS:
            yield "encoding", f"Expected one of: {', '.join(ENCODINGS)}."
        size = self.vocabulary_size
        if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 2):
            yield "vocabulary_size", "Expected a whole number of 2 or more, or null."
        number = isinstance(self.smoothing, int | float) and not isinstance(self.smoothing, bool)
        if not number or not 0 <= self.smoothing < float("inf"):
            yield "smoothing", "Expected a number of 0 or more."

    def raw_dtype(self, training: pl.Series) -> str:
        """Return `int64` for whole numbers, also for floats without fractions, else `string`."""
        if training.dtype.is_integer():
            return "int64"
        if training.dtype.is_float():
            known = training.drop_nulls().drop_nans()
            return "int64" if len(known) and (known == known.floor()).all() else "string"
        return "string"

    def raw(self, series: pl.Series, dtype: str) -> np.ndarray:
        """Return the categories of any rows; a text that spells a boolean is that boolean.

        Raises:
            DataError: A value is no whole number, where the training rows hold nothing else.
        """
        if dtype == "string" and is_text(series):
            series = series.replace({"True": "true", "False": "false"})
        return super().raw(series, dtype)

    def fit(self, training: pl.Series, target: np.ndarray | None) -> Fitted:
        """Learn the categories, and for `target_mean` their means.

        Raises:
            DataError: The rows hold no category, or no row has a label.
        """
        refuse_all_missing(training)
        dtype = self.raw_dtype(training)
        values = self.raw(training, dtype)
        lookup = self._lookup(values, dtype)
        size = lookup.vocabulary_size()
        if self.encoding != "target_mean":
            return Fitted((lookup,), size if self.encoding == "index" else None)
        if target is None:
            raise DataError(
                f"Column {training.name!r} has the encoding target_mean and there is no task to "
                "take the mean of. Expected a task, or another encoding: index, one_hot."
            )
        ids = np.asarray(lookup(values))
        means = _means(training.name, ids, target, size, self.smoothing)
        return Fitted((lookup, CategoryMean(means)))

    def _lookup(self, values: np.ndarray, dtype: str) -> keras.layers.Layer:
        given = pl.Series("value", values, strict=False)
        counts = given.filter(given != _UNKNOWN[dtype]).value_counts()
        ordered = counts.sort(["count", "value"], descending=[True, False])["value"]
        if self.vocabulary_size is not None:
            ordered = ordered.head(self.vocabulary_size - 1)
        mode = "one_hot" if self.encoding == "one_hot" else "int"
        layer = keras.layers.IntegerLookup if dtype == "int64" else keras.layers.StringLookup
        return layer(vocabulary=ordered.to_list(), oov_token=_UNKNOWN[dtype], output_mode=mode)


def _means(
    column: str, ids: np.ndarray, target: np.ndarray, size: int, smoothing: float
) -> list[list[float]]:
    """Return the mean labels of each id: one row an id, one entry a label."""
    labels = np.asarray(target, np.float64).reshape(len(ids), -1)
    known = ~np.isnan(labels)
    filled = np.where(known, labels, 0.0)
    if not known.any(axis=0).all():
        raise DataError(
            f"Column {column!r} has the encoding target_mean and no training row has a label. "
            "Expected labels, or another encoding: index, one_hot."
        )
    overall = filled.sum(axis=0) / known.sum(axis=0)
    sums, counts = np.zeros((size, labels.shape[1])), np.zeros((size, labels.shape[1]))
    np.add.at(sums, ids, filled)
    np.add.at(counts, ids, known)
    counts += smoothing
    means = np.where(counts > 0, (sums + smoothing * overall) / np.maximum(counts, 1e-30), overall)
    means[0] = overall
    return means.tolist()

"""Any number of labels at once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from mtl.registry import kind
from mtl.tasks.kinds.base import Kind
from mtl.tasks.names import MULTILABEL
from mtl.tasks.options import TaskOptions
from mtl.tasks.targets import Targets

logger = logging.getLogger(__name__)


@kind("multilabel")
@dataclass(frozen=True)
class Multilabel(Kind):
    """Each label holds or does not; the head gives each label's probability, `(rows, labels)`.

    The target is a list of columns of 0 and 1 (a missing entry is missing for that label only), or
    one column of lists, or one text column with a `separator` between labels (a missing row is
    missing for every label, an empty one has none). Labels of a single column are sorted; one that
    the training split lacks is left out later, with a warning.

    Attributes:
        labels: The labels.
        separator: What stands between two labels of a text column.
    """

    names = MULTILABEL
    activation = "sigmoid"

    labels: tuple[str, ...]
    separator: str | None = None

    @classmethod
    def fit(cls, options: TaskOptions, targets: Targets) -> Self:
        """Find the labels; see `Kind.fit`."""
        labels = options.target
        if len(labels) == 1:
            lists = _lists(labels[0], options.separator, targets)
            labels = tuple(sorted(lists.explode().drop_nulls().unique().to_list()))
            if lists.null_count() == len(lists):
                found = f"all {len(lists)} labels of column {options.target[0]!r} are missing"
                raise targets.error(found, "Expected at least one label in the training split.")
            if not labels:
                found = f"no row of column {options.target[0]!r} has a label"
                raise targets.error(found, "Expected at least one label in the training split.")
        elif options.separator is not None:
            found = "found it with several columns"
            raise targets.error(found, "Remove it: it is for one column of text.", "separator")
        fitted = cls(options.name, options.target, labels, options.separator)
        fitted._check_variation(fitted.encode(targets), targets)
        return fitted

    def encode(self, targets: Targets) -> np.ndarray:
        """Return 1 where a label holds and 0 where not, shape `(rows, labels)`."""
        if len(self.columns) > 1:
            return np.stack([_flags(column, targets) for column in self.columns], axis=1)
        lists = _lists(self.columns[0], self.separator, targets)
        labels = lists.explode()
        unknown = labels.filter(labels.is_not_null() & ~labels.is_in(list(self.labels)))
        targets.warn_of_unknown(self.columns[0], unknown)
        columns = [lists.list.contains(label).cast(pl.Float32) for label in self.labels]
        filled = [column.fill_null(np.nan).to_numpy() for column in columns]
        return np.stack(filled, axis=1).astype(np.float32)

    def decode(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """Return `<task>`, the labels above 0.5 as one text, and `<task>_probability_<label>`."""
        separator = self.separator or "|"
        chosen = predictions > 0.5
        texts = [separator.join(np.array(self.labels)[row]) for row in chosen]
        return {
            self.task: np.array(texts, dtype=object),
            **{
                f"{self.task}_probability_{label}": predictions[:, position]
                for position, label in enumerate(self.labels)
            },
        }

    @property
    def units(self) -> int:
        """The number of labels."""
        return len(self.labels)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels."""
        return self.labels

    def _check_variation(self, encoded: np.ndarray, targets: Targets) -> None:
        counts = np.sum(~np.isnan(encoded), axis=0)
        sums = np.nansum(encoded, axis=0)
        if not counts.any():
            found = f"all labels of columns {', '.join(self.columns)} are missing"
            raise targets.error(found, "Expected at least one label in the training split.")
        constant = (sums == 0) | (sums == counts)
        if constant.all():
            found = "no label is both present and absent in the training split"
            raise targets.error(found, "Expected at least one label that varies.")
        if constant.any():
            listing = ", ".join(np.array(self.labels)[constant])
            message = "tasks.%s: in the training split these labels do not vary: %s."
            logger.warning(message, self.task, listing)


def _flags(column: str, targets: Targets) -> np.ndarray:
    values = targets.numbers(column)
    wrong = np.flatnonzero(~np.isnan(values) & (values != 0) & (values != 1))
    if len(wrong):
        found = f"{values[wrong[0]]:g} in column {column!r}, {targets.row(wrong[0])}"
        raise targets.error(found, "Expected 0 or 1, or nothing where it is unknown.")
    return values.astype(np.float32)


def _lists(column: str, separator: str | None, targets: Targets) -> pl.Series:
    """Return the labels of each row as a list of texts without blanks around them."""
    series = targets.series(column)
    if isinstance(series.dtype, pl.List | pl.Array):
        if separator is not None:
            found = f"found it with column {column!r}, which holds lists"
            raise targets.error(found, "Remove it: it is for one column of text.", "separator")
        return series.cast(pl.List(pl.String)).list.drop_nulls()
    if series.dtype not in (pl.String, pl.Null, pl.Categorical, pl.Enum):
        found = f"the column {column!r} is of type {series.dtype}"
        expected = "Expected a list of columns of 0 and 1, a column of lists, or one of text."
        raise targets.error(found, expected)
    if separator is None:
        found = f"found nothing, and the column {column!r} is text"
        expected = "Expected the text between two labels, for example `|`."
        raise targets.error(found, expected, "separator")
    parts = series.cast(pl.String).str.split(separator)
    return parts.list.eval(pl.element().str.strip_chars()).list.eval(
        pl.element().filter(pl.element() != "")
    )

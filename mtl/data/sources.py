"""Batches that hold rows of one source each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mtl.config.check.wording import some_of
from mtl.errors import DataError
from mtl.sampling import Distribution

# Of a few rows of its own a batch holds the same ones again and again. Where there are no more
# sources than these they may be as small as they are: a table to try things out with.
ROWS_OF_A_SOURCE = 10
FEW_SOURCES = 10


def refuse_many(column: pl.Series) -> None:
    """Refuse a column that rather measures or numbers its rows than says where they are from.

    Args:
        column: The source of each row of the table.

    Raises:
        DataError: It has more than 10 different values, with fewer than 10 rows each on average.
    """
    values = _names(column).drop_nulls()
    count = values.n_unique()
    if count <= FEW_SOURCES or len(values) >= ROWS_OF_A_SOURCE * count:
        return
    found = some_of(values.unique(maintain_order=True).to_list(), 3)
    raise DataError(
        f"Column {column.name!r} has {count} different values in {len(values)} rows,"
        f" {len(values) / count:.1f} rows each on average: {found}. Expected the name of each row's"
        f" source, with {ROWS_OF_A_SOURCE} rows or more of each on average: a batch has rows of one"
        " source alone, and would hold the same few again and again."
    )


def _names(column: pl.Series) -> pl.Series:
    """Return each row's source as text, null where it has none."""
    values = column.fill_nan(None) if column.dtype.is_float() else column
    return values.cast(pl.String)


@dataclass(frozen=True)
class Sources:
    """The rows of several sources, of which each batch draws one.

    The source of a batch is drawn anew, with a probability that may grow with its number of rows.
    Its rows are gone through in an order of their own until all had their turn, over the end of an
    epoch too, and then in a new order. Everything depends on the seed and the epoch alone.

    Attributes:
        names: The sources.
        rows: The row numbers of each.
        distribution: How likely each is drawn.
        seed: Of draws and orders.
        shuffle: Whether the orders are drawn; else rows keep theirs.
    """

    names: Sequence[str]
    rows: Sequence[np.ndarray]
    distribution: Distribution
    seed: int
    shuffle: bool = True

    @classmethod
    def of(
        cls, column: pl.Series, distribution: Distribution, *, seed: int, shuffle: bool = True
    ) -> Sources:
        """Tell the sources apart by the values of a column.

        Args:
            column: Each row's source.
            distribution: How likely each is drawn.
            seed: Of draws and orders.
            shuffle: Whether the orders are drawn.

        Raises:
            DataError: A row has no source.
        """
        values = _names(column)
        if values.null_count():
            raise DataError(
                f"Column {column.name!r} is empty in {values.null_count()} of the {len(values)}"
                f" training rows, the first of them row {values.is_null().arg_max()} of these."
                " Expected the source of each row: fill it in, or leave those rows out."
            )
        names = sorted(values.unique().to_list())
        rows = [np.flatnonzero((values == name).to_numpy()) for name in names]
        return cls(names, rows, distribution, seed, shuffle)

    @property
    def sizes(self) -> np.ndarray:
        """The number of each source's rows."""
        return np.array([len(rows) for rows in self.rows])

    def drawn(self, epoch: int, batches: int) -> np.ndarray:
        """Return the position of each batch's source, shape `(batches,)`.

        Args:
            epoch: Counted from 1.
            batches: Those of the epoch.
        """
        random = np.random.default_rng((self.seed, epoch, 0))
        chances = self.distribution.probabilities(self.sizes, epoch - 1)
        return random.choice(len(self.names), size=batches, p=chances)

    @property
    def shares(self) -> np.ndarray:
        """How many of all batches are of each source on average, as a fraction of 1."""
        return np.asarray(self.distribution.by_epoch(self.sizes).mean(axis=0))

    def order(self, epoch: int, batches: int, batch_size: int) -> np.ndarray:
        """Return the row numbers of an epoch's batches, shape `(batches, batch_size)`.

        Args:
            epoch: Counted from 1; those before it had as many batches.
            batches: How many.
            batch_size: Rows in each. Of a source with fewer rows a batch holds rows repeatedly.
        """
        before = [self.drawn(each, batches) for each in range(1, epoch)]
        past = np.bincount(np.concatenate([np.zeros(0, int), *before]), minlength=len(self.names))
        drawn = self.drawn(epoch, batches)
        found = np.zeros((batches, batch_size), np.int64)
        for source in range(len(self.names)):
            wanted = np.flatnonzero(drawn == source)
            start, count = int(past[source]) * batch_size, len(wanted) * batch_size
            found[wanted] = self._taken(source, start, count).reshape(-1, batch_size)
        return found

    def _taken(self, source: int, start: int, count: int) -> np.ndarray:
        """Return rows of a source from a place in the sequence of all its orders."""
        rows = self.rows[source]
        first, last = start // len(rows), (start + count) // len(rows)
        orders = [self._permuted(source, each) for each in range(first, last + 1)]
        begin = start - first * len(rows)
        return np.concatenate(orders)[begin : begin + count]

    def _permuted(self, source: int, turn: int) -> np.ndarray:
        rows = self.rows[source]
        if not self.shuffle:
            return rows
        return np.random.default_rng((self.seed, turn, 1, source)).permutation(rows)

    def notes(self, batch_size: int) -> list[str]:
        """Return sentences about the sources, for the log and the console."""
        sized = [f"{name} ({size})" for name, size in zip(self.names, self.sizes, strict=True)]
        found = [f"Each batch holds rows of one source: {some_of(sized)}."]
        small = [n for n, size in zip(self.names, self.sizes, strict=True) if size < batch_size]
        if small:
            found.append(
                f"Fewer rows than a batch of {batch_size}, so that a batch holds some of them"
                f" repeatedly: {some_of(small)}."
            )
        return found

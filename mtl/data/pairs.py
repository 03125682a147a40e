"""Pairs of rows: do both belong to the same group?"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from mtl.config.check.sections import SIDES
from mtl.data.raw import is_empty
from mtl.data.ways_to_split import SPLITS
from mtl.errors import ConfigError, DataError, Problem, nearest

SAME = "same"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pairs:
    """Draws pairs of the rows of one split, as many of one group as of two.

    The first row of a pair is any row, each as often as another; the second is any other row of its
    group, or any row of other groups. A row is never paired with itself (with another row of the
    same content it may be), and one without a group not at all. For a pair of one group, rows that
    are alone in theirs are left out.

    Args:
        rows: The rows.
        group: The column that says to which group a row belongs.
        count: How many pairs a draw gives; an odd one has one pair more of two groups.
        seed: The draws'.

    Raises:
        DataError: There are no two groups, or no group of two rows.
    """

    rows: pl.DataFrame
    group: str
    count: int
    seed: tuple[int, ...]

    def __post_init__(self) -> None:
        groups = self.rows[self.group].drop_nulls()
        sizes = groups.rename("group").value_counts(name="count")["count"].to_numpy()
        largest = int(sizes.max(initial=0))
        if len(sizes) < 2 or largest < 2:
            raise DataError(
                f"Pairs cannot be drawn: {len(self.rows)} rows have {len(sizes)} values of the "
                f"column {self.group!r}, the most frequent {largest} times. Expected two "
                "groups or more in each split, one of them of two rows or more (data.pairs.group, "
                "data.split)."
            )

    def draw(self, number: int) -> pl.DataFrame:
        """Return pairs in random order: the columns of both rows, and whether they are of a group.

        Args:
            number: Of the draw; each has pairs of its own.
        """
        random = np.random.default_rng((*self.seed, number))
        known = np.flatnonzero(self.rows[self.group].is_not_null().to_numpy())
        codes = self.rows[self.group][known].rank("dense").to_numpy().astype(np.int64) - 1
        by_group = np.argsort(codes, kind="stable")
        sizes = np.bincount(codes)
        starts = np.cumsum(sizes) - sizes
        same = np.arange(self.count) < self.count // 2
        places = random.integers(len(known), size=self.count)
        together = np.flatnonzero(sizes[codes[by_group]] > 1)
        places[same] = random.choice(together, size=int(same.sum()))
        groups = codes[by_group][places]
        size, start = sizes[groups], starts[groups]
        # Places are numbered group by group. Another place of the same group is some steps on, in
        # a circle; one of other groups is any place with the group's own cut out.
        steps = 1 + random.integers(np.where(same, np.maximum(size - 1, 1), 1))
        within = start + (places - start + steps) % size
        others = random.integers(len(known) - size)
        beside = np.where(others < start, others, others + size)
        second = np.where(same, within, beside)
        order = random.permutation(self.count)
        rows = known[by_group]
        first, second = rows[places[order]], rows[second[order]]
        pairs = both_sides(self.rows[first], self.rows[second])
        return pairs.with_columns(pl.Series(SAME, same[order]))


def with_group(
    table: pl.DataFrame, pairs: Mapping[str, Any], names: Collection[str]
) -> pl.DataFrame:
    """Return the rows that belong to a group: the others are in no pair.

    Args:
        table: Rows.
        pairs: The section `data.pairs`.
        names: All columns that `group` may name, of which the table may have only some.

    Raises:
        ConfigError: There is no such column.
    """
    group = pairs.get("group")
    if group not in table.columns:
        found = f"the table has no column {group!r}" if group else "missing"
        raise ConfigError([Problem("data.pairs.group", found, nearest(str(group), names))])
    known = ~is_empty(table[group])
    if not known.all():
        logger.info("%d rows have no %r and are in no pair.", (~known).sum(), group)
    return table.filter(known)


def draws(
    table: pl.DataFrame, splits: Mapping[str, np.ndarray], pairs: Mapping[str, Any]
) -> dict[str, Pairs]:
    """Return what draws the pairs of each split.

    Args:
        table: All rows.
        splits: Row numbers by split.
        pairs: The section `data.pairs`: `group`, `rows` (pairs an epoch; null for as many as the
            training split has rows; other splits have as many as they have rows), `seed`.

    Raises:
        DataError: A split has no pairs.
    """
    seed = int(pairs.get("seed") or 0)
    return {
        name: Pairs(
            table[rows],
            pairs["group"],
            (pairs.get("rows") if name == "training" else None) or len(rows),
            (seed, SPLITS.index(name)),
        )
        for name, rows in splits.items()
    }


def paired(table: pl.DataFrame, pairs: Mapping[str, Any] | None) -> pl.DataFrame:
    """Return a table of pairs for a table that holds none yet, where a config asks for them.

    Args:
        table: Pairs already (it has the column `same` or lacks the group's), or rows to pair.
        pairs: The section `data.pairs`; None for none.
    """
    if not pairs or SAME in table.columns or pairs.get("group") not in table.columns:
        return table
    rows = with_group(table, pairs, table.columns)
    return draws(rows, {"test": np.arange(rows.height)}, pairs)["test"].draw(0)


def both_sides(first: pl.DataFrame, second: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return a table whose rows have a pair of rows beside each other.

    Args:
        first: One row of each pair.
        second: The other one; None for the same row once more.
    """
    sides = [
        rows.rename({name: f"{name}{side}" for name in rows.columns})
        for rows, side in zip((first, first if second is None else second), SIDES, strict=True)
    ]
    return pl.concat(sides, how="horizontal")

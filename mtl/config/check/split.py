"""Rules on the section `data.split`."""

from __future__ import annotations

from collections.abc import Iterator

from mtl.config.check.expectations import (
    Expectation,
    choice,
    fields_are_as_expected,
    fraction,
    is_number,
    or_null,
    text,
    whole_number,
)
from mtl.config.check.sections import Config, section
from mtl.errors import Problem

WAYS = ("random", "stratified", "time", "group", "column", "files")
WAYS_WITH_A_COLUMN = {
    "stratified": "the column whose shares each split keeps",
    "time": "the column of times",
    "group": "the column whose rows stay together",
    "column": "the column that names the split of each row",
}
BY = choice(*WAYS)
COMMON: dict[str, Expectation] = {
    "by": BY,
    "column": or_null(text("the name of a column")),
    "seed": whole_number(0),
}
NO_SPLIT = "no such split"
SHARE = or_null(fraction(), NO_SPLIT)
SHARES = {**COMMON, "validation": SHARE, "test": SHARE}
UNREAD = Expectation(lambda _: True, "anything")
NAMED = {**COMMON, "validation": UNREAD, "test": UNREAD}
PATH = or_null(text("the path of a table"), NO_SPLIT)
FILES = {**COMMON, "validation": PATH, "test": PATH}


def split_is_as_expected(config: Config) -> Iterator[Problem]:
    """Yield problems of unknown keys, an unknown `by`, and values of the wrong type or range.

    A key that the chosen `by` does not read (a column or a seed left from another) is allowed,
    so that `data.split.by=random` is one override.
    """
    split = section(config, "data", "split")
    fields = {"files": FILES, "column": NAMED}.get(str(split.get("by")), SHARES)
    yield from fields_are_as_expected(split, "data.split", fields)


def split_has_a_way(config: Config) -> Iterator[Problem]:
    """Yield a problem where the section says not how to split."""
    if "by" not in section(config, "data", "split"):
        yield Problem("data.split.by", "missing", f"Expected {BY.text}.")


def split_has_its_column(config: Config) -> Iterator[Problem]:
    """Yield a problem where a way of splitting reads a column and none is named."""
    split = section(config, "data", "split")
    way = split.get("by")
    if isinstance(way, str) and way in WAYS_WITH_A_COLUMN and split.get("column") is None:
        found = f"missing, by: {way} reads it"
        yield Problem("data.split.column", found, f"Expected {WAYS_WITH_A_COLUMN[way]}.")


def split_leaves_rows_for_training(config: Config) -> Iterator[Problem]:
    """Yield a problem where validation and test take every row."""
    split = section(config, "data", "split")
    shares = [split.get("validation"), split.get("test")]
    if split.get("by") in {"files", "column"} or not all(map(is_number, shares)):
        return
    total = sum(share for share in shares if isinstance(share, int | float))
    if total >= 1 and all(fraction().holds(share) for share in shares):
        found = f"validation and test take {total:g} of the rows"
        yield Problem(
            "data.split", found, "Expected less than 1 together: the rest is for training."
        )

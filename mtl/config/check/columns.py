"""Rules on `data` and `inputs` that need no data: where rows come from, columns and their use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mtl.config.check.expectations import (
    Expectation,
    fields_are_as_expected,
    keys_are_known,
    or_null,
    text,
    whole_number,
)
from mtl.config.check.known import Known
from mtl.config.check.sections import (
    Config,
    column_options,
    column_path,
    described_columns,
    feeds,
    listed,
    section,
    tasks,
)
from mtl.config.check.signature import bind_signature
from mtl.config.check.wording import shown, unknown_name
from mtl.errors import Problem, nearest

DATA = ("path", "generator", "columns", "pairs", "split")
PAIRS: dict[str, Expectation] = {
    "group": text("the column that says to which group a row belongs"),
    "rows": or_null(whole_number(2), "as many as the training split has rows"),
    "seed": whole_number(0),
}


def data_keys_are_known(config: Config) -> Iterator[Problem]:
    """Yield a problem for each key that `data` does not have."""
    yield from keys_are_known(section(config, "data"), "data", dict.fromkeys(DATA))


def data_sections_are_mappings(config: Config) -> Iterator[Problem]:
    """Yield a problem of columns or a split that are no mapping."""
    for key in ("columns", "split"):
        value = section(config, "data").get(key, {})
        if not isinstance(value, Mapping):
            expected = "Expected a mapping of keys to values."
            yield Problem(f"data.{key}", f"found {shown(value)}", expected)


def pairs_are_as_expected(config: Config) -> Iterator[Problem]:
    """Yield problems of `data.pairs`: no mapping, no group, unknown keys, wrong values."""
    pairs = section(config, "data").get("pairs")
    if pairs is None:
        return
    if not isinstance(pairs, Mapping):
        expected = "Expected a mapping such as {group: author}, or null for no pairs."
        yield Problem("data.pairs", f"found {shown(pairs)}", expected)
        return
    yield from fields_are_as_expected(pairs, "data.pairs", PAIRS)
    if "group" not in pairs:
        yield Problem("data.pairs.group", "missing", f"Expected {PAIRS['group'].text}.")


def data_has_a_source(config: Config, *, table_is_given: bool) -> Iterator[Problem]:
    """Yield a problem where there is no path and no generator, or the path is no text."""
    data = section(config, "data")
    path = data.get("path")
    if path is not None and (not isinstance(path, str) or not path):
        yield Problem("data.path", f"found {shown(path)}", "Expected the path of a table, or null.")
    elif path is None and data.get("generator") is None and not table_is_given:
        expected = "Set data.path to the path of a table, or data.generator.name."
        yield Problem("data.path", "there is neither a path nor a generator", expected)


def column_kind_exists(config: Config, known: Known) -> Iterator[Problem]:
    """Yield a problem for each column without a kind or with one that does not exist."""
    kinds = known.column_kinds
    for name, column in section(config, "data", "columns").items():
        kind = column.get("kind") if isinstance(column, Mapping) else None
        path = f"data.columns.{name}"
        if not isinstance(column, Mapping):
            expected = "Expected a mapping such as {kind: numeric}."
            yield Problem(path, f"found {shown(column)}", expected)
        elif kind is None:
            listing = f" {nearest('', kinds)}" if kinds is not None else ""
            yield Problem(f"{path}.kind", "missing", f"Expected the kind of column.{listing}")
        elif kinds is not None and kind not in kinds:
            yield unknown_name(f"{path}.kind", "a kind of column", kind, kinds)


def column_options_are_the_kinds(config: Config, known: Known) -> Iterator[Problem]:
    """Yield a problem for each option that a column's kind lacks, and each of the wrong type."""
    for name, column in section(config, "data", "columns").items():
        kind = column.get("kind") if isinstance(column, Mapping) else None
        kinds = known.column_kinds or {}
        if isinstance(column, Mapping) and isinstance(kind, str) and kind in kinds:
            options = {key: value for key, value in column.items() if key != "kind"}
            yield from _option_problems(kinds[kind], kind, options, f"data.columns.{name}")


def some_input(config: Config) -> Iterator[Problem]:
    """Yield a problem where the model is fed nothing."""
    value = config.get("inputs")
    if not value and (value is None or isinstance(value, Mapping)):
        expected = "Expected the model's inputs, each with a column or a list of columns."
        yield Problem("inputs", "no input is given", expected)


def input_names_columns(config: Config) -> Iterator[Problem]:
    """Yield a problem for each input that is no column and no list of columns, or has one twice."""
    for name, value in section(config, "inputs").items():
        path, entries = f"inputs.{name}", listed(value)
        named = [feed.column for feed in feeds({"inputs": {name: value}}) if feed.column]
        if not entries or len(named) < len(entries):
            expected = "Expected a column, {column: <name>, <option>: <value>}, or a list of them."
            yield Problem(path, f"found {shown(value)}", expected)
        for column in dict.fromkeys(named):
            if named.count(column) > 1:
                found = f"column {column!r} stands {named.count(column)} times"
                yield Problem(path, found, "Expected each column once.")


def input_column_has_a_kind(config: Config) -> Iterator[Problem]:
    """Yield a problem for each input column that `data.columns` does not describe."""
    described = described_columns(config)
    for feed in feeds(config):
        if feed.column not in described and "kind" not in feed.changes:
            thing = "a column of data.columns"
            yield unknown_name(feed.column_path, thing, feed.column, described)


def input_options_are_the_kinds(config: Config, known: Known) -> Iterator[Problem]:
    """Yield a problem for each option that an input gives its column and the kind does not take."""
    kinds = known.column_kinds or {}
    for feed in feeds(config):
        kind = column_options(config, feed).get("kind")
        if "kind" in feed.changes and kinds and kind not in kinds:
            yield unknown_name(f"{feed.path}.kind", "a kind of column", kind, kinds)
        elif feed.changes and isinstance(kind, str) and kind in kinds:
            options = {key: value for key, value in feed.changes.items() if key != "kind"}
            yield from _option_problems(kinds[kind], kind, options, feed.path)


def target_mean_is_of_a_task(config: Config) -> Iterator[Problem]:
    """Yield a problem for each column encoded by the mean target of a task that does not exist."""
    given = tasks(config)
    for feed in feeds(config):
        served = column_options(config, feed).get("of")
        if isinstance(served, str) and served not in given:
            place = feed.path if "of" in feed.changes else column_path(config, feed.column)
            yield unknown_name(f"{place}.of", "a task", served, given)


def _option_problems(
    options_of: Callable[..., object], kind: str, options: Config, path: str
) -> list[Problem]:
    called = f"the kind of column {kind!r}"
    return bind_signature(options_of, options, path, provided=(), called=called)

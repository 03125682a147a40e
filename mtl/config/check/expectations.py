"""What one value of a fixed section may be, each with the sentence that says so."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mtl.config.check.wording import question, shown
from mtl.errors import Problem, nearest


@dataclass(frozen=True)
class Expectation:
    """A test of one value and the words for it.

    Attributes:
        holds: Whether a value is as expected.
        text: What is expected, as the end of `Expected …`.
        names: The valid words, where there is a list of them: they give the nearest.
    """

    holds: Callable[[object], bool]
    text: str
    names: tuple[str, ...] = ()


def is_whole(value: object) -> bool:
    """Return whether `value` is an integer; `true` and `10.0` are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Return whether `value` is a finite number; `true` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def whole_number(minimum: int, maximum: int | None = None) -> Expectation:
    """Expect an integer from `minimum` to `maximum`, both included."""
    limit = math.inf if maximum is None else maximum
    text = f"from {minimum} to {maximum}" if maximum is not None else f"of {minimum} or more"
    return Expectation(
        lambda value: isinstance(value, int) and is_whole(value) and minimum <= value <= limit,
        f"a whole number {text}",
    )


def number_from(minimum: float) -> Expectation:
    """Expect a finite number, `minimum` or more."""
    return Expectation(
        lambda value: isinstance(value, int | float) and is_number(value) and value >= minimum,
        f"a finite number of {minimum:g} or more",
    )


def number_above(minimum: float) -> Expectation:
    """Expect a finite number greater than `minimum`."""
    return Expectation(
        lambda value: isinstance(value, int | float) and is_number(value) and value > minimum,
        f"a finite number greater than {minimum:g}",
    )


def fraction() -> Expectation:
    """Expect a share of the rows: 0 or more and less than 1."""
    return Expectation(
        lambda value: isinstance(value, int | float) and is_number(value) and 0 <= value < 1,
        "a fraction of the rows, 0 or more and less than 1",
    )


def switch() -> Expectation:
    """Expect `true` or `false`."""
    return Expectation(lambda value: isinstance(value, bool), "true or false")


def text(what: str) -> Expectation:
    """Expect a string that is not empty."""
    return Expectation(lambda value: isinstance(value, str) and value != "", what)


def texts(what: str) -> Expectation:
    """Expect a list of strings, possibly empty."""
    return Expectation(
        lambda value: (
            isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value)
        ),
        what,
    )


def choice(*words: str) -> Expectation:
    """Expect one of `words`."""
    listing = " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
    return Expectation(lambda value: isinstance(value, str) and value in words, listing, words)


def either(*expectations: Expectation) -> Expectation:
    """Expect what any one of `expectations` does."""
    return Expectation(
        lambda value: any(expectation.holds(value) for expectation in expectations),
        ", or ".join(expectation.text for expectation in expectations),
        sum((expectation.names for expectation in expectations), ()),
    )


def or_null(expectation: Expectation, meaning: str = "") -> Expectation:
    """Expect `null` (with its `meaning`) or what `expectation` does."""
    aside = f" ({meaning})" if meaning else ""
    return either(expectation, Expectation(lambda value: value is None, f"null{aside}"))


def value_is_as_expected(value: object, path: str, expectation: Expectation) -> Iterator[Problem]:
    """Yield the problem of a value that is not what `expectation` says."""
    if expectation.holds(value):
        return
    hint = question(value, expectation.names)
    yield Problem(path, f"found {shown(value)}", f"Expected {expectation.text}.{hint}")


def keys_are_known(
    section: Mapping[str, object], path: str, keys: Mapping[str, object]
) -> Iterator[Problem]:
    """Yield a problem for each key of `section` that is not in `keys`."""
    for key in section:
        if key not in keys:
            prefix = f"{path}." if path else ""
            where = f"'{path}' has" if path else "a config has"
            yield Problem(f"{prefix}{key}", f"{where} no key {key!r}", nearest(str(key), keys))


def fields_are_as_expected(
    section: Mapping[str, object], path: str, fields: Mapping[str, Expectation]
) -> Iterator[Problem]:
    """Yield a problem for each unknown key of a section and each value out of its range."""
    yield from keys_are_known(section, path, fields)
    for key, expectation in fields.items():
        if key in section:
            yield from value_is_as_expected(section[key], f"{path}.{key}", expectation)

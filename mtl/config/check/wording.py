"""How a value of the config is shown in a message, and the message for a name nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mtl.errors import Problem, nearest

LONGEST = 80


def shown(value: object) -> str:
    """Return `value` as it stands in YAML, cut after 80 characters."""
    text = _yaml(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _yaml(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_yaml(entry) for entry in value) + "]"
    return repr(value)


def count(number: int, noun: str) -> str:
    """Return `1 class`, `2 classes`, `1 id`, `2 ids`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun}es" if noun.endswith("s") else f"{number} {noun}s"


def some_of(words: Sequence[str], most: int = 10) -> str:
    """Return the first of `words`, `most` at most, and how many more there are."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def question(value: object, names: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` where a text is near one of `names`, else nothing."""
    sentence = nearest(value, names).partition(" Known: ")[0] if isinstance(value, str) else ""
    return f" {sentence}" if sentence.startswith("Did you mean") else ""


def unknown_name(path: str, thing: str, name: object, names: Iterable[str]) -> Problem:
    """Return the problem of a `name` that is not among `names`, with the nearest of them.

    Args:
        path: Where the name stands in the config.
        thing: What the name should be, with its article: `an optimizer`.
        name: What stands there.
        names: The valid names.
    """
    return Problem(path, f"{shown(name)} is not {thing}", nearest(str(name), names))


def distinct(*groups: Iterable[Problem]) -> list[Problem]:
    """Return the problems of several checks, each place in the config told of by one of them.

    Args:
        groups: The problems of each check. Where two checks find fault with one path, the words of
            the earlier check are kept.
    """
    kept: dict[Problem, None] = {}
    told: set[str] = set()
    for group in groups:
        fresh = [problem for problem in group if problem.path not in told]
        kept.update(dict.fromkeys(fresh))
        told.update(problem.path for problem in fresh)
    return list(kept)

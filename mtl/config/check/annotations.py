"""Whether a plain value of a config fits a type annotation, and the annotation in plain words.

Written here rather than taken from typeguard or pydantic: a config needs `true` to be no integer,
an integer to be a number, and a YAML list to do for a tuple, which neither does without
a checker of its own for every type.
"""

from __future__ import annotations

import collections.abc
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Literal, NewType, TypeVar, Union

from mtl.config.check.expectations import Expectation

PLAIN: dict[object, Callable[[object], bool]] = {
    type(None): lambda value: value is None,
    int: lambda value: isinstance(value, int) and not isinstance(value, bool),
    float: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
PLAIN_WORDS: dict[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "null",
}
SEQUENCES = {
    list,
    tuple,
    set,
    frozenset,
    collections.abc.Sequence,
    collections.abc.MutableSequence,
    collections.abc.Collection,
    collections.abc.Iterable,
    collections.abc.Set,
}
MAPPINGS = {dict, collections.abc.Mapping, collections.abc.MutableMapping}


def fits(value: object, annotation: Any) -> bool:
    """Return whether `value` is what `annotation` asks for.

    Args:
        value: A plain value: null, true or false, a number, a text, a list or a mapping of such.
        annotation: A resolved annotation. `bool` is no `int`; an `int` is a `float`; a list does
            for every sequence and set. What cannot be checked on a value is taken to fit.
    """
    annotation = _bare(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {Union, types.UnionType}:
        return any(fits(value, argument) for argument in arguments)
    if origin is Literal:
        return any(type(value) is type(argument) and value == argument for argument in arguments)
    kind = origin or annotation
    if kind in PLAIN:
        return PLAIN[kind](value)
    if kind in SEQUENCES:
        return isinstance(value, list | tuple) and _entries_fit(value, kind, arguments)
    if kind in MAPPINGS:
        return isinstance(value, collections.abc.Mapping) and _items_fit(value, arguments)
    return _is_instance(value, kind)


def expectations(
    value: object, annotation: Any, path: str
) -> Iterator[tuple[str, object, Expectation]]:
    """Yield each expectation that an annotation has of a value and of the entries of a list.

    `Annotated[int, whole_number(1)]` has one, `Sequence[Annotated[int, whole_number(1)]]` one of
    each entry.

    Args:
        value: What fits the annotation, see `fits`.
        annotation: A resolved annotation.
        path: Where the value stands.

    Yields:
        A path, such as `model.units[1]`, with what stands there and what is expected of it.
    """
    if typing.get_origin(annotation) is Annotated:
        for each in annotation.__metadata__:
            if isinstance(each, Expectation):
                yield path, value, each
    bare = _bare(annotation)
    origin, arguments = typing.get_origin(bare), typing.get_args(bare)
    if origin in {Union, types.UnionType}:
        fitting = next((each for each in arguments if fits(value, each)), Any)
        yield from expectations(value, fitting, path)
    elif origin in SEQUENCES and isinstance(value, list | tuple) and len(arguments) == 1:
        for position, entry in enumerate(value):
            yield from expectations(entry, arguments[0], f"{path}[{position}]")


def _bare(annotation: Any) -> Any:
    """Return the annotation without `Annotated`, `NewType` and `type` aliases around it."""
    while True:
        if typing.get_origin(annotation) is Annotated:
            annotation = typing.get_args(annotation)[0]
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        else:
            return annotation


def _entries_fit(
    value: list[Any] | tuple[Any, ...], kind: object, arguments: tuple[Any, ...]
) -> bool:
    if not arguments:
        return True
    if kind is tuple and Ellipsis not in arguments:
        return len(value) == len(arguments) and all(map(fits, value, arguments))
    return all(fits(entry, arguments[0]) for entry in value)


def _items_fit(value: collections.abc.Mapping[Any, Any], arguments: tuple[Any, ...]) -> bool:
    if not arguments:
        return True
    return all(
        fits(key, arguments[0]) and fits(entry, arguments[1]) for key, entry in value.items()
    )


def _is_instance(value: object, kind: Any) -> bool:
    if kind is Any or kind is inspect.Parameter.empty or isinstance(kind, TypeVar):
        return True
    if typing.is_typeddict(kind):
        return isinstance(value, collections.abc.Mapping)
    try:
        return isinstance(value, kind)
    except TypeError:
        return True


def described(annotation: Any) -> str:
    """Return an annotation in plain words: `a whole number, or null`."""
    annotation = _bare(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {Union, types.UnionType}:
        return _alternatives(described(argument) for argument in _null_last(arguments))
    if origin is Literal:
        return _alternatives(_literal(argument) for argument in arguments)
    kind = origin or annotation
    if kind in MAPPINGS:
        if not arguments or arguments[1] is Any:
            return "a mapping"
        return f"a mapping of {described(arguments[0])} to {described(arguments[1])}"
    if kind in SEQUENCES:
        return _list_of(kind, arguments)
    return PLAIN_WORDS.get(kind) or f"a {getattr(kind, '__name__', str(kind))}"


def words_of(annotation: Any) -> list[str]:
    """Return the texts that an annotation lists by `Literal`."""
    annotation = _bare(annotation)
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is Literal:
        return [argument for argument in arguments if isinstance(argument, str)]
    if typing.get_origin(annotation) in {Union, types.UnionType}:
        return [word for argument in arguments for word in words_of(argument)]
    return []


def _null_last(arguments: tuple[Any, ...]) -> list[Any]:
    return sorted(arguments, key=lambda argument: argument is type(None))


def _literal(argument: object) -> str:
    if isinstance(argument, bool):
        return "true" if argument else "false"
    return "null" if argument is None else repr(argument)


def _list_of(kind: object, arguments: tuple[Any, ...]) -> str:
    if not arguments:
        return "a list"
    if kind is tuple and Ellipsis not in arguments:
        return f"a list of {len(arguments)}: {', '.join(map(described, arguments))}"
    return f"a list, each entry {described(arguments[0])}"


def _alternatives(words: Iterable[str]) -> str:
    *first, last = dict.fromkeys(words)
    return f"{', '.join(first)} or {last}" if first else last

"""The parameters of a function against the keys that a config gives it, without calling it."""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mtl.config.check.annotations import described, expectations, fits, words_of
from mtl.config.check.expectations import value_is_as_expected
from mtl.config.check.wording import question, shown
from mtl.errors import Problem, nearest

HANDED_IN = frozenset({"inputs", "tasks", "training"})


@dataclass(frozen=True)
class Parameters:
    """What a function may be given by keyword.

    Attributes:
        annotations: The resolved annotation of each parameter; `Any` where there is none.
        required: The parameters without a default.
        open_ended: Whether `**` takes any other keyword.
    """

    annotations: dict[str, Any]
    required: frozenset[str]
    open_ended: bool


def bind_signature(
    function: Callable[..., object],
    values: Mapping[str, Any],
    path: str,
    *,
    provided: Collection[str] = HANDED_IN,
    called: str | None = None,
    refuses_others: bool = False,
) -> list[Problem]:
    """Return what is wrong with calling `function(**values)`.

    Args:
        function: A function or a class; annotations that are strings are resolved.
        values: The keys of the config's section. A key `name` is the choice of the function and
            left out unless the function has a parameter of that name.
        path: Where the section stands, for example `model`.
        provided: Parameters that mtl hands in itself where they have no default, so that the
            config may not; one with a default is the config's.
        called: The function's name in messages; by default `name()`.
        refuses_others: That the function's `**` takes no more than its base classes' parameters,
            as a Keras optimizer's does.

    Returns:
        A problem for each unknown key (with the nearest parameter), each missing parameter, each
        value of the wrong type, and each that is not what its `Annotated` type expects.
    """
    parameters = parameters_of(function)
    provided = parameters.required.intersection(provided)
    owner = called or f"{getattr(function, '__name__', 'the function')}()"
    given = {
        key: value
        for key, value in values.items()
        if key != "name" or "name" in parameters.annotations
    }
    if refuses_others:
        parameters = replace(parameters, open_ended=False)
    return [
        *handed_in_is_not_given(given, path, provided, parameters),
        *keyword_is_a_parameter(given, path, provided, parameters, owner),
        *required_is_given(given, path, provided, parameters, owner),
        *value_fits_its_annotation(given, path, provided, parameters),
        *value_is_in_its_range(given, path, provided, parameters),
    ]


def is_handed_in(function: Callable[..., object], name: str) -> bool:
    """Return whether mtl hands a function its parameter `name`: it has it, without a default."""
    return name in HANDED_IN and name in parameters_of(function).required


def handed_in_is_not_given(
    given: Mapping[str, Any], path: str, provided: Collection[str], parameters: Parameters
) -> Iterator[Problem]:
    """Yield a problem for each key that mtl hands in itself."""
    for key in given:
        if key in provided and key in parameters.annotations:
            yield Problem(
                f"{path}.{key}", f"found {shown(given[key])}", "Remove it: mtl hands it in."
            )


def keyword_is_a_parameter(
    given: Mapping[str, Any],
    path: str,
    provided: Collection[str],
    parameters: Parameters,
    owner: str,
) -> Iterator[Problem]:
    """Yield a problem for each key that the function has no parameter for."""
    settable = [name for name in parameters.annotations if name not in provided]
    for key in given:
        if key not in parameters.annotations and not parameters.open_ended:
            hint = nearest(str(key), settable)
            # The key may be of an experiment's own choice, in whose place another one was put.
            if not hint.startswith("Did you mean") and "[" not in path:
                hint += f" ~{path}.{key} on the command line removes what an experiment sets."
            yield Problem(f"{path}.{key}", f"{owner} has no parameter {key!r}", hint)


def required_is_given(
    given: Mapping[str, Any],
    path: str,
    provided: Collection[str],
    parameters: Parameters,
    owner: str,
) -> Iterator[Problem]:
    """Yield a problem for each parameter that has no default and is not given."""
    for name, annotation in parameters.annotations.items():
        if name in parameters.required and name not in given and name not in provided:
            yield Problem(f"{path}.{name}", "missing", f"{owner} needs it: {_wanted(annotation)}.")


def value_fits_its_annotation(
    given: Mapping[str, Any], path: str, provided: Collection[str], parameters: Parameters
) -> Iterator[Problem]:
    """Yield a problem for each value that is not of its parameter's type."""
    for key, value in given.items():
        annotation = parameters.annotations.get(key, Any)
        if key not in provided and not fits(value, annotation):
            whole = isinstance(value, float) and value.is_integer() and fits(int(value), annotation)
            written = f", written {int(value)}" if whole else ""
            hint = question(value, words_of(annotation))
            expected = f"Expected {described(annotation)}{written}.{hint}"
            yield Problem(f"{path}.{key}", f"found {shown(value)}", expected)


def value_is_in_its_range(
    given: Mapping[str, Any], path: str, provided: Collection[str], parameters: Parameters
) -> Iterator[Problem]:
    """Yield a problem for each value, or entry of a list, that its type's `Expectation` refuses."""
    for key, value in given.items():
        annotation = parameters.annotations.get(key, Any)
        if key in provided or not fits(value, annotation):
            continue
        for place, entry, expectation in expectations(value, annotation, f"{path}.{key}"):
            yield from value_is_as_expected(entry, place, expectation)


def _wanted(annotation: Any) -> str:
    return "a value" if annotation is Any else described(annotation)


def parameters_of(function: Callable[..., object]) -> Parameters:
    """Return the keyword parameters of a function, or of a class and the bases behind its `**`."""
    if not inspect.isclass(function):
        return _own_parameters(function, bound=True)
    annotations: dict[str, Any] = {}
    required: frozenset[str] = frozenset()
    makers = [vars(base)["__init__"] for base in function.__mro__[:-1] if "__init__" in vars(base)]
    open_ended = False
    for position, maker in enumerate(makers):
        own = _own_parameters(maker, bound=False)
        annotations = {**own.annotations, **annotations}
        required = own.required if position == 0 else required
        open_ended = own.open_ended
        if not open_ended:
            break
    return Parameters(annotations, required, open_ended)


def _own_parameters(function: Callable[..., object], *, bound: bool) -> Parameters:
    entries = list(inspect.signature(function).parameters.values())[0 if bound else 1 :]
    named = [
        entry
        for entry in entries
        if entry.kind in {entry.POSITIONAL_OR_KEYWORD, entry.KEYWORD_ONLY}
    ]
    return Parameters(
        annotations={entry.name: _resolved(function, entry) for entry in named},
        required=frozenset(entry.name for entry in named if entry.default is entry.empty),
        open_ended=any(entry.kind is entry.VAR_KEYWORD for entry in entries),
    )


def _resolved(function: Callable[..., object], parameter: inspect.Parameter) -> Any:
    """Return a parameter's annotation, `Any` where it names something only a type checker sees."""
    if parameter.annotation is parameter.empty:
        return Any
    while isinstance(function, functools.partial):
        function = function.func
    holder = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    names = getattr(inspect.unwrap(function), "__globals__", {})
    try:
        return typing.get_type_hints(holder, globalns=names, include_extras=True)[parameter.name]
    except (NameError, AttributeError, TypeError, SyntaxError):
        return Any

"""What an expression may call: operations of `keras.ops` and functions registered with Keras."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import keras

from mtl.expressions.grammar import ExpressionError
from mtl.expressions.wording import closest

EXPECTED = "Expected an operation of keras.ops, or a function registered with Keras"

# They call Python functions that they are handed, or return no tensors.
REFUSED = frozenset(
    {
        "associative_scan",
        "cond",
        "convert_to_numpy",
        "custom_gradient",
        "dtype",
        "fori_loop",
        "is_tensor",
        "jvp",
        "map",
        "scan",
        "switch",
        "vectorize",
        "vectorized_map",
        "while_loop",
    }
)


@cache
def operations() -> dict[str, Callable[..., Any]]:
    """Return the operations of `keras.ops` by name."""
    members = vars(keras.ops).items()
    return {
        name: member
        for name, member in members
        if inspect.isfunction(member) and not name.startswith("_") and name not in REFUSED
    }


def registered_functions() -> dict[str, list[Callable[..., Any]]]:
    """Return the functions registered with Keras by name, without the package's name.

    They are those decorated by `keras.saving.register_keras_serializable`; two packages may have
    one of the same name.
    """
    found: dict[str, list[Callable[..., Any]]] = {}
    for full_name, member in keras.saving.get_custom_objects().items():
        if inspect.isfunction(member):
            found.setdefault(full_name.rpartition(">")[2], []).append(member)
    return found


def operation_names() -> list[str]:
    """Return every name that `operation` may be given, sorted."""
    return sorted({*operations(), *registered_functions()})


def operation(name: str) -> Callable[..., Any]:
    """Return the operation or registered function of a name.

    Raises:
        ExpressionError: There is none, or there are two registered functions of that name.
    """
    if name in operations():
        return operations()[name]
    registered = registered_functions().get(name, [])
    if len(registered) == 1:
        return registered[0]
    if registered:
        modules = ", ".join(sorted(function.__module__ for function in registered))
        raise ExpressionError(
            f"two registered functions are called {name!r}, in {modules}", "Rename one of them"
        )
    found = f"no operation is called {name!r}"
    raise ExpressionError(found, closest(name, operation_names(), EXPECTED))

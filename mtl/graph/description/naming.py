"""Whether each name in a description means one thing, and that thing exists."""

from __future__ import annotations

from collections.abc import Iterator

from mtl.errors import Problem, nearest
from mtl.expressions import Expression, operation_names
from mtl.expressions.wording import closest
from mtl.graph.description.parts import Parts

EXPECTED_FUNCTION = (
    "Expected a layer of this graph, an operation of keras.ops, or a function registered with"
    " Keras."
)


def check_names(parts: Parts) -> list[Problem]:
    """Return the names that two things have, and those in expressions that nothing has."""
    problems = list(_names_clash(parts))
    for path, expression in parts.expressions():
        problems += _names_are_tensors(parts, path, expression)
        problems += _functions_can_be_called(parts, path, expression)
    return problems


def _names_clash(parts: Parts) -> Iterator[Problem]:
    operations = set(operation_names())
    for name in parts.layers:
        if name in operations:
            found = f"{name!r} is an operation too, so that {name}(…) could mean either"
            yield Problem(parts.layer_path(name), found, "Give the layer another name.")
        if name in parts.inputs:
            found = f"{name!r} is an input too"
            yield Problem(parts.layer_path(name), found, "Give one of them another name.")
    for name in parts.nodes:
        for other, noun in ((parts.inputs, "an input"), (parts.layers, "a layer")):
            if name in other:
                found = f"{name!r} is {noun} too"
                yield Problem(parts.node_path(name), found, "Give one of them another name.")


def _names_are_tensors(parts: Parts, path: str, expression: Expression) -> Iterator[Problem]:
    tensors = {*parts.inputs, *parts.nodes}
    for name in expression.names:
        if name in tensors:
            continue
        if name in parts.layers:
            found = f"{name!r} is a layer, read as a tensor in {expression.text!r}"
            yield Problem(path, found, f"Call it: {name}(…).")
        elif name in parts.outputs:
            found = f"{name!r} is an output, read in {expression.text!r}"
            yield Problem(path, found, "Name a node, and let the output and this read the node.")
        else:
            found = f"nothing is called {name!r} in {expression.text!r}"
            yield Problem(path, found, nearest(name, tensors))


def _functions_can_be_called(parts: Parts, path: str, expression: Expression) -> Iterator[Problem]:
    callable_names = {*parts.layers, *operation_names()}
    for name in expression.functions:
        if name in callable_names:
            continue
        if name in parts.inputs or name in parts.nodes:
            found = f"{name!r} is a tensor, called as a layer in {expression.text!r}"
            yield Problem(path, found, closest(name, parts.layers, EXPECTED_FUNCTION))
        else:
            found = f"no layer or operation is called {name!r} in {expression.text!r}"
            yield Problem(path, found, closest(name, callable_names, EXPECTED_FUNCTION))

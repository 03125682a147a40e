"""Subscripts of an expression: `x[:, 5]`, `x[..., None]`, `pair['left']`."""

from __future__ import annotations

import ast
from typing import Any

import keras


def index_of(node: ast.expr) -> Any:
    """Return what stands between the brackets of a subscript that `grammar` has let through."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(operand=ast.Constant(value=int() as value)):
            return -value
        case ast.Tuple(elts=entries):
            return tuple(index_of(entry) for entry in entries)
        case ast.Slice(lower=lower, upper=upper, step=step):
            bounds = [None if bound is None else index_of(bound) for bound in (lower, upper, step)]
            return slice(*bounds)
    raise AssertionError(f"the grammar lets {type(node).__name__} through")


def batch_is_indexed(value: Any, index: Any) -> bool:
    """Return whether an index chooses among the examples of a symbolic tensor's batch.

    Args:
        value: What is indexed. The first axis of a symbolic tensor is the batch if its size is
            open; an operation such as `transpose` may have put another one there.
        index: What `index_of` returns.
    """
    if not isinstance(value, keras.KerasTensor) or not value.shape or value.shape[0] is not None:
        return False
    # None adds an axis; every other entry but ... stands for one that the tensor has.
    given = index if isinstance(index, tuple) else (index,)
    entries = [entry for entry in given if entry is not None]
    reading = [entry for entry in entries if entry is not Ellipsis]
    if not reading or (entries[0] is Ellipsis and len(reading) < len(value.shape)):
        return False
    return isinstance(reading[0], int) or (
        isinstance(reading[0], slice) and reading[0] != slice(None)
    )

"""The value of an expression that `grammar` has let through."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from keras import ops

from mtl.errors import nearest
from mtl.expressions.grammar import LARGEST, ExpressionError, place
from mtl.expressions.operations import operation, operation_names
from mtl.expressions.wording import closest

# For each operator: on tensors, and on two plain numbers.
OPERATORS: dict[type[ast.AST], tuple[Callable[..., Any], Callable[..., Any]]] = {
    ast.Add: (ops.add, operator.add),
    ast.Sub: (ops.subtract, operator.sub),
    ast.Mult: (ops.multiply, operator.mul),
    ast.Div: (ops.true_divide, operator.truediv),
    ast.FloorDiv: (ops.floor_divide, operator.floordiv),
    ast.Mod: (ops.mod, operator.mod),
    ast.Pow: (ops.power, operator.pow),
    ast.MatMult: (ops.matmul, operator.matmul),
    ast.Lt: (ops.less, operator.lt),
    ast.LtE: (ops.less_equal, operator.le),
    ast.Gt: (ops.greater, operator.gt),
    ast.GtE: (ops.greater_equal, operator.ge),
    ast.Eq: (ops.equal, operator.eq),
    ast.NotEq: (ops.not_equal, operator.ne),
}


def evaluate(
    tree: ast.expr,
    text: str,
    values: Mapping[str, Any],
    functions: Mapping[str, Callable[..., Any]],
) -> Any:
    """Compute an expression, see `mtl.expressions.Expression.evaluate`.

    Args:
        tree: What `grammar.check` has let through.
        text: What it was read from, for messages.
        values: The value of each name.
        functions: What is called by a name, before operations.
    """
    return _Evaluation(text, values, functions).value(tree)


class _Evaluation:
    def __init__(
        self, text: str, values: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]
    ) -> None:
        self.text, self.values, self.functions = text, values, functions

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self._named(name)
            case ast.List(elts=entries):
                return [self.value(entry) for entry in entries]
            case ast.Tuple(elts=entries):
                return tuple(self.value(entry) for entry in entries)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
                return self._function(name)(
                    *(self.value(argument) for argument in arguments),
                    **{str(keyword.arg): self.value(keyword.value) for keyword in keywords},
                )
            case ast.BinOp(left=left, op=symbol, right=right):
                return self._operate(node, symbol, left, right)
            case ast.Compare(left=left, ops=[symbol], comparators=[right]):
                return self._operate(node, symbol, left, right)
            case ast.UnaryOp(op=symbol, operand=operand):
                number = self._operand(operand)
                if isinstance(symbol, ast.UAdd):
                    return number
                return -number if isinstance(number, int | float) else ops.negative(number)
            case ast.Subscript(value=value, slice=index):
                return self.value(value)[_index(index)]
        raise AssertionError(f"the grammar lets {type(node).__name__} through")

    def _named(self, name: str) -> Any:
        if name not in self.values:
            raise ExpressionError(f"nothing is called {name!r}", nearest(name, self.values))
        return self.values[name]

    def _function(self, name: str) -> Callable[..., Any]:
        if name in self.functions:
            return self.functions[name]
        try:
            return operation(name)
        except ExpressionError as error:
            if name in operation_names():
                raise
            names = {*self.functions, *operation_names()}
            raise ExpressionError(error.found, closest(name, names, error.expected)) from None

    def _operate(self, node: ast.expr, symbol: ast.AST, left: ast.expr, right: ast.expr) -> Any:
        on_tensors, on_numbers = OPERATORS[type(symbol)]
        first, second = self._operand(left), self._operand(right)
        if not isinstance(first, int | float) or not isinstance(second, int | float):
            return on_tensors(first, second)
        if isinstance(symbol, ast.Pow) and not (abs(first) <= LARGEST and abs(second) <= 64):
            raise self._too_large(node)
        try:
            result = on_numbers(first, second)
        except (ArithmeticError, TypeError) as error:
            found = f"{place(node, self.text)} cannot be computed: {error}"
            raise ExpressionError(found, "") from error
        if isinstance(result, complex) or (abs(result) > LARGEST and isinstance(result, int)):
            raise self._too_large(node)
        return result

    def _operand(self, node: ast.expr) -> Any:
        """Return what stands beside an operator: a tensor or a number, no list to be repeated."""
        value = self.value(node)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        if hasattr(value, "shape") and hasattr(value, "dtype"):
            return value
        raise ExpressionError(
            f"{place(node, self.text)} is {_kind(value)}",
            "Operators take tensors and numbers; [0] takes one of several tensors",
        )

    def _too_large(self, node: ast.expr) -> ExpressionError:
        return ExpressionError(f"{place(node, self.text)} is no number below 2**63", "")


def _index(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(operand=ast.Constant(value=int() as value)):
            return -value
        case ast.Tuple(elts=entries):
            return tuple(_index(entry) for entry in entries)
        case ast.Slice(lower=lower, upper=upper, step=step):
            bounds = [None if bound is None else _index(bound) for bound in (lower, upper, step)]
            return slice(*bounds)
    raise AssertionError(f"the grammar lets {type(node).__name__} through")


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    if isinstance(value, tuple | dict):
        return "several tensors"
    return repr(value)

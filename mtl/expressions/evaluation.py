"""The value of an expression that `grammar` has let through."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

from mtl.errors import nearest
from mtl.expressions.constants import call_within_limit, reads_symbolic
from mtl.expressions.grammar import LARGEST, ExpressionError, place
from mtl.expressions.indexing import batch_is_indexed, index_of
from mtl.expressions.operations import operation, operation_names, operations
from mtl.expressions.wording import closest

# So many values a list may have, with those of the lists in it: lists of lists of lists grow fast.
MOST_IN_A_LIST = 1000

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
    *,
    symbolic: bool,
) -> Any:
    """Compute an expression, see `mtl.expressions.Expression.evaluate`.

    Args:
        tree: What `grammar.check` has let through.
        text: What it was read from, for messages.
        values: The value of each name.
        functions: What is called by a name, before operations.
        symbolic: Whether a graph is being made.
    """
    return _Evaluation(text, values, functions, symbolic=symbolic).value(tree)


class _Evaluation:
    def __init__(
        self,
        text: str,
        values: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]],
        *,
        symbolic: bool,
    ) -> None:
        self.text, self.values, self.functions, self.symbolic = text, values, functions, symbolic

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self._named(name)
            case ast.List(elts=entries):
                return self._list(node, entries)
            case ast.Tuple(elts=entries):
                return tuple(self._list(node, entries))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
                given = [self.value(argument) for argument in arguments]
                named = {str(keyword.arg): self.value(keyword.value) for keyword in keywords}
                return self._call(node, name, given, named)
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
                return self._subscript(node, self.value(value), index_of(index))
        raise AssertionError(f"the grammar lets {type(node).__name__} through")

    def _list(self, node: ast.expr, entries: list[ast.expr]) -> list[Any]:
        values = [self.value(entry) for entry in entries]
        count = _count(values)
        if count > MOST_IN_A_LIST:
            found = f"{place(node, self.text)} has {count} values, with those of the lists in it"
            raise ExpressionError(found, f"Expected at most {MOST_IN_A_LIST}")
        return values

    def _subscript(self, node: ast.expr, value: Any, index: Any) -> Any:
        if batch_is_indexed(value, index):
            found = f"{place(node, self.text)} indexes axis 0, which is the batch"
            raise ExpressionError(found, "Index the axes after it, such as x[:, 5]")
        # A symbolic tensor takes ":", "..." and None only in a tuple.
        if isinstance(value, keras.KerasTensor) and not isinstance(index, tuple):
            return value[(index,)]
        return value[index]

    def _call(self, node: ast.expr, name: str, given: list[Any], named: dict[str, Any]) -> Any:
        function = self._function(name)
        if name in self.functions:
            if self.symbolic and not reads_symbolic([given, named]):
                found = f"{place(node, self.text)} reads no input"
                raise ExpressionError(found, "A layer is called with what depends on an input")
            return function(*given, **named)
        # A registered function is the user's own code, which need not work on symbolic tensors.
        if name in operations() and self._is_constant(node, [given, named]):
            return call_within_limit(function, given, named, place(node, self.text))
        return function(*given, **named)

    def _is_constant(self, node: ast.expr, arguments: list[Any]) -> bool:
        """Return whether an operation's result depends on no input."""
        if self.symbolic:
            return not reads_symbolic(arguments)
        # The function of a call is a name too, but it is not read.
        called = {id(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
        names = (part for part in ast.walk(node) if isinstance(part, ast.Name))
        return all(id(name) in called for name in names)

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
            if self._is_constant(node, [first, second]):
                return call_within_limit(on_tensors, [first, second], {}, place(node, self.text))
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


def _count(value: Any) -> int:
    """Return how many values are in a list, with those of the lists in it."""
    if isinstance(value, Mapping):
        value = list(value.values())
    return sum(map(_count, value)) if isinstance(value, list | tuple) else 1


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    if isinstance(value, tuple | dict):
        return "several tensors"
    return repr(value)

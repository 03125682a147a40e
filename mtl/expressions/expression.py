"""An expression: its text, what it reads and calls, and its value."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mtl.expressions.evaluation import evaluate
from mtl.expressions.grammar import check, parsed


@dataclass(frozen=True)
class Expression:
    """A computation on named tensors that was written as text.

    Attributes:
        text: As it was written, without white space around it.
        names: The names that it reads, each once, in the order in which they are computed.
        functions: The names that it calls, likewise.

    Example:
        >>> expression = Expression.parse("abs(x) + abs(y)")
        >>> expression.names, expression.functions
        (('x', 'y'), ('abs',))
        >>> float(expression.evaluate({"x": -1.0, "y": 2.0}))
        3.0
    """

    text: str
    names: tuple[str, ...]
    functions: tuple[str, ...]
    tree: ast.expr = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Read an expression.

        Args:
            text: At most 2,000 characters of Python's syntax for names, numbers, texts, lists,
                calls by a bare name, `+ - * / // % ** @`, comparisons of two and subscripts.

        Raises:
            ExpressionError: It is no such text, with the character at which that shows.
        """
        tree = parsed(text)
        names, functions = check(tree, text)
        return cls(text.strip(), names, functions, tree)

    @property
    def is_name(self) -> bool:
        """Whether the expression is a name and no more."""
        return isinstance(self.tree, ast.Name)

    @property
    def is_list(self) -> bool:
        """Whether the expression is a list or tuple, `[x, y]`."""
        return isinstance(self.tree, ast.List | ast.Tuple)

    def evaluate(
        self,
        values: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]] | None = None,
        *,
        symbolic: bool = False,
    ) -> Any:
        """Compute the expression.

        Args:
            values: A number, tensor, or list or mapping of tensors for each of `names`.
            functions: What is called by a name; names that are not among them are operations of
                `keras.ops`, or functions registered with Keras.
            symbolic: Whether a graph is being made, in which whatever is no symbolic tensor is a
                constant, computed now; a call of `functions` must then read a symbolic tensor. By
                default constants are the calls that read no name.

        Returns:
            What the outermost call or operator returns: a tensor, as a rule.

        Raises:
            ExpressionError: A name has no value, a function does not exist (with the nearest
                name), an operand is neither a tensor nor a number, a list or a constant is too
                large, or a symbolic tensor's batch is indexed.
        """
        return evaluate(self.tree, self.text, values, functions or {}, symbolic=symbolic)

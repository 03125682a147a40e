"""Expressions such as `exp((x - exemplar) / c)`: text that computes with tensors and nothing else.

A text is read by `grammar`, which lets through names, numbers, calls, arithmetic, comparisons and
subscripts; `operations` says what may be called; `evaluation` computes.
"""

from mtl.expressions.evaluation import evaluate
from mtl.expressions.expression import Expression
from mtl.expressions.grammar import ExpressionError
from mtl.expressions.operations import operation_names

__all__ = ["Expression", "ExpressionError", "evaluate", "operation_names"]

"""What may stand in an expression: Python's syntax, less everything that could do more."""

from __future__ import annotations

import ast
import math

from mtl.errors import MtlError, Problem

LONGEST = 2000
DEEPEST = 100
LARGEST = 2**63
ALLOWED = (
    "An expression is made of names, numbers, texts, lists, calls of layers and operations by name,"
    " + - * / // % ** @, comparisons and subscripts"
)
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
INSTEAD: dict[type[ast.AST], tuple[str, str]] = {
    ast.Attribute: ("a dot between names", "Write an operation's bare name, such as abs(x)"),
    ast.BoolOp: ("'and' or 'or'", "Write logical_and(x, y) or logical_or(x, y)"),
    ast.IfExp: ("'if' and 'else'", "Write where(condition, x, y)"),
    ast.Lambda: ("'lambda'", ALLOWED),
    ast.JoinedStr: ("an f-string", ALLOWED),
    ast.NamedExpr: ("':='", "Give the part a name of its own"),
    ast.Starred: ("'*' before an argument", "Write out each argument"),
    ast.Dict: ("a dict", "Write keyword arguments, name=value"),
    ast.Set: ("a set", "Write a list, [x, y]"),
    ast.ListComp: ("a comprehension", ALLOWED),
    ast.SetComp: ("a comprehension", ALLOWED),
    ast.DictComp: ("a comprehension", ALLOWED),
    ast.GeneratorExp: ("a comprehension", ALLOWED),
}


class ExpressionError(MtlError):
    """A text that is no expression, or an expression that cannot be computed.

    Args:
        found: What was found and where.
        expected: What may stand there.
    """

    def __init__(self, found: str, expected: str) -> None:
        self.found, self.expected = found, expected
        super().__init__(f"{found}. {_sentence(expected)}".rstrip())

    def at(self, path: str) -> Problem:
        """Return the problem of a config in which the expression stands at `path`."""
        return Problem(path, self.found, _sentence(self.expected))


def _sentence(text: str) -> str:
    """Return a text, if it is any, with a full stop where it has no end."""
    return text if not text or text.endswith((".", "?")) else f"{text}."


def parsed(text: str) -> ast.expr:
    """Return the syntax tree of a text, anything in it.

    Raises:
        ExpressionError: It is no Python expression, or too long.
    """
    if not isinstance(text, str):
        raise ExpressionError(f"found {text!r}", f"Expected text. {ALLOWED}")
    if len(text) > LONGEST:
        expected = f"Expected at most {LONGEST}: give parts of it names of their own"
        raise ExpressionError(f"an expression of {len(text)} characters", expected)
    text = _on_one_line(text)
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        place = f" at character {error.offset}" if error.offset else ""
        raise ExpressionError(f"{text!r}{place}: {error.msg}", ALLOWED) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"{text[:40]!r} cannot be read: {error}", ALLOWED) from error


def check(tree: ast.expr, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names that an expression reads and those that it calls.

    Raises:
        ExpressionError: Something stands in it that may not.
    """
    reader = _Reader(_on_one_line(text))
    reader.read(tree)
    return tuple(reader.names), tuple(reader.functions)


def place(node: ast.expr, text: str) -> str:
    """Return a part of an expression as it was written, with its first character's number."""
    text = _on_one_line(text)
    number = len(text.encode()[: node.col_offset].decode()) + 1
    return f"{ast.get_source_segment(text, node)!r} at character {number}"


def _on_one_line(text: str) -> str:
    return text.strip().replace("\n", " ")


class _Reader:
    """Walks a syntax tree and lets through what it knows; anything else is refused."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.depth = 0
        # Dicts for their order and uniqueness.
        self.names: dict[str, None] = {}
        self.functions: dict[str, None] = {}

    def read(self, node: ast.expr) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            expected = f"Expected at most {DEEPEST}: give parts of it names of their own"
            raise ExpressionError("an expression of too many levels", expected)
        match node:
            case ast.Name(id=name):
                self.names[name] = None
            case ast.Constant(value=value):
                self._read_constant(node, value)
            case ast.List(elts=entries) | ast.Tuple(elts=entries):
                self._read_all(entries)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
                self._read_all(arguments)
                self._read_keywords(node, keywords)
                self.functions[name] = None
            case ast.BinOp(left=left, op=operator, right=right) if isinstance(operator, ARITHMETIC):
                self._read_operands(left, right)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                self._read_operands(operand)
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if isinstance(
                operator, COMPARISONS
            ):
                self._read_operands(left, right)
            case ast.Subscript(value=value, slice=index):
                self.read(value)
                self._read_index(index)
            case _:
                raise self._refused(node)
        self.depth -= 1

    def _read_all(self, nodes: list[ast.expr]) -> None:
        for node in nodes:
            self.read(node)

    def _read_operands(self, *nodes: ast.expr) -> None:
        for node in nodes:
            if isinstance(node, ast.List | ast.Tuple) or (
                isinstance(node, ast.Constant) and isinstance(node.value, str | bool | None)
            ):
                raise ExpressionError(
                    f"{place(node, self.text)} is no number",
                    "Operators take tensors and numbers; a constant tensor is array([1.0, 2.0])",
                )
            self.read(node)

    def _read_keywords(self, call: ast.Call, keywords: list[ast.keyword]) -> None:
        for keyword in keywords:
            if keyword.arg is None:
                expected = "Write out each argument, name=value"
                raise ExpressionError(f"{place(call, self.text)} has '**'", expected)
            self.read(keyword.value)

    def _read_constant(self, node: ast.Constant, value: object) -> None:
        if value is None or isinstance(value, str | bool):
            return
        if not isinstance(value, int | float):
            raise ExpressionError(f"{place(node, self.text)} is no plain number", ALLOWED)
        if not abs(value) <= LARGEST and not (isinstance(value, float) and math.isfinite(value)):
            expected = "Expected a whole number below 2**63, or a finite one with a point"
            raise ExpressionError(f"{place(node, self.text)} is too large", expected)

    def _read_index(self, index: ast.expr) -> None:
        match index:
            case ast.Tuple(elts=entries):
                for entry in entries:
                    self._read_index(entry)
            case ast.Slice(lower=lower, upper=upper, step=step):
                for bound in (lower, upper, step):
                    if bound is not None:
                        self._read_index(bound)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int())):
                pass
            case ast.Constant(value=value) if not isinstance(value, bool | float | complex | bytes):
                pass
            case _:
                raise ExpressionError(
                    f"{place(index, self.text)} may not be a subscript",
                    "Expected whole numbers, slices of them, ..., None or an output's name;"
                    " take(x, indices, axis=1) reads with a tensor of indices",
                )

    def _refused(self, node: ast.expr) -> ExpressionError:
        found, expected = INSTEAD.get(type(node), ("this", ALLOWED))
        match node:
            case ast.Compare(ops=[_, _, *_]):
                found, expected = "a chain of comparisons", "Write logical_and(x < y, y < z)"
            case ast.Call():
                found, expected = "a call of something that is no name", ALLOWED
            case ast.UnaryOp(op=ast.Not() | ast.Invert()):
                found, expected = "'not' or '~'", "Write logical_not(x)"
        return ExpressionError(f"{place(node, self.text)}: {found} may not stand here", expected)

"""Which names a source file gives to builders, generators and the like, without running it.

Importing a builder imports TensorFlow, so `mtl list` and the nearest-name hints read the source.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

NOUNS = ("builder", "generator", "kind", "balancer", "evaluation")


def declared_in(files: Iterable[Path], noun: str) -> dict[str, list[Path]]:
    """Return the names that `@builder("name")` and its like declare, with the files that do.

    Args:
        files: Python files; one that cannot be read or parsed declares nothing.
        noun: One of `NOUNS`.
    """
    found: dict[str, list[Path]] = {}
    for file in files:
        for name in _declarations(file).get(noun, ()):
            found.setdefault(name, []).append(file)
    return found


def _declarations(file: Path) -> dict[str, list[str]]:
    try:
        return _parse(str(file), file.stat().st_mtime_ns)
    except (OSError, SyntaxError, ValueError):
        return {}


@cache
def _parse(file: str, changed: int) -> dict[str, list[str]]:  # noqa: ARG001
    """Parse a file; `changed`, the time of its last change, is there for the cache."""
    source = Path(file).read_bytes()
    found: dict[str, list[str]] = {}
    if not any(noun.encode() in source for noun in NOUNS):
        return found
    for node in ast.walk(ast.parse(source, file)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for noun, name in _decorations(node):
                found.setdefault(noun, []).append(name)
    return found


def _decorations(node: ast.FunctionDef | ast.ClassDef) -> Iterator[tuple[str, str]]:
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) or not decorator.args:
            continue
        argument = decorator.args[0]
        noun = _noun(decorator.func)
        if noun and isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield noun, argument.value


def _noun(function: ast.expr) -> str | None:
    """Return the noun of `builder`, `mtl.builder`, `builders.add`, `mtl.registry.builders.add`."""
    words = ast.unparse(function).split(".")
    word = words[-2].removesuffix("s") if words[-1] == "add" and len(words) > 1 else words[-1]
    return word if word in NOUNS else None

"""The four sections of a description, read: inputs, layers, nodes and outputs."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mtl.errors import Problem, nearest
from mtl.expressions import Expression, ExpressionError

SECTIONS = ("inputs", "layers", "nodes", "outputs")


@dataclass(frozen=True)
class Parts:
    """A description's sections; an entry that could not be read is None, and was complained of.

    Attributes:
        path: Where the description stands in the config, for example `model`.
        inputs: The settings of each input.
        layers: The settings of each layer.
        nodes: The expression of each node.
        outputs: The expression of each output, by its name; by an empty name where there is only
            one, without a name.
        mentioned: The words in expressions that could not be read.
    """

    path: str
    inputs: dict[str, Mapping[str, Any] | None]
    layers: dict[str, Mapping[str, Any] | None]
    nodes: dict[str, Expression | None]
    outputs: dict[str, Expression | None]
    mentioned: frozenset[str]

    def expressions(self) -> Iterator[tuple[str, Expression]]:
        """Yield each expression that could be read, with its path in the config."""
        for name, expression in self.nodes.items():
            if expression is not None:
                yield self.node_path(name), expression
        for name, expression in self.outputs.items():
            if expression is not None:
                yield self.output_path(name), expression

    def input_path(self, name: str) -> str:
        """Return where an input stands in the config."""
        return f"{self.path}.inputs.{name}"

    def layer_path(self, name: str) -> str:
        """Return where a layer stands in the config."""
        return f"{self.path}.layers.{name}"

    def node_path(self, name: str) -> str:
        """Return where a node stands in the config."""
        return f"{self.path}.nodes.{name}"

    def output_path(self, name: str) -> str:
        """Return where an output stands in the config."""
        return f"{self.path}.outputs.{name}" if name else f"{self.path}.outputs"


def read_parts(
    description: Mapping[str, Any], path: str, problems: list[Problem], *, nested: bool
) -> Parts:
    """Read a description.

    Args:
        description: The sections by name.
        path: Where it stands in the config.
        problems: Takes in what is wrong.
        nested: Whether the graph is part of another one, so that its output may do without a name.
    """
    return _Reader(description, path, problems).read(nested=nested)


class _Reader:
    def __init__(self, description: Mapping[str, Any], path: str, problems: list[Problem]) -> None:
        self.description, self.path, self.problems = description, path, problems
        self.mentioned: set[str] = set()

    def read(self, *, nested: bool) -> Parts:
        for key in self.description:
            if key not in SECTIONS:
                self._add(str(key), f"a graph has no section {key!r}", nearest(str(key), SECTIONS))
        for section in ("inputs", "outputs"):
            if not self.description.get(section):
                self._add(section, "missing", "Expected at least one.")
        inputs, layers = self._settings("inputs"), self._settings("layers")
        nodes = self._expressions("nodes")
        outputs = self._nested_outputs() if nested else self._expressions("outputs")
        return Parts(self.path, inputs, layers, nodes, outputs, frozenset(self.mentioned))

    def _nested_outputs(self) -> dict[str, Expression | None]:
        outputs = self.description.get("outputs")
        if isinstance(outputs, str):
            return {"": self._expression("outputs", outputs)}
        return self._expressions("outputs")

    def _settings(self, section: str) -> dict[str, Mapping[str, Any] | None]:
        found: dict[str, Mapping[str, Any] | None] = {}
        for name, value in self._entries(section):
            found[name] = value if isinstance(value, Mapping) else None
            if found[name] is None:
                example = "{shape: [100]}" if section == "inputs" else "{type: Dense, units: 64}"
                self._add(f"{section}.{name}", f"found {value!r}", f"Expected such as {example}.")
        return found

    def _expressions(self, section: str) -> dict[str, Expression | None]:
        return {
            name: self._expression(f"{section}.{name}", value)
            for name, value in self._entries(section)
        }

    def _expression(self, place: str, text: Any) -> Expression | None:
        try:
            expression = Expression.parse(text)
        except ExpressionError as error:
            self.problems.append(error.at(f"{self.path}.{place}"))
        else:
            if not expression.is_list:
                return expression
            expected = "Write the list where it is taken: concatenate([x, y]), or layer([x, y])."
            self._add(place, f"{expression.text} is a list", expected)
        self.mentioned.update(re.findall(r"\w+", str(text)))
        return None

    def _entries(self, section: str) -> Iterator[tuple[str, Any]]:
        """Yield the named entries of a section; a name must be one that an expression can read."""
        entries = self.description.get(section) or {}
        if not isinstance(entries, Mapping):
            self._add(section, f"found {entries!r}", "Expected a mapping of names.")
            return
        for name, value in entries.items():
            if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
                expected = "Expected letters, digits and underscores, and no word of Python's."
                self._add(f"{section}.{name}", f"{name!r} is no name", expected)
            else:
                yield name, value

    def _add(self, place: str, found: str, expected: str) -> None:
        self.problems.append(Problem(f"{self.path}.{place}", found, expected))

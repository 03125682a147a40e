"""Whether a description names layers, functions or objects that nothing registered has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mtl.expressions import Expression, ExpressionError, operation_names
from mtl.graph.description.layer_types import GRAPH, layer_types
from mtl.graph.description.objects import family_of


def has_unknown_names(description: Mapping[str, Any]) -> bool:
    """Return whether a description has a name that a plug-in may know once it is imported.

    Nothing is made for it: what is made for nothing would use up random seeds.

    Args:
        description: The sections; anything in them may be wrong.
    """
    types = {*layer_types(), GRAPH}
    return _graph_has_unknown(description, types, set(operation_names()))


def _graph_has_unknown(
    description: Mapping[str, Any], types: Collection[str], operations: Collection[str]
) -> bool:
    layers = description.get("layers")
    layers = layers if isinstance(layers, Mapping) else {}
    if any(
        name not in layers and name not in operations
        for section in ("nodes", "outputs")
        for name in _functions(description.get(section))
    ):
        return True
    return any(_layer_has_unknown(settings, types, operations) for settings in layers.values())


def _layer_has_unknown(settings: Any, types: Collection[str], operations: Collection[str]) -> bool:
    """Look at a layer's settings, or at anything in them: layers may be described inline."""
    if isinstance(settings, list | tuple):
        return any(_layer_has_unknown(entry, types, operations) for entry in settings)
    if not isinstance(settings, Mapping):
        return False
    kind = settings.get("type")
    if kind == GRAPH:
        return _graph_has_unknown(settings, types, operations)
    if isinstance(kind, str) and kind not in types:
        return True
    return any(
        _object_is_unknown(str(key), value) or _layer_has_unknown(value, types, operations)
        for key, value in settings.items()
    )


def _object_is_unknown(parameter: str, value: Any) -> bool:
    """Return whether an initializer or the like has a name that nothing has."""
    family = family_of(parameter)
    if isinstance(value, Mapping):
        value = value.get("name", value.get("class_name"))
    return family is not None and isinstance(value, str) and value not in family.members()


def _functions(section: Any) -> Iterator[str]:
    """Yield what the expressions of a section call; a nested graph may have one output alone."""
    texts = section.values() if isinstance(section, Mapping) else [section]
    for text in texts:
        try:
            yield from Expression.parse(text).functions
        except ExpressionError:
            continue

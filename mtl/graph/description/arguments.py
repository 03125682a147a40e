"""Which arguments of layers are layers themselves, and which may not be text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

# Parameters of wrappers and of recurrent layers; the last two take lists.
LAYER_PARAMETERS = frozenset({"layer", "backward_layer", "cell", "cells", "layers"})

# Parameters of StringLookup, IntegerLookup and TextVectorization: text would be a file's path, and
# what stands in the file would be saved with the model.
LIST_PARAMETERS = frozenset({"vocabulary", "idf_weights"})


def layers_named_by(settings: Mapping[str, Any], known: Collection[str]) -> Iterator[str]:
    """Yield the layers that another layer's settings name, those in its inline layers too.

    Args:
        settings: The settings, `type` among them. A nested graph names none: its layers are its
            own.
        known: The names of layers that there are.
    """
    if settings.get("type") == "graph":
        return
    for parameter in LAYER_PARAMETERS & settings.keys():
        value = settings[parameter]
        for entry in value if isinstance(value, list | tuple) else [value]:
            if isinstance(entry, Mapping):
                yield from layers_named_by(entry, known)
            elif isinstance(entry, str) and entry in known:
                yield entry

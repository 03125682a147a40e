"""Reading a functional graph: its nodes, what is shared, where the shared part ends.

`nodes` is imported when it is first used: Keras and TensorFlow take time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtl.graph.layer_nodes import nodes

__all__ = ["nodes"]


def __getattr__(name: str) -> object:
    """Import a public name on its first use."""
    if name not in __all__:
        raise AttributeError(f"module 'mtl.graph' has no attribute {name!r}")
    return importlib.import_module("mtl.graph.layer_nodes").nodes

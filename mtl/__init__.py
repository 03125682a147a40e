"""Multi-task models in Keras: several inputs, several outputs, shared layers, weighted losses.

    config = mtl.compose("headline", ["training.epochs=3"])
    run = mtl.train(config)
    run.predict("new.csv")

Names are imported when they are first used: `import mtl` does not import TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtl.config.compose import compose
    from mtl.errors import ConfigError, DataError, DivergenceError, MtlError
    from mtl.evaluations.base import Evaluation, Findings
    from mtl.registry import balancer, builder, evaluation, generator, kind
    from mtl.training.run import Run, load
    from mtl.training.runner import train

__all__ = [
    "ConfigError",
    "DataError",
    "DivergenceError",
    "Evaluation",
    "Findings",
    "MtlError",
    "Run",
    "balancer",
    "builder",
    "compose",
    "evaluation",
    "generator",
    "kind",
    "load",
    "train",
]

_MODULES = {
    "mtl.config.compose": ["compose"],
    "mtl.errors": ["ConfigError", "DataError", "DivergenceError", "MtlError"],
    "mtl.evaluations.base": ["Evaluation", "Findings"],
    "mtl.registry": ["balancer", "builder", "evaluation", "generator", "kind"],
    "mtl.training.run": ["Run", "load"],
    "mtl.training.runner": ["train"],
}


def __getattr__(name: str) -> object:
    """Import a public name on its first use."""
    if name == "graph":
        return importlib.import_module("mtl.graph")
    for module, names in _MODULES.items():
        if name in names:
            value = getattr(importlib.import_module(module), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'mtl' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names, whether imported yet or not."""
    return sorted({*globals(), *__all__})

"""Which mappings of a config are sections, and which are values that are given whole."""

from __future__ import annotations

# Sections: their keys are known, or each of their entries is a thing of its own. `*` stands for
# any name. Every other mapping is the value of a parameter, such as `balancing.around`,
# `data.generator` or `data.generator.noise`: its keys follow from a name in it, or are free.
SECTIONS = (
    "model",
    "data",
    "data.columns",
    "data.split",
    "data.pairs",
    "inputs",
    "tasks",
    "tasks.*",
    "evaluations",
    "balancing",
    "optimizer",
    "training",
    "training.sources",
    "hydra",
)
# Those whose values are never mappings, or whose keys are settled.
WITHOUT_PARAMETERS = ("data.split", "data.pairs", "training", "hydra")


def is_value(key: str) -> bool:
    """Return whether a mapping at `key` is the value of a parameter.

    On the command line `key={…}` replaces such a value, as it does a number or a list. A section
    takes in what is given, and keeps the rest.

    Args:
        key: A path in the config, such as `data.generator.noise`.
    """
    parts = key.split(".")
    below = any(key.startswith(f"{section}.") for section in WITHOUT_PARAMETERS)
    return len(parts) > 1 and not below and not any(_matches(parts, each) for each in SECTIONS)


def _matches(parts: list[str], pattern: str) -> bool:
    names = pattern.split(".")
    return len(parts) == len(names) and all(
        name in {"*", part} for name, part in zip(names, parts, strict=True)
    )

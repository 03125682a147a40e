"""A config's values by their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

SETTINGS = ("tasks", "balancing", "optimizer", "training", "model", "inputs", "data")

Value = bool | int | float | str


def hyperparameters(config: DictConfig | Mapping[str, Any]) -> dict[str, Value]:
    """Return what makes one run differ from another, by path.

    Args:
        config: The whole config; only what decides the training counts, not where files go.

    Returns:
        For example `{"tasks.main_output.weight": 1.0}`, numbers first: TensorBoard shows the first
        five at once and the others when asked. A list is written as `a, b`; null and empty values
        are left out.
    """
    node = config if isinstance(config, DictConfig) else OmegaConf.create(dict(config))
    plain = OmegaConf.to_container(node, resolve=True)
    assert isinstance(plain, dict)
    kept = {key: plain[key] for key in SETTINGS if key in plain}
    return dict(sorted(_leaves(kept, ""), key=lambda leaf: isinstance(leaf[1], str)))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Value]]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _leaves(entry, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        if value:
            yield path, ", ".join(str(entry) for entry in value)
    elif isinstance(value, Value):
        yield path, value
    elif value is not None:
        yield path, str(value)

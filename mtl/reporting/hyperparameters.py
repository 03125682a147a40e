"""A config's values by their paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

SETTINGS = ("model", "data", "inputs", "tasks", "balancing", "optimizer", "training")
OFTEN_VARIED = ("weight", "learning_rate")

Value = bool | int | float | str


def hyperparameters(config: DictConfig | Mapping[str, Any]) -> dict[str, Value]:
    """Return what makes one run differ from another, by path.

    Args:
        config: The whole config; only what decides the training counts, not where files go.

    Returns:
        For example `{"tasks.main_output.weight": 1.0}`. A list is written as `a, b`; null and empty
        values are left out.
    """
    node = config if isinstance(config, DictConfig) else OmegaConf.create(dict(config))
    plain = OmegaConf.to_container(node, resolve=True)
    assert isinstance(plain, dict)
    kept = {key: plain[key] for key in SETTINGS if key in plain}
    written = {path: _written(value) for path, value in values_by_path(kept)}
    return {path: value for path, value in written.items() if value is not None}


def values_by_path(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a config by their paths; what is empty or no mapping is one value."""
    if not isinstance(value, Mapping) or not value:
        yield path, value
        return
    for key, each in value.items():
        yield from values_by_path(each, f"{path}.{key}" if path else str(key))


def varied(paths: Iterable[str], overrides: Sequence[str]) -> set[str]:
    """Return the paths at which a person will want to look first.

    Args:
        paths: Those of the hyper-parameters.
        overrides: Of the run, such as `tasks.aux_output.weight=0.5` and `balancing=pcgrad`.

    Returns:
        Those that were overridden; if none was, the weights of losses, the learning rate and the
        balancer.
    """
    known = set(paths)
    keys = {override.partition("=")[0].lstrip("+~") for override in overrides}
    chosen = known & (keys | {f"{key}.name" for key in keys})
    often = {path for path in known if path.rpartition(".")[2] in OFTEN_VARIED}
    return chosen or often | (known & {"balancing.name"})


def _written(value: Any) -> Value | None:
    """Return a value as one number or text; None of null and what is empty."""
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value) if value else None
    if value is None or isinstance(value, Value):
        return value
    return None if isinstance(value, Mapping) else str(value)

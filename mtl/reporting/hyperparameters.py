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
    return dict(_leaves(kept, ""))


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

"""Parameters of one option of a group, left over where a name alone chose another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from mtl.config.search import options
from mtl.errors import MtlError

# The section of each group that has a name and its parameters.
SECTIONS = {
    "model": "model",
    "data": "data.generator",
    "balancing": "balancing",
    "optimizer": "optimizer",
    "optimizer/schedule": "optimizer.schedule",
}


def refuse_left_over(config: DictConfig, choices: Mapping[str, str | None]) -> None:
    """Refuse `balancing.name=upgrad`, where the parameters are still those of another option.

    A name whose option has all the parameters that are there is taken.

    Args:
        config: The composed config.
        choices: The chosen option of each group.

    Raises:
        MtlError: With the choice that brings the right parameters.
    """
    for group, path in SECTIONS.items():
        files = {name: found[0][1] for name, found in options(group).items()}
        option, section = choices.get(group), _section(config, path)
        chosen = _read(files.get(option or ""), group, path)
        if not chosen or section.get("name") in {None, chosen.get("name")}:
            continue
        name = section["name"]
        named = {each: _read(file, group, path) for each, file in files.items()}
        fitting = [each for each, found in named.items() if found.get("name") == name]
        if not fitting:
            continue
        other = name if name in fitting else fitting[0]
        left = [key for key in section if key in chosen and key not in named[other]]
        if left:
            raise MtlError(
                f"{path}.name is {name!r}, and the parameters are those of {group}={option}, of"
                f" which it does not have {', '.join(left)}. Write {group}={other} instead, which"
                f" brings its parameters (in an experiment's defaults: `- override /{group}:"
                f" {other}`)."
            )


def _read(file: Path | None, group: str, path: str) -> dict[str, Any]:
    """Return what an option's file says of the section that has a name."""
    if file is None:
        return {}
    inside = path.removeprefix(group.replace("/", ".")).removeprefix(".")
    root = OmegaConf.load(file)
    return _section(root, inside) if isinstance(root, DictConfig) else {}


def _section(config: DictConfig, path: str) -> dict[str, Any]:
    found = OmegaConf.select(config, path) if path else config
    if not isinstance(found, DictConfig):
        return {}
    plain = OmegaConf.to_container(found)
    return {str(key): value for key, value in plain.items()} if isinstance(plain, dict) else {}

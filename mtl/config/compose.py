"""An experiment's whole config, composed from files and overrides as the command line does it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import JobRuntime
from hydra.version import VersionBase
from omegaconf import DictConfig, OmegaConf, open_dict

from mtl.config.explain import explained
from mtl.config.left_over import refuse_left_over
from mtl.config.overrides import refuse_groups, refuse_nameless, with_no_option
from mtl.config.search import EXPERIMENT, ROOT, options, shadowed, shipped
from mtl.config.sources import based_on
from mtl.errors import MtlError, nearest

logger = logging.getLogger(__name__)


def compose(experiment: str | None = None, overrides: Sequence[str] = ()) -> DictConfig:
    """Compose the config of an experiment.

    Args:
        experiment: The name of a file in `experiments/`, such as `headline`; None for the root
            alone, whose groups the overrides then have to choose.
        overrides: As on the command line: `training.epochs=3`, `balancing=pcgrad`.

    Returns:
        The config. Folders `./conf` and `./experiments` are read as on the command line; nothing of
        Hydra's state is left behind.

    Raises:
        MtlError: No such experiment, option or key, with the nearest name; or a file that is no
            YAML.
    """
    if isinstance(overrides, str):
        raise MtlError(f"Expected a list of overrides, [{overrides!r}]. Received: {overrides!r}")
    chosen = [] if experiment is None else [f"{EXPERIMENT}={experiment}"]
    return _compose(None, [*chosen, *overrides])


def from_run(folder: str | Path, overrides: Sequence[str] = ()) -> DictConfig:
    """Compose the config of an earlier run, with changed values.

    Args:
        folder: The run's folder.
        overrides: Values, such as `data.path=new.csv`; choices of groups are refused.

    Raises:
        MtlError: There is no run in the folder, or an override cannot be applied.
    """
    folder = run_folder(folder)
    refuse_groups(overrides, folder)
    config = _compose(folder, list(overrides))
    config.run = str(folder)
    return config


def plain(config: DictConfig | Mapping[str, Any]) -> dict[str, Any]:
    """Return a config as a plain dict with all interpolations resolved.

    Raises:
        MtlError: An interpolation names a key that does not exist.
    """
    if not isinstance(config, DictConfig):
        return dict(config)
    with explained():
        container = OmegaConf.to_container(config, resolve=True)
    return {str(key): value for key, value in container.items()} if container else {}  # type: ignore[union-attr]


def run_folder(folder: str | Path) -> Path:
    """Return the absolute path of an earlier run's folder.

    Raises:
        MtlError: It does not exist or has no `config.yaml`.
    """
    path = Path(folder).absolute()
    if (path / "config.yaml").is_file():
        return path
    beside = path if path.is_dir() else path.parent
    runs = [entry.parent.name for entry in sorted(beside.glob("*/config.yaml"))]
    what = "has no config.yaml" if path.is_dir() else "does not exist"
    raise MtlError(
        f"run={folder}: the folder {what}. Expected a run's folder, runs/<experiment>/<date_time>."
        f" {nearest(path.name, runs, f'Runs in {beside}')}"
    )


def finish(config: DictConfig, choices: Mapping[str, str | None]) -> DictConfig:
    """Name a composed config after its experiment, and log which files hide others.

    Args:
        config: Without Hydra's own part.
        choices: The chosen option of each group.

    Raises:
        MtlError: A name has the parameters of another choice.
    """
    refuse_left_over(config, choices)
    for group, option in choices.items():
        line = shadowed(group, option) if option and not group.startswith("hydra/") else None
        if line:
            logger.info(line)
    if config.name is None:
        model = OmegaConf.select(config, "model.name")
        with open_dict(config):
            config.name = choices.get(EXPERIMENT) or model or "unnamed"
    return config


def need_experiment(choices: Mapping[str, str | None]) -> None:
    """Refuse a config for which neither an experiment nor a model was chosen.

    Raises:
        MtlError: With the experiments there are.
    """
    if not choices.get(EXPERIMENT) and not choices.get("model"):
        known = ", ".join(options(EXPERIMENT))
        raise MtlError(f"No experiment is chosen. Write experiment=<name>. Known: {known}.")


def _compose(base: Path | None, overrides: Iterable[str]) -> DictConfig:
    overrides = list(overrides)
    refuse_nameless(overrides)
    with explained(), based_on(base) as root, _without_traces():
        conf = str(shipped() / "conf")
        with hydra.initialize_config_dir(conf, job_name=ROOT, version_base=version_base()):
            chosen = with_no_option(overrides)
            config = hydra.compose(root, overrides=chosen, return_hydra_config=True)
    choices = dict(config.hydra.runtime.choices)
    with open_dict(config):
        del config["hydra"]
    return finish(config, choices)


def version_base() -> str | None:
    """Return Hydra's own defaults' version; from 1.4 on there is only one."""
    return "1.3" if hydra.__version__.startswith("1.3") else None


@contextmanager
def _without_traces() -> Iterator[None]:
    """Put Hydra's process-wide state back: a Hydra application may be the one that composes."""
    running = GlobalHydra.instance().hydra
    version = VersionBase.instance().getbase()
    name = JobRuntime.instance().conf.name
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        GlobalHydra.instance().hydra = running
        VersionBase.instance().version_base = version
        JobRuntime.instance().set("name", name)

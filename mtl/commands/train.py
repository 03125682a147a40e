"""mtl [train]: train an experiment, or several of them.

    mtl experiment=headline
    mtl experiment=headline data.path=posts.csv training.epochs=3 optimizer=adam
    mtl --multirun experiment=headline tasks.aux_output.weight=0,0.1,0.2,0.5
    mtl run=runs/headline/2026-11-20_10-15-02 training.seed=1
    mtl run=runs/headline/2026-11-20_10-15-02 training.resume=true

A run makes a folder runs/<experiment>/<date_time>, a sweep makes one with a run in each of
runs/<experiment>/<date_time>/0, 1, …; the others go on if one fails. With run=FOLDER the config of
that run is the base and values can be changed; with training.resume=true that run itself goes on
after its last whole epoch. --cfg job prints the config instead of training.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from mtl.commands.dispatch import DEBUG
from mtl.commands.sweep import CannotStart, Sweep
from mtl.config.compose import finish, need_experiment, run_folder, version_base
from mtl.config.explain import explained
from mtl.config.overrides import (
    refuse_groups,
    refuse_nameless,
    value_of,
    with_no_option,
    without,
)
from mtl.config.search import shipped
from mtl.config.sources import based_on
from mtl.errors import MtlError, nearest

FLAGS = (
    *("--cfg", "-c", "--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp"),
    *("--experimental-rerun", "--hydra-help", "--info", "-i", "--multirun", "-m", "--package"),
    *("-p", "--resolve", "--run", "-r", "--shell-completion", "-sc", "--version"),
)
INTERRUPTED = 130
RESUME = "training.resume"

logger = logging.getLogger(__name__)


def run(words: Sequence[str]) -> int:
    """Hand the words to Hydra, which calls `_Job` once, or once for each run of a sweep."""
    _refuse_unknown_flags(words)
    refuse_nameless(words)
    # Hydra reads the flag before the overrides or after them, and not among them.
    sweeping = [word for word in words if word in ("--multirun", "-m")]
    words = [*sweeping, *(word for word in words if word not in sweeping)]
    if sweeping and value_of(RESUME, words) not in {None, "false"}:
        raise MtlError(
            f"{RESUME} goes on in the folder of one run, and a sweep makes new ones. Expected it"
            " without --multirun."
        )
    words, base = _with_base(words)
    job = _Job(words)
    with explained(), based_on(base) as root, _as_command(with_no_option(words)):
        configured = hydra.main(str(shipped() / "conf"), root, version_base())(job.run)
        try:
            configured()
        except CannotStart as error:
            raise cast("MtlError", error.__cause__) from None
        finally:
            Sweep.show()
    if job.error is not None:
        raise job.error
    return INTERRUPTED if job.interrupted else 0


class _Job:
    """What Hydra runs with a composed config.

    Args:
        words: The command line.

    Attributes:
        error: What a single run raised, so that it can be raised past Hydra.
        interrupted: Whether Ctrl-C ended a single run.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self.error: Exception | None = None
        self.interrupted = False

    def run(self, config: DictConfig) -> float | None:
        """Train, and return the monitored figure, which an optimizing sweeper wants.

        Raises:
            KeyboardInterrupt: Ctrl-C ended a run of a sweep: the whole sweep ends.
            MtlError: A run of a sweep failed; what it raised is logged and in its folder.
        """
        settings = HydraConfig.get()
        if settings.mode == RunMode.MULTIRUN:
            return _run_of_sweep(config, settings)
        try:
            result = _train(config, settings, ["mtl", *self.words], None)
        except Exception as error:  # noqa: BLE001 raised again by `run`; Hydra would add a traceback of its own
            self.error = error
            return None
        self.interrupted = _is_interrupted(result)
        return _monitored(result)


def _run_of_sweep(config: DictConfig, settings: Any) -> float | None:
    folder = Path(settings.runtime.output_dir)
    overrides = list(settings.overrides.task)
    logger.info("Run %s of the sweep: %s", folder.name, " ".join(overrides))
    try:
        if not any(folder.iterdir()):
            folder.rmdir()  # made by Hydra; the run makes its own
        result = _train(config, settings, ["mtl", *overrides], folder)
    except Exception as error:
        trace = os.environ.get(DEBUG) == "1" or not isinstance(error, MtlError)
        logger.error("Run %s of the sweep failed: %s", folder.name, error, exc_info=trace)
        _leave_word(folder, error, overrides)
        # What is raised here may have to travel from another process: a plain error does.
        reason = f"its reason is above and in {folder / 'results.json'}"
        raise MtlError(f"Run {folder.name} of the sweep failed: {reason}.") from error
    if _is_interrupted(result):
        raise KeyboardInterrupt
    return _monitored(result)


def _train(config: DictConfig, settings: Any, command: list[str], folder: Path | None) -> Any:
    choices = settings.runtime.choices
    if not config.run:
        need_experiment(choices)
    config = finish(config, choices)
    from mtl.reporting.quiet import silence_tensorflow

    silence_tensorflow()
    from mtl.training.runner import train

    return train(config, command=command, folder=folder)


def _leave_word(folder: Path, error: Exception, overrides: Sequence[str]) -> None:
    """Write why a run failed where its results would be, unless it did so itself."""
    from mtl.reporting.files import make_folder
    from mtl.reporting.folder import RunFolder

    try:
        make_folder(folder)
        if not (folder / "results.json").exists():
            left = RunFolder(folder)
            left.write_environment(["mtl", *overrides], overrides)
            left.write_results({"status": "failed", "error": str(error)})
    except (MtlError, OSError) as problem:
        logger.error("Nor can %s be written: %s", folder, problem)


def _monitored(result: Any) -> float | None:
    value = (result.results.get("monitor") or {}).get("value")
    return None if value is None else float(value)


def _is_interrupted(result: Any) -> bool:
    return bool(result.results.get("status") == "interrupted")


def _with_base(words: Sequence[str]) -> tuple[list[str], Path | None]:
    """Return the words with `run=` as an absolute path, and that path."""
    given = value_of("run", words)
    if given is None:
        return list(words), None
    base = run_folder(given)
    refuse_groups(words, base)
    quoted = str(base).replace("\\", "\\\\").replace("'", "\\'")
    return [*without(["run"], words), f"run='{quoted}'"], base


def _refuse_unknown_flags(words: Sequence[str]) -> None:
    for word in words:
        flag = word.partition("=")[0]
        if flag.startswith("-") and not any(known.startswith(flag) for known in FLAGS):
            raise MtlError(f"There is no flag {flag}. {nearest(flag, FLAGS)}")


@contextmanager
def _as_command(words: Sequence[str]) -> Iterator[None]:
    """Let Hydra read the words as the process's own, and raise errors instead of printing them."""
    full = "HYDRA_FULL_ERROR"
    before, setting = sys.argv, os.environ.get(full)
    sys.argv = ["mtl", *words]
    os.environ[full] = "1"
    try:
        yield
    finally:
        sys.argv = before
        if setting is None:
            del os.environ[full]
        else:
            os.environ[full] = setting

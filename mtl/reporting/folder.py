"""The folder of one run: made once, never overwritten, every file in it whole."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from omegaconf import DictConfig, OmegaConf

from mtl.errors import MtlError, nearest
from mtl.reporting.environment import describe_environment, overrides_among, overrides_of
from mtl.reporting.files import explained, make_folder, write_text
from mtl.reporting.results import to_json

CONFIG, ENVIRONMENT, RESULTS, LOG = "config.yaml", "environment.json", "results.json", "run.log"
PLOTS = "plots"
STAMP = "%Y-%m-%d_%H-%M-%S"


class RunFolder:
    """What one run leaves behind. Use `RunFolder.create` or `RunFolder.open`.

    Args:
        path: The folder, which exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    @classmethod
    def create(cls, root: Path | str, name: str, stamp: str | None = None) -> RunFolder:
        """Make the folder `<root>/<name>/<stamp>` for a new run.

        If that is taken, `<stamp>_1`, `<stamp>_2`, … are tried: two runs never share a folder,
        also if they start in the same second or in parallel.

        Args:
            root: The folder of all runs; made if need be.
            name: The experiment's name; a `/` in it makes folders in folders.
            stamp: Default: the local date and time, `2026-11-20_10-15-02`. May have a `/` in it, as
                in a sweep's `2026-11-20_10-15-02/3`.

        Raises:
            MtlError: The folder cannot be made there, or a name would lead out of `root`.
        """
        wanted = Path(
            root, _inside(name), _inside(stamp or datetime.now().astimezone().strftime(STAMP))
        )
        number = 0
        while True:
            path = wanted.with_name(f"{wanted.name}_{number}") if number else wanted
            try:
                make_folder(path, exclusive=True)
            except FileExistsError:
                number += 1
            else:
                return cls(path)

    @classmethod
    def open(cls, path: Path | str) -> RunFolder:
        """Return the folder of an earlier run.

        Raises:
            MtlError: There is no such folder, or no run has been there.
        """
        path = Path(path)
        if not path.is_dir():
            beside = [entry.name for entry in _runs_in(path.parent)]
            raise MtlError(
                f"There is no run folder {path}. In {path.parent}: {nearest(path.name, beside)}"
            )
        if not (path / CONFIG).is_file():
            inside = [entry.name for entry in _runs_in(path)]
            hint = f"The runs in it: {', '.join(inside)}." if inside else "It holds no run."
            raise MtlError(
                f"{path} is not a run's folder: it has no {CONFIG}. {hint} Expected a folder such "
                "as runs/<experiment>/<date_time>."
            )
        return cls(path)

    def file(self, name: str) -> Path:
        """Return the path of a file in the folder, whether it exists or not."""
        return self.path / name

    def write_config(self, config: DictConfig | Mapping[str, Any]) -> None:
        """Write `config.yaml`, with all interpolations resolved."""
        write_text(self.file(CONFIG), yaml_text(config))

    def write_environment(
        self,
        command: Sequence[str],
        overrides: Sequence[str] | None = None,
        seed: int | None = None,
        *,
        resumed: bool = False,
    ) -> None:
        """Write `environment.json`; see `describe_environment` for what is in it.

        Args:
            command: The words of the command line, empty for a run from Python.
            overrides: The overrides among them. Default: the words with a `=`, without flags.
            seed: `training.seed`.
            resumed: Whether the run goes on: what is there stays, and this is added to the list
                `resumed`.
        """
        if overrides is None:
            overrides = overrides_among(command)
        description = describe_environment(command=command, overrides=overrides, seed=seed)
        if resumed:
            with suppress(OSError, ValueError):  # one that cannot be read is written anew
                first = json.loads(self.file(ENVIRONMENT).read_text(encoding="utf-8"))
                description = {**first, "resumed": [*first.get("resumed", []), description]}
        write_text(self.file(ENVIRONMENT), to_json(description))

    def overrides(self) -> list[str]:
        """Return the overrides of the run, with those of each time that it was resumed."""
        return overrides_of(json.loads(self.file(ENVIRONMENT).read_text(encoding="utf-8")))

    def write_results(self, results: Mapping[str, Any]) -> None:
        """Write `results.json`. NaN and infinities become null, NumPy values plain ones.

        Args:
            results: What is known so far:
                `status` (running, completed, interrupted, stopped_early, diverged, failed), the
                `error` of a run that could not be measured, `best_epoch`, `epochs`, `monitor`
                (`name`, `value`, `mode`), `metrics` by split, output and metric (see
                `mtl.reporting.results.nest`), `best_possible` in the same form, `tasks` by output,
                `seconds`, `examples_per_second`, `peak_memory_bytes`.
        """
        write_text(self.file(RESULTS), to_json(results))

    def read_results(self) -> dict[str, Any]:
        """Return what `write_results` wrote.

        Raises:
            MtlError: There is no `results.json`, or it cannot be read.
        """
        path = self.file(RESULTS)
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise MtlError(
                f"Cannot read {path}: {error}. Expected the results of a run; was it stopped "
                "before its first epoch ended?"
            ) from error

    @contextmanager
    def log(self) -> Iterator[logging.Logger]:
        """Write what the logger `mtl` is told, from level info on, to `run.log` too.

        The file is locked meanwhile, where the system has locks: one process trains in a folder.

        Yields:
            A logger that writes to `run.log` alone. All is as before when the context ends.

        Raises:
            MtlError: `run.log` cannot be opened, or another process has it open for this.
        """
        path = self.file(LOG)
        try:
            handler = _LogFile(path, encoding="utf-8")
        except OSError as error:
            raise explained(error, path) from error
        try:
            _lock(handler)
        except BlockingIOError as error:
            handler.close()
            raise MtlError(
                f"Another process is training in {self.path}. Expected a run that nobody trains:"
                " wait for its end, or stop it."
            ) from error
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger = logging.getLogger("mtl")
        level = logger.level
        logger.addHandler(handler)
        if logger.getEffectiveLevel() > logging.INFO:
            logger.setLevel(logging.INFO)
        # Not from getLogger: it is of this run alone, and must tell no other handler.
        alone = logging.Logger(LOG, logging.INFO)  # noqa: LOG001
        alone.addHandler(handler)
        try:
            yield alone
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
            handler.close()


def _lock(handler: logging.FileHandler) -> None:
    """Lock a file until it is closed or the process ends, where the file system has locks.

    Raises:
        BlockingIOError: Another process has locked it.
    """
    if fcntl is not None:
        assert handler.stream is not None
        try:
            fcntl.flock(handler.stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            logging.getLogger("mtl").info("%s cannot be locked.", handler.baseFilename)


class _LogFile(logging.FileHandler):
    """A log file that a full disk leaves incomplete, without a traceback a line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Drop a line that cannot be written: the files that matter report the disk."""

    def close(self) -> None:
        """Close the file, also where its last lines cannot be written."""
        try:
            super().close()
        except OSError:
            self.stream = None


def yaml_text(config: DictConfig | Mapping[str, Any]) -> str:
    """Write a config as YAML, with all interpolations resolved, keys in their order."""
    node = config if isinstance(config, DictConfig) else OmegaConf.create(dict(config))
    return OmegaConf.to_yaml(node, resolve=True)


def _inside(name: str) -> PurePosixPath:
    """Return a relative path that stays below the folder it is put in."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise MtlError(
            f"{name!r} cannot name a run's folder. Expected a name such as 'headline' or "
            "'vin/grid8', without '..' and without a leading '/'."
        )
    return path


def _runs_in(folder: Path) -> list[Path]:
    """Return the run folders in a folder, sorted."""
    if not folder.is_dir():
        return []
    return sorted(entry for entry in folder.iterdir() if (entry / CONFIG).is_file())

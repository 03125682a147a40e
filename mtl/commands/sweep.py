"""The folder of a sweep, and one table at its end: of its runs, or of their means over seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, open_dict

from mtl.config.search import EXPERIMENT
from mtl.errors import MtlError
from mtl.reporting.folder import RunFolder

SEVERAL = "sweep"


class CannotStart(BaseException):
    """A sweep's folder cannot be made. Hydra only warns of an `Exception` in a callback."""


class Sweep(Callback):
    """Hydra's callback around a sweep, in the process that starts it, whatever launches the runs.

    Attributes:
        folder: The folder of the sweep that this process has started and not yet shown.
    """

    folder: ClassVar[Path | None] = None

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Make `<runs>/<experiment>/<date_time>`, one that no other sweep has.

        Raises:
            CannotStart: From the reason, an `MtlError`.
        """
        choice = config.hydra.runtime.choices.get(EXPERIMENT)
        name = OmegaConf.select(config, "name") or choice or SEVERAL
        try:
            folder = RunFolder.create(config.runs, str(name)).path
        except MtlError as error:
            raise CannotStart from error
        quoted = str(folder).replace("\\", "\\\\").replace("'", "\\'")
        with open_dict(config):
            config.hydra.sweep.dir = str(folder)
        # The runs' configs are composed again from the overrides.
        config.hydra.overrides.hydra.append(f"hydra.sweep.dir='{quoted}'")
        type(self).folder = folder

    @classmethod
    def show(cls) -> None:
        """Print the table of the runs of the sweep that has just ended, best first, if any."""
        folder, cls.folder = cls.folder, None
        if folder is None:
            return
        from mtl.reporting.collect import collect
        from mtl.reporting.compare import comparison_table, rank, to_csv
        from mtl.reporting.console import Console
        from mtl.reporting.files import write_text
        from mtl.reporting.repeats import SEED, average, averages_csv, averages_shown, repeated

        console = Console()
        try:
            comparison = rank(collect([folder]))
        except MtlError:
            return  # it ended before any run left something to show
        if repeated(comparison.runs):
            averages = average(comparison.runs)
            console.show(*averages_shown(averages, SEED))
            write_text(folder / "averages.csv", averages_csv(averages))
        else:
            console.show(comparison_table(comparison))
        console.folder(folder)
        write_text(folder / "runs.csv", to_csv(comparison))

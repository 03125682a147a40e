"""`balancing.csv`: one row for each step that is recorded, one column a figure."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path

from mtl.reporting.files import explained, write_text

STEP = "step"


class BalancingLog:
    """The figures of the balancing in single steps.

    Rows are added to the file as they come, so that it holds what led up to an end by divergence.
    The columns are those of the first row.

    Args:
        folder: The run's folder. A `balancing.csv` that is there needs `go_on`.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "balancing.csv"
        self._columns: list[str] = []

    def go_on(self, step: int) -> None:
        """Continue a file after a step: rows of later ones are dropped, which come again.

        So is a last row that a kill cut off.

        Raises:
            MtlError: The file cannot be read or written.
        """
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)
        except FileNotFoundError:
            return
        except OSError as error:
            raise explained(error, self.path) from error
        self._columns = next(csv.reader(lines[:1]), [STEP])[1:]
        whole = [line for line in lines[1:] if line.endswith("\n")]
        numbered = [(line.partition(",")[0], line) for line in whole]
        kept = [line for number, line in numbered if number.isdigit() and int(number) <= step]
        write_text(self.path, "".join([*lines[:1], *kept]))

    def append(self, step: int, figures: Mapping[str, float]) -> None:
        """Add a row.

        Args:
            step: The number of the step in the whole training, from 1.
            figures: By name; those that are missing or no number stay empty.

        Raises:
            MtlError: The file cannot be written.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not self._columns:
            self._columns = list(figures)
            writer.writerow([STEP, *self._columns])
        found = [figures.get(name, math.nan) for name in self._columns]
        writer.writerow([step, *("" if math.isnan(each) else f"{each:.7g}" for each in found)])
        try:
            with self.path.open("a", encoding="utf-8", newline="") as file:
                file.write(text.getvalue())
        except OSError as error:
            raise explained(error, self.path) from error

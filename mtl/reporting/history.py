"""`history.csv`: one row an epoch, one column a figure."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path

from mtl.errors import MtlError
from mtl.reporting.files import write_text

EPOCH = "epoch"

Row = dict[str, float | int | None]


class History:
    """The figures of every epoch so far, in memory and in a file.

    A column stays where it is once it has appeared; a figure that is first known at a later epoch
    gets the next column, empty in the rows before it. The file is rewritten whole after each epoch,
    so that it is complete whenever the run stops.

    Args:
        folder: The run's folder. A `history.csv` that is there is gone on with.

    Raises:
        MtlError: The `history.csv` that is there is not one.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "history.csv"
        self.rows: list[Row] = _read(self.path) if self.path.exists() else []
        self._columns = list(self.rows[0]) if self.rows else [EPOCH]

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in the file's order."""
        return list(self._columns)

    def append(self, figures: Mapping[str, float | int | None]) -> None:
        """Add the row of one epoch and rewrite the file.

        Args:
            figures: By name, with the number of the epoch as `epoch`. Rows of the same or a later
                epoch are dropped: a resumed run repeats them. None stands for unknown.

        Raises:
            MtlError: The file cannot be written; what was there before is unchanged.
        """
        row = dict(figures)
        epoch = row.setdefault(EPOCH, len(self.rows) + 1)
        assert epoch is not None
        kept = [old for old in self.rows if (old[EPOCH] or 0) < epoch]
        new = [name for name in row if name not in self._columns]
        columns = self._columns + new
        rows = [*kept, row]
        write_text(self.path, _written(columns, rows))
        self.rows, self._columns = rows, columns


def _written(columns: list[str], rows: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(int(value))
    # Spelt as the readers of tables expect it; Python's own `nan` makes polars see words.
    return "NaN" if math.isnan(value) else repr(float(value))


def _read(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [
                {name: _number(cell) for name, cell in line.items()}
                for line in csv.DictReader(file)
            ]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise MtlError(
            f"Cannot read {path}: {error}. Expected a table of numbers, one row an epoch. "
            "Move it away to start a new one."
        ) from error


def _number(cell: str) -> float | int | None:
    if not cell:
        return None
    return int(cell) if cell.lstrip("-").isdigit() else float(cell)

"""mtl predict run=FOLDER data.path=TABLE [output=FILE]: predict every task for new rows.

    mtl predict run=runs/headline/2026-11-20_10-15-02 data.path=new.csv output=predictions.csv
    mtl predict run=runs/headline/2026-11-20_10-15-02 data.path=new.csv | head

One row of predictions for each row of the table, in its order, in the units of the targets. The
ending of output= chooses the format: .csv, .parquet, .jsonl or .ndjson; without output= it is CSV
on standard output. overwrite=true replaces a file. Labels are not needed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mtl.commands.from_run import request, writable
from mtl.errors import MtlError, nearest

ENDINGS = (".csv", ".parquet", ".jsonl", ".ndjson")


def run(words: Sequence[str]) -> int:
    """Predict and write."""
    asked = request("predict", words, ["overwrite"], reads=True)
    if asked.output and asked.output.suffix not in ENDINGS:
        raise MtlError(
            f"output={asked.output}: no format has the ending {asked.output.suffix!r}."
            f" {nearest(asked.output.suffix, ENDINGS)}"
        )
    output = writable(asked.output, asked.settings) if asked.output else None
    table = asked.table()
    frame = as_frame(asked.run().predict(table))
    if output is None:
        sys.stdout.write(frame.write_csv())
        return 0
    write(frame, output)
    print(f"{len(frame)} predictions in {output}")
    return 0


def as_frame(predictions: Mapping[str, Any]) -> Any:
    """Return predictions as a polars data frame; an array of k columns becomes `<name>_0`, ….

    Args:
        predictions: Arrays by name, shape `(rows,)` or `(rows, k)`.
    """
    import numpy as np
    import polars as pl

    flat: dict[str, Any] = {}
    for name, values in predictions.items():
        array = np.asarray(values)
        if array.ndim == 1 or array.shape[1:] == (1,):
            flat[name] = array.reshape(len(array))
        else:
            wide = array.reshape(len(array), -1)
            flat |= {f"{name}_{k}": wide[:, k] for k in range(wide.shape[1])}
    return pl.DataFrame({name: _column(values) for name, values in flat.items()})


def write(frame: Any, output: Path) -> None:
    """Write a data frame in the format of the path's ending, to a temporary name first."""
    from mtl.reporting.files import OUTPUT, replacing

    with replacing(output, OUTPUT) as path:
        if output.suffix == ".csv":
            frame.write_csv(path)
        elif output.suffix == ".parquet":
            frame.write_parquet(path)
        else:
            frame.write_ndjson(path)


def _column(values: Any) -> Any:
    return values.tolist() if values.dtype == object else values

"""mtl evaluate run=FOLDER data.path=TABLE [output=FILE.json]: measure a trained run on new rows.

    mtl evaluate run=runs/headline/2026-11-20_10-15-02 data.path=new.csv
    mtl evaluate run=runs/headline/2026-11-20_10-15-02 data.generator.seed=1 output=figures.json

    mtl evaluate run=runs/vin_16/2026-11-20_10-15-02 data.generator.seed=1 model.iterations=30

Prints loss, metrics and evaluations of each task whose labels the table has. Parameters of the
model and of evaluations may be changed as long as the trained weights fit. output= writes them as
JSON too; overwrite=true replaces a file. What the run reached on its own splits is in its
results.json.
"""

from __future__ import annotations

from collections.abc import Sequence

from mtl.commands.from_run import request, writable


def run(words: Sequence[str]) -> int:
    """Evaluate and print."""
    asked = request("evaluate", words, ["overwrite"], reads=True)
    output = writable(asked.output, asked.settings) if asked.output else None
    table = asked.table()
    figures = asked.run().evaluate(table)
    from mtl.reporting.console import Console
    from mtl.reporting.files import OUTPUT, write_text
    from mtl.reporting.results import to_json
    from mtl.reporting.tables import results_table

    Console().show(results_table({"metrics": {"table": figures}, "tasks": asked.config["tasks"]}))
    if output:
        write_text(output, to_json(figures), OUTPUT)
    return 0

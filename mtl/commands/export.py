"""mtl export run=FOLDER [format=tf_saved_model|keras] [output=PATH]: write a model for serving.

    mtl export run=runs/headline/2026-11-20_10-15-02 format=tf_saved_model
    mtl export run=runs/headline/2026-11-20_10-15-02 format=keras output=served.keras

The model takes a dict of raw columns and returns a dict of outputs, in the model's own units. The
default path is export/tf_saved_model or export/model.keras in the run's folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mtl.commands.from_run import request
from mtl.errors import MtlError, nearest

FORMATS = {"tf_saved_model": "tf_saved_model", "keras": "model.keras"}


def run(words: Sequence[str]) -> int:
    """Export and say where to."""
    asked = request("export", words, ["format"], reads=False)
    chosen = asked.settings.get("format", "tf_saved_model")
    if chosen not in FORMATS:
        raise MtlError(f"format={chosen} is none that can be exported. {nearest(chosen, FORMATS)}")
    output = asked.output or asked.folder / "export" / FORMATS[chosen]
    if chosen == "keras" and output.suffix != ".keras":
        raise MtlError(f"output={output}: expected a path that ends in .keras.")
    if output.exists():
        raise MtlError(f"{output} exists. Give another path with output=, or remove it first.")
    model = asked.run().model
    _write(model, chosen, output)
    print(f"exported to {output}")
    return 0


def _write(model: Any, chosen: str, output: Path) -> None:
    from mtl.reporting.files import OUTPUT, make_folder, replacing
    from mtl.reporting.tensorflow_errors import as_os_error

    make_folder(output.parent, elsewhere=OUTPUT)
    with replacing(output, OUTPUT) as path:
        if chosen == "keras":
            model.save(path)
            return
        try:
            model.export(path, format=chosen, verbose=False)
        except _errors_of_tensorflow() as error:
            raise as_os_error(error) from error


def _errors_of_tensorflow() -> type[Exception]:
    import tensorflow as tf

    return tf.errors.OpError

"""mtl inspect experiment=NAME|run=FOLDER [format=json|mermaid|svg] [output=FILE]: look at a graph.

    mtl inspect experiment=headline
    mtl inspect experiment=headline model.lstm_units=64 tasks.aux_output.weight=0
    mtl inspect run=runs/headline/2026-11-20_10-15-02
    mtl inspect experiment=headline format=svg output=headline.svg

Prints inputs, outputs with their tasks, layers with their parameters, each call of a layer as a
node, what is shared, by which outputs it is trained, and where the shared part ends. The data are
prepared and everything is checked as for training; nothing is trained and no folder made.

format=json has all of it as data; mermaid (a text that GitHub and many editors draw) and svg (by
Graphviz's `dot`) are drawings. Without output= they go to standard output; with it the ending
chooses the format (.json, .mmd, .svg), and overwrite=true replaces a file. fold=true shows models
inside the model as one box or line each, fold=false shows all of them; the default folds those of
more than 20 calls.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mtl.commands.from_run import request, writable
from mtl.config.overrides import value_of, without
from mtl.errors import MtlError, nearest

if TYPE_CHECKING:
    from mtl.reporting.inspection.facts import Inspection

FORMATS = {"json": ".json", "mermaid": ".mmd", "svg": ".svg"}
OWN = ("format", "overwrite", "fold")


def run(words: Sequence[str]) -> int:
    """Print or write what there is to see of a graph."""
    flag = next((word for word in words if word.startswith("-")), None)
    if flag:
        raise MtlError(f"`mtl inspect` has no flag {flag}. See mtl inspect --help.")
    bare = next((word for word in words if "=" not in word and not word.startswith("~")), None)
    if bare:
        raise MtlError(f"Cannot read {bare!r}. Expected key=value, such as experiment=headline.")
    chosen, output = _destination(words)
    fold = _fold(words)
    if chosen == "svg":
        from mtl.reporting.drawing.dot import need_dot

        need_dot()
    inspection = _of_run(words) if value_of("run", words) else _of_experiment(words)
    if chosen is None:
        from mtl.reporting.console import Console
        from mtl.reporting.inspection.tables import describe_inspection

        Console().show(*describe_inspection(inspection, fold=fold))
        return 0
    text = _written(inspection, chosen, fold=fold)
    if output is None:
        sys.stdout.write(text)
        return 0
    from mtl.reporting.files import OUTPUT, write_text

    write_text(output, text, OUTPUT)
    print(f"{inspection.name} drawn in {output}" if chosen != "json" else f"facts in {output}")
    return 0


def _destination(words: Sequence[str]) -> tuple[str | None, Path | None]:
    """Return the format, None for tables on the console, and the file, if any."""
    chosen, given = value_of("format", words), value_of("output", words)
    if chosen is not None and chosen not in FORMATS:
        raise MtlError(f"format={chosen} is none that a graph has. {nearest(chosen, FORMATS)}")
    if given is None:
        return chosen, None
    overwrite = value_of("overwrite", words)
    output = writable(Path(given), {} if overwrite is None else {"overwrite": overwrite})
    endings = {ending: name for name, ending in FORMATS.items()}
    chosen = chosen or endings.get(output.suffix)
    if chosen is None:
        raise MtlError(
            f"output={given}: no format has the ending {output.suffix!r}. Say which with format=, "
            f"or use another ending. {nearest(output.suffix, endings)}"
        )
    return chosen, output


def _fold(words: Sequence[str]) -> bool | None:
    given = value_of("fold", words)
    if given is None:
        return None
    if given.lower() not in {"true", "false"}:
        raise MtlError(f"fold={given}: expected true or false.")
    return given.lower() == "true"


def _of_experiment(words: Sequence[str]) -> Inspection:
    """Compose, prepare and build as for training."""
    from mtl.config.compose import compose, need_experiment, plain

    chosen = {group: value_of(group, words) for group in ("experiment", "model")}
    need_experiment(chosen)
    config = plain(compose(None, without(["output", *OWN], words)))
    from mtl.reporting.quiet import silence_tensorflow

    silence_tensorflow()
    from mtl.training.inspection.graph import inspect_experiment

    return inspect_experiment(config)


def _of_run(words: Sequence[str]) -> Inspection:
    """Load a trained run."""
    asked = request("inspect", words, OWN, reads=False)
    loaded = asked.run()
    from mtl.training.inspection.graph import inspect_run

    return inspect_run(loaded)


def _written(inspection: Inspection, chosen: str, *, fold: bool | None) -> str:
    from mtl.reporting.drawing.dot import to_svg
    from mtl.reporting.drawing.mermaid import to_mermaid
    from mtl.reporting.drawing.plan import plan
    from mtl.reporting.inspection.facts import to_json

    if chosen == "json":
        return to_json(inspection)
    drawing = plan(inspection, fold=fold)
    return to_svg(drawing) if chosen == "svg" else to_mermaid(drawing)

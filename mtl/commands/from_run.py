"""What the verbs that read a trained run have in common: their words, the run, the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl.config.overrides import refuse_groups, refuse_nameless, value_of, without
from mtl.errors import MtlError, nearest

VALUES = ("training.evaluation_batch_size", "plugins", "model.", "evaluations.")


@dataclass(frozen=True)
class Request:
    """What one of these verbs was asked to do.

    Attributes:
        folder: The run's folder.
        config: The run's config with the changed values.
        generates: Whether the words change how data is generated.
        output: Where to write, if anywhere.
        settings: The verb's own words, by key.
    """

    folder: Path
    config: dict[str, Any]
    generates: bool
    output: Path | None
    settings: dict[str, str]

    def run(self) -> Any:
        """Load the run, importing TensorFlow."""
        from mtl.reporting.quiet import silence_tensorflow

        silence_tensorflow()
        from mtl.training.run import load

        run = load(self.folder)
        run.config = self.config
        return run

    def table(self) -> Any:
        """Read the table that the words name, as a polars data frame.

        Raises:
            MtlError: None is named, or it cannot be read.
        """
        from mtl.reporting.quiet import silence_tensorflow

        silence_tensorflow()
        from mtl.config.check.sections import described_columns
        from mtl.data.tables import read_table

        data = self.config["data"]
        if not self.generates:
            described = {**(data.get("columns") or {}), **described_columns(self.config)}
            return read_table(data["path"], columns_config=described)
        from mtl.registry import generators, load_plugins

        load_plugins(self.config.get("plugins"))
        options = {key: value for key, value in data["generator"].items() if key != "name"}
        return generators.get(data["generator"]["name"])(**options).table


def request(verb: str, words: Sequence[str], own: Sequence[str], *, reads: bool) -> Request:
    """Read the words after a verb.

    Args:
        verb: Its name, for messages.
        words: `run=`, `output=`, the verb's own settings, and values of the config.
        own: The verb's own settings, such as `overwrite`.
        reads: Whether it needs a table.

    Raises:
        MtlError: No run or no table is named, or a word means nothing here.
    """
    flag = next((word for word in words if word.startswith("-")), None)
    if flag:
        raise MtlError(f"`mtl {verb}` has no flag {flag}. See mtl {verb} --help.")
    refuse_nameless(words)
    from mtl.config.compose import from_run, plain, run_folder

    given = value_of("run", words)
    if given is None:
        raise MtlError(f"`mtl {verb}` needs a run: run=runs/<experiment>/<date_time>.")
    folder = run_folder(given)
    refuse_groups(words, folder)
    values = without(["run", "output", *own], words)
    _refuse_unread(verb, values, own, reads=reads)
    path = value_of("data.path", words)
    generates = path is None and any(word.startswith("data.generator.") for word in values)
    if reads and path is None and not generates:
        raise MtlError(
            f"`mtl {verb}` needs a table: data.path=new.csv, or, to generate one, for example"
            " data.generator.seed=1."
        )
    output = value_of("output", words)
    settings = {key: value for key in own if (value := value_of(key, words)) is not None}
    config = plain(from_run(folder, values))
    return Request(folder, config, generates, Path(output) if output else None, settings)


def writable(output: Path, settings: dict[str, str]) -> Path:
    """Return a path to write to, after making sure that nothing is overwritten unasked.

    Raises:
        MtlError: It exists and `overwrite=true` is not said, or its folder does not exist.
    """
    overwrite = settings.get("overwrite", "false").lower()
    if overwrite not in {"true", "false"}:
        raise MtlError(f"overwrite={overwrite}: expected true or false.")
    if not output.parent.is_dir():
        raise MtlError(f"output={output}: the folder {output.parent} does not exist.")
    if output.is_dir():
        raise MtlError(f"output={output} is a folder. Expected the path of a file.")
    if output.exists() and overwrite != "true":
        raise MtlError(f"output={output} exists. Write overwrite=true to replace it.")
    return output


def _refuse_unread(verb: str, words: Sequence[str], own: Sequence[str], *, reads: bool) -> None:
    """Refuse values that a trained run cannot take on any more."""
    data = ("data.path", "data.generator.") if reads else ()
    for word in words:
        key = word.lstrip("+").partition("=")[0]
        if "=" not in word:
            raise MtlError(f"Cannot read {word!r}. Expected key=value, such as data.path=new.csv.")
        if not key.startswith((*data, *VALUES)):
            known = [name.rstrip(".") for name in ("run", "output", *own, *data, *VALUES)]
            raise MtlError(
                f"`mtl {verb}` does not read {key!r}: the run is trained. {nearest(key, known)}"
            )

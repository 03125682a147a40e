"""From the words after `mtl` to a verb, and from what it raises to an exit status."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mtl.errors import MtlError, nearest

VERBS = {
    "train": "train an experiment (the default)",
    "list": "what there is to choose from",
    "inspect": "layers, nodes, sharing and tasks of a graph, or a drawing of it",
    "evaluate": "measure a trained run on a table with labels",
    "predict": "predict a table with a trained run",
    "export": "write a run's model for serving",
    "compare": "one table of runs, best first",
    "board": "TensorBoard on runs",
}
HELP = ("--help", "-h", "help")
COMPLETION = ("--shell-completion", "-sc")
DEBUG = "MTL_DEBUG"


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    0 for success, 1 for an error the user can mend, which is printed without a traceback, 130 after
    Ctrl-C. `--debug` anywhere, or `MTL_DEBUG=1`, shows the traceback.

    Args:
        words: What follows `mtl`. Default: what the process was given.
    """
    given = list(sys.argv[1:] if words is None else words)
    debug = "--debug" in given or os.environ.get(DEBUG, "0") not in {"", "0"}
    with _process_settings(debug=debug):
        try:
            return _dispatch([word for word in given if word != "--debug"])
        except MtlError as error:
            if debug:
                raise
            print(f"mtl: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("mtl: interrupted", file=sys.stderr)
            return 130
        except BrokenPipeError:
            # The reader of our output has left (`mtl list | head`); say nothing more to it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0


def split_verb(words: Sequence[str]) -> tuple[str, list[str]]:
    """Return the verb, `train` where none is given, and the other words.

    Raises:
        MtlError: The first word is neither a verb nor an override nor a flag.
    """
    if not words or words[0].startswith(("-", "+", "~")) or "=" in words[0]:
        return "train", list(words)
    if words[0] not in VERBS:
        raise MtlError(f"There is no verb {words[0]!r}. {nearest(words[0], VERBS)}")
    return words[0], list(words[1:])


def _dispatch(words: list[str]) -> int:
    if words[:1] and words[0] in COMPLETION:
        return _run("complete", words)
    if words[:1] and words[0] in HELP:
        return _run("help", words[1:])
    if words == ["--version"]:
        return _run("version", [])
    verb, rest = split_verb(words)
    if any(word in HELP[:2] for word in rest):
        return _run("help", [verb] if words[0] == verb else [])
    return _run(verb, rest)


def _run(module: str, words: list[str]) -> int:
    status = importlib.import_module(f"mtl.commands.{module}").run(words)
    return int(status or 0)


@contextmanager
def _process_settings(*, debug: bool) -> Iterator[None]:
    """Show what `mtl` logs, and keep TensorFlow's start-up notes quiet, while a verb runs."""
    logger = logging.getLogger("mtl")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    before = (logger.level, logger.propagate, os.environ.get(DEBUG))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if debug:
        os.environ[DEBUG] = "1"
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]
        if before[2] is None:
            os.environ.pop(DEBUG, None)

"""The console heeds where it prints to."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from rich.text import Text

from mtl.reporting.console import Console, outcome

SCRIPT = """
import time
from rich.text import Text
from mtl.reporting.console import Console
from mtl.reporting.results import nest
console = Console()
with console.progress(1) as progress:
    progress.begin(1, 2)
    progress.step(1, {"main_output": 0.5}, 100.0)
    time.sleep(WAIT)
    progress.end(1, {"training/loss": 0.5})
console.show(Text("beware", style="yellow"))
console.results({"status": "completed", "metrics": nest({"test/main_output/auc": 0.75})})
"""


PIPED = SCRIPT.replace("WAIT", "0")


def in_a_terminal(**environment: str) -> str:
    """Run the script with a terminal of 80 columns as its output and return what it wrote."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.replace("WAIT", "0.6")],
        stdout=theirs,
        stdin=theirs,
        env={**os.environ, "COLUMNS": "80", "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            # How Linux says that nobody holds the terminal's other side any more.
            break
        written += piece
    assert process.wait() == 0
    os.close(ours)
    return written.decode()


def test_terminal_with_colours() -> None:
    written = in_a_terminal()
    assert "\x1b[33mbeware\x1b[0m" in written
    assert "main_output\u00a00.5000" in written


def test_terminal_without_colours() -> None:
    written = in_a_terminal(NO_COLOR="1")
    assert "beware" in written
    assert "\x1b[33m" not in written


def test_dumb_terminal() -> None:
    written = in_a_terminal(TERM="dumb")
    assert "\x1b" not in written
    assert written.splitlines()[0] == "epoch 1/1  training loss 0.5000"


def test_pipe_even_where_colours_are_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = subprocess.run(
        [sys.executable, "-c", PIPED], capture_output=True, text=True, check=True
    )
    lines = result.stdout.splitlines()
    assert lines[:2] == ["epoch 1/1  training loss 0.5000", "beware"]
    assert lines[-1] == "completed"
    assert "\x1b" not in result.stdout
    assert result.stderr == ""


def test_pipe_of_few_letters() -> None:
    result = subprocess.run(
        [sys.executable, "-c", PIPED.replace("beware", "größe ─")],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert b"gr??e ?" in result.stdout
    assert result.stdout.isascii()


def test_reader_that_leaves_does_not_end_the_run() -> None:
    script = PIPED + "\nimport pathlib, sys; print('done', file=sys.stderr)"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read().splitlines()[0] == "done"


def test_long_lines_are_whole_in_a_pipe() -> None:
    file = io.StringIO()
    console = Console(file, 40)
    console.line("word " * 30 + "end")
    console.folder(Path("/a") / ("long" * 30))
    console.show(Text("block"))
    assert file.getvalue().splitlines() == [
        "word " * 30 + "end",
        "run folder: /a/" + "long" * 30,
        "block",
        "",
    ]


def test_folder_is_shown_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = io.StringIO()
    Console(file).folder(tmp_path / "runs" / "headline" / "1")
    assert file.getvalue() == "run folder: runs/headline/1\n"


def test_outcome() -> None:
    assert outcome(
        {
            "status": "stopped_early",
            "epochs": 7,
            "best_epoch": 4,
            "monitor": {"name": "validation/loss", "value": 0.25, "mode": "min"},
            "seconds": 31.4,
            "examples_per_second": 5231.3,
            "peak_memory_bytes": 1.2e9,
        }
    ) == (
        "stopped early: no improvement, best epoch 4 of 7, validation/loss 0.2500 "
        "(lower is better), 31 s, 5,231 examples/s, peak memory 1.2 GB"
    )
    assert outcome({"status": "interrupted", "monitor": None}) == "interrupted"

"""One plain line an epoch in a pipe, a live bar on a terminal."""

import io

import pytest
from rich.console import Console as RichConsole

from mtl.reporting.console import Console
from mtl.reporting.progress import TrainingProgress, epoch_line

FIGURES = {
    "training/loss": 0.7,
    "validation/loss": 0.72,
    "training/main_output/loss": 0.4,
    "validation/main_output/loss": 0.5,
    "validation/aux_output/loss": 0.6,
    "validation/mean/loss": 0.55,
    "validation/main_output/auc": 0.73214,
    "learning_rate": 0.001,
    "examples_per_second": 5321.4,
    "seconds": 12.3,
}


def test_line_of_an_epoch() -> None:
    line = epoch_line(3, 10, FIGURES, monitor="validation/main_output/auc", best=True)
    assert line == (
        "epoch  3/10  training loss 0.7000  validation loss 0.7200  "
        "(main_output 0.5000, aux_output 0.6000)  validation/main_output/auc 0.7321  best  "
        "5,321 examples/s  12 s"
    )


def test_line_without_validation() -> None:
    figures = {"training/loss": 0.7, "training/a/loss": 0.4}
    assert epoch_line(1, 1, figures, monitor="training/loss") == (
        "epoch 1/1  training loss 0.7000  (a 0.4000)"
    )


def test_line_leaves_many_tasks_to_the_files() -> None:
    figures = {"validation/loss": 1.0} | {f"validation/{task}/loss": 1.0 for task in range(7)}
    assert epoch_line(1, 1, figures) == "epoch 1/1  validation loss 1.0000"


def test_exactly_one_line_an_epoch_in_a_pipe() -> None:
    file = io.StringIO()
    with Console(file, 40).progress(2) as progress:
        for epoch in (1, 2):
            progress.begin(epoch, 100)
            for step in range(100):
                assert not progress.due
                progress.step(step, {"main_output": 0.5}, 5000.0)
            progress.end(epoch, FIGURES)
    lines = file.getvalue().splitlines()
    assert len(lines) == 2
    assert [line[:9] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert all(line.isprintable() and line == line.strip() for line in lines)


def test_losses_and_speed_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setenv("TERM", "xterm")
    rich = RichConsole(file=file, force_terminal=True, width=80, color_system=None)
    printed: list[str] = []
    with TrainingProgress(rich, printed.append, 3, live=True) as progress:
        progress.begin(1, 40)
        assert progress.due
        progress.step(13, {"main_output": 0.63, "aux_output": 0.5}, 5231.3)
        assert not progress.due
        progress._live.refresh()
        frame = file.getvalue()
        progress.end(1, {"training/loss": 0.5})
    for expected in ("epoch 1/3", "13/40", "5,231 examples/s", "main_output\u00a00.6300"):
        assert expected in frame
    assert printed == ["epoch 1/3  training loss 0.5000"]


def test_bar_is_gone_after_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setenv("TERM", "xterm")
    rich = RichConsole(file=file, force_terminal=True, width=80, color_system=None)
    progress = TrainingProgress(rich, print, 3, live=True)

    def interrupted() -> None:
        with progress:
            progress.begin(1, 40)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    # The cursor is shown again.
    assert file.getvalue().rstrip().endswith(("\x1b[?25h", "\x1b[2K"))
    assert "\x1b[?25h" in file.getvalue()

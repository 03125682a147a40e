"""`history.csv` keeps every figure in a column of its own."""

import csv
import math
import os
from pathlib import Path

import polars as pl
import pytest

from mtl.errors import MtlError
from mtl.reporting.history import History


def lines(folder: Path) -> list[str]:
    return (folder / "history.csv").read_text().splitlines()


def test_one_row_an_epoch_one_column_a_figure(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.append({"epoch": 1, "training/loss": 0.5, "learning_rate": 0.001})
    history.append({"epoch": 2, "training/loss": 0.25, "learning_rate": 0.001})
    assert lines(tmp_path) == [
        "epoch,training/loss,learning_rate",
        "1,0.5,0.001",
        "2,0.25,0.001",
    ]


def test_figures_known_later_get_the_next_columns(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.append({"training/loss": 0.5, "epoch": 1})
    history.append({"epoch": 2, "validation/loss": 0.75, "training/loss": 0.25})
    history.append({"epoch": 3, "training/loss": 0.125, "validation/loss": None})
    assert lines(tmp_path) == [
        "epoch,training/loss,validation/loss",
        "1,0.5,",
        "2,0.25,0.75",
        "3,0.125,",
    ]


def test_values_survive_writing(tmp_path: Path) -> None:
    row = {"epoch": 1, "a": 0.1 + 0.2, "b": math.inf, "c": 1e-300, "d": -3, 'e,"f': 1.0}
    History(tmp_path).append(row)
    assert History(tmp_path).rows == [row]
    with (tmp_path / "history.csv").open() as file:
        assert next(csv.DictReader(file))["b"] == "inf"


def test_not_a_number_is_no_missing_value(tmp_path: Path) -> None:
    History(tmp_path).append({"epoch": 1, "a": math.nan, "b": None})
    row = History(tmp_path).rows[0]
    assert row["a"] is not None
    assert math.isnan(row["a"])
    assert row["b"] is None
    assert pl.read_csv(tmp_path / "history.csv")["a"].is_nan().to_list() == [True]


def test_resumed_runs_go_on_and_repeat_epochs(tmp_path: Path) -> None:
    first = History(tmp_path)
    for epoch in (1, 2, 3):
        first.append({"epoch": epoch, "loss": float(epoch)})
    resumed = History(tmp_path)
    resumed.append({"epoch": 3, "loss": 30.0})
    assert lines(tmp_path) == ["epoch,loss", "1,1.0", "2,2.0", "3,30.0"]


def test_failed_write_keeps_file_and_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(tmp_path)
    history.append({"epoch": 1, "loss": 0.5})

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", fail)
        with pytest.raises(MtlError, match=r"history\.csv: the disk is full"):
            history.append({"epoch": 2, "loss": 0.25, "late": 1.0})
    assert lines(tmp_path) == ["epoch,loss", "1,0.5"]
    assert history.columns == ["epoch", "loss"]


@pytest.mark.parametrize("text", ["epoch,loss\n1,what\n", "epoch,loss\n1,2,3\n"])
def test_file_that_is_no_history(tmp_path: Path, text: str) -> None:
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(MtlError, match=r"Cannot read .*history\.csv"):
        History(tmp_path)

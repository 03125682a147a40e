from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mtl.commands import board
from mtl.errors import MtlError


@pytest.fixture
def runs(write):
    for name, value in {"a": 0.6, "b": 0.9, "c": 0.7}.items():
        monitor = {"name": "validation/mean/auc", "mode": "max", "value": value}
        metrics = {"validation": {"mean": {"auc": value}}, "test": {"mean": {"auc": 1 - value}}}
        results = {"status": "completed", "monitor": monitor, "metrics": metrics}
        write(f"runs/headline/{name}/results.json", json.dumps(results))


def order(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line[:2] in {"a ", "b ", "c "}]


def test_compare_orders_runs_best_first(mtl, runs):
    done = mtl("compare runs/headline/a runs/headline/b runs/headline/c")
    assert done.status == 0
    assert order(done.out) == ["b", "c", "a"]
    assert order(mtl("compare").out) == ["b", "c", "a"]


def test_compare_by_another_figure_and_into_a_file(mtl, runs):
    done = mtl("compare runs by=test/mean/auc output=table.csv")
    assert order(done.out) == ["a", "c", "b"]
    assert Path("table.csv").read_text().splitlines()[1].startswith("runs/headline/a,")
    assert "exists" in mtl("compare runs output=table.csv").err


def test_means_heed_what_is_good(mtl, write):
    for weight, value in {0: 0.6, 1: 0.9}.items():
        overrides = ["experiment=headline", f"tasks.aux.weight={weight}", "training.seed=0"]
        monitor = {"name": "validation/mean/auc", "mode": "max", "value": value}
        figures = {"main": {"auc": value, "loss": 1.0}}
        results = {"status": "completed", "monitor": monitor, "metrics": {"test": figures}}
        write(f"runs/headline/{weight}/results.json", json.dumps(results))
        write(f"runs/headline/{weight}/environment.json", json.dumps({"overrides": overrides}))

    def order(line):
        return [word[-1] for word in mtl(line).out.split() if word.startswith("tasks.aux.weight=")]

    assert order("compare over=training.seed") == ["1", "0"]
    assert order("compare over=training.seed mode=min") == ["0", "1"]


def test_means_of_many_tasks_say_where_all_of_them_are(mtl, write):
    figures = {name: {"loss": 1.0} for name in "abcde"}
    results = {"status": "completed", "metrics": {"test": figures}}
    write("runs/many/0/results.json", json.dumps(results))
    write("runs/many/0/environment.json", json.dumps({"overrides": ["training.seed=0"]}))
    line = "compare over=training.seed"
    assert "Not shown: the columns of 5 tasks; output=FILE.csv writes them." in mtl(line).out
    assert "5 tasks; all.csv has them." in mtl(f"{line} output=all.csv").out


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("compare rns", "Did you mean 'runs'?"),
        ("compare --by x", "cannot read '--by'"),
        ("compare runs yb=x", "cannot read 'yb=x'"),
        ("compare runs by=test/mean/acu", "Did you mean 'test/mean/auc'?"),
        ("compare runs mode=best", "expected max or min"),
        ("compare runs against=balancing=fixed", "Add over=training.seed."),
        ("compare runs over=training.seed", "No run has an override of 'training.seed'"),
    ],
)
def test_a_mistake_is_explained(mtl, runs, line, hint):
    done = mtl(line)
    assert done.status == 1
    assert hint in done.err


def test_without_any_run_there_is_a_hint(mtl, user_folder):
    assert "no run has been made here yet" in mtl("compare").err


def test_board_starts_tensorboard(runs):
    start = [sys.executable, "-m", "tensorboard.main"]
    assert board.command([]) == [*start, "--logdir", "runs"]
    assert board.command(["runs/headline", "port=7000", "host=0.0.0.0"]) == [
        *start,
        *("--logdir", "runs/headline", "--port", "7000", "--host", "0.0.0.0"),
    ]
    several = board.command(["runs/headline/a", "runs/headline/b"])
    assert several[-1] == "runs/headline/a:runs/headline/a,runs/headline/b:runs/headline/b"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["rns"], "There is no folder rns"),
        (["--port=3"], "Known: host, port"),
        (["prot=3"], "Did you mean 'port'?"),
        (["port=x"], "expected a whole number"),
    ],
)
def test_a_mistake_with_board_is_explained(runs, words, hint):
    with pytest.raises(MtlError, match=hint.replace("?", r"\?")):
        board.command(words)

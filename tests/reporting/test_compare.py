"""Runs side by side, best first."""

import csv
import io
import math
from pathlib import Path

import pytest

from mtl.config.directions import HIGHER, LOWER
from mtl.errors import MtlError
from mtl.reporting.collect import Run
from mtl.reporting.compare import (
    comparison_table,
    differing_overrides,
    main_figures,
    rank,
    to_csv,
)
from mtl.reporting.console import Console

AUC = "validation/main_output/auc"


def run(name: str, auc: float | None, *overrides: str, **facts: object) -> Run:
    figures = {AUC: auc, "test/main_output/auc": 0.5, "validation/loss": 1.0}
    return Run(
        Path("runs/headline") / name,
        "completed",
        ("experiment=headline", *overrides),
        AUC,
        "max",
        figures,
        **facts,
    )


RUNS = [
    run("a", 0.7, "weight=0", seconds=31.4, best_epoch=3),
    run("b", None, "weight=0.1"),
    run("c", 0.9, "weight=0.2", "seed=1"),
    run("d", math.nan),
    Run(Path("runs/headline/e"), "no results"),
    run("f", 0.8),
]


def names(runs: list[Run], **options: str) -> list[str]:
    return [entry.folder.name for entry in rank(runs, **options).runs]


def test_best_first_and_unknown_last() -> None:
    assert names(RUNS) == ["c", "f", "a", "b", "d", "e"]
    assert names(RUNS, mode="min") == ["a", "f", "c", "b", "d", "e"]


def test_by_another_figure() -> None:
    runs = [run("a", 0.7), run("b", 0.9)]
    runs[0].figures["validation/loss"] = 0.5
    comparison = rank(runs, by="validation/loss")
    assert comparison.mode == "min"
    assert [entry.folder.name for entry in comparison.runs] == ["a", "b"]
    with pytest.raises(MtlError, match="Did you mean 'validation/main_output/auc'"):
        rank(runs, by="validation/main_output/acu")


@pytest.mark.parametrize("metric", sorted(HIGHER | LOWER))
def test_by_each_shipped_metric_the_best_is_first(metric: str) -> None:
    name = f"test/main_output/{metric}"
    runs = [Run(Path(str(value)), "completed", figures={name: value}) for value in (0.1, 0.2)]
    best = rank(runs, by=name).runs[0].figures[name]
    assert best == (0.2 if metric in HIGHER else 0.1)


def test_by_the_watched_metric_on_another_split_as_the_runs_say() -> None:
    figures = {"test/main_output/regret": 1.0}
    watching = Run(Path("x"), "completed", (), "validation/main_output/regret", "min", figures)
    assert rank([watching], by="test/main_output/regret").mode == "min"


def test_by_what_most_runs_watched() -> None:
    odd = Run(Path("x"), "completed", (), "validation/loss", "min", {"validation/loss": 0.1})
    assert rank([odd, *RUNS]).figure == AUC


def test_overrides_that_all_runs_have_are_left_out() -> None:
    assert differing_overrides(RUNS[:3]) == [["weight=0"], ["weight=0.1"], ["weight=0.2", "seed=1"]]
    assert differing_overrides(RUNS[:1]) == [["experiment=headline", "weight=0"]]
    assert differing_overrides([]) == []


def test_main_figures_are_the_watched_one_on_every_split() -> None:
    assert main_figures(rank(RUNS)) == [AUC, "test/main_output/auc"]
    assert main_figures(rank([RUNS[4]])) == []


@pytest.mark.parametrize("width", [80, 160])
def test_table(width: int) -> None:
    file = io.StringIO()
    Console(file, width).show(comparison_table(rank(RUNS)))
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    rows = [line.split() for line in lines]
    if width == 160:
        assert ["c", "weight=0.2", "seed=1", "0.9000", "0.5000", "-", "-", "-", "completed"] in rows
        assert ["a", "weight=0", "0.7000", "0.5000", "3", "31", "s", "-", "completed"] in rows
    else:
        first = rows.index(["c", "0.9000", "0.5000", "completed"])
        assert rows[first + 1 : first + 3] == [["weight=0.2"], ["seed=1"]]


def test_a_path_that_is_too_long_goes_on_after_a_slash() -> None:
    paths = [f"{name * 5}/2026-11-28_03-52-21/0" for name in ("some_", "other_")]
    runs = [run(path, 0.5, f"data.path=/{'folder/' * 8}{path[0]}.csv") for path in paths]
    file = io.StringIO()
    Console(file, 80).show(comparison_table(rank(runs)))
    text = file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    starts = [line.split()[0] for line in text.splitlines() if line]
    for path in paths:
        name, rest = path.split("/", 1)
        assert starts[starts.index(f"{name}/") + 1] == rest
    overridden = [each for each in starts if "folder" in each]
    assert len(overridden) == 4
    assert all(each.endswith(("folder/", "folder/s.csv", "folder/o.csv")) for each in overridden)


def test_csv_holds_every_figure() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(rank(RUNS)))))
    assert rows[0]["run"] == "runs/headline/c"
    assert rows[0]["overrides"] == "experiment=headline weight=0.2 seed=1"
    assert float(rows[0]["validation/loss"]) == 1.0
    assert rows[-1][AUC] == ""
    assert rows[2]["best_epoch"] == "3"

"""The table of results."""

import io
import math

import pytest

from mtl.reporting.console import Console
from mtl.reporting.tables import Fitting, Folding, plain_table, results_table

RESULTS = {
    "tasks": {"main_output": {}, "aux_output": {}},
    "metrics": {
        "test": {"main_output": {"auc": 0.7321, "loss": 0.5}, "total": {"loss": 0.61}},
        "validation": {
            "mean": {"auc": 0.7},
            "aux_output": {"loss": math.nan},
            "main_output": {"auc": 0.7444, "loss": 0.52},
        },
    },
    "best_possible": {"test": {"main_output": {"auc": 0.8012}}},
}


def table(results: dict, width: int = 80) -> list[str]:
    file = io.StringIO()
    Console(file, width).show(results_table(results))
    return file.getvalue().splitlines()


def test_figures_by_task_with_the_best_possible_beside() -> None:
    lines = table(RESULTS)
    assert [line.split() for line in lines if line] == [
        ["best"],
        ["validation", "test", "possible"],
        ["─" * len(lines[2])],
        ["main_output"],
        ["loss", "0.5200", "0.5000"],
        ["auc", "0.7444", "0.7321", "0.8012"],
        ["aux_output"],
        ["loss", "nan"],
        ["mean"],
        ["auc", "0.7000"],
        ["total"],
        ["loss", "0.6100"],
    ]
    row = next(line for line in lines if "0.8012" in line)
    header = lines[1]
    assert row.index("0.8012") + 6 == header.index("possible") + 8
    assert row.index("0.7321") + 6 == header.index("test") + 4


def test_no_column_where_no_best_is_known() -> None:
    assert "possible" not in "\n".join(table({"metrics": RESULTS["metrics"]}))


@pytest.mark.parametrize("width", [80, 160])
def test_many_tasks_fit(width: int) -> None:
    names = [f"task_{number}" for number in range(12)]
    figures = {name: {"loss": 1.5, "auc": 0.7, "accuracy": 0.6} for name in names}
    splits = ("training", "validation", "test")
    possible = {name: {"auc": 0.8} for name in names}
    lines = table(
        {
            "metrics": dict.fromkeys(splits, figures),
            "best_possible": dict.fromkeys(splits, possible),
        },
        width,
    )
    assert max(map(len, lines)) <= width
    assert [line for line in lines if line.startswith("task")] == names
    assert sum(line.split() == ["auc", *["0.7000", "0.8000"] * 3] for line in lines) == 12


def test_nothing_measured() -> None:
    assert table({"metrics": {}}) is not None


@pytest.mark.parametrize(("width", "shown"), [(20, "wide"), (10, "narrow"), (3, "narrow")])
def test_below_a_table_stands_what_is_said_of_it(width: int, shown: str) -> None:
    tables = plain_table(["x" * 12], []), plain_table(["x"], [])
    file = io.StringIO()
    Console(file, width).show(Fitting(*tables, below=["wide", "narrow"]))
    lines = file.getvalue().splitlines()
    assert "".join(lines[3:]) == shown
    assert lines[2] == ""


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (20, ["ab/cde/f", "  g=h/ij"]),
        (8, ["ab/cde/f", "  g=h/ij"]),
        (7, ["ab/cde/", "f", "  g=h/", "ij"]),
        (4, ["ab/", "cde/", "f", "  g=", "h/", "ij"]),
    ],
)
def test_paths_are_folded_after_a_slash(width: int, expected: list[str]) -> None:
    file = io.StringIO()
    Console(file, width).show(Folding("ab/cde/f", "  g=h/ij"))
    assert file.getvalue().splitlines()[:-1] == expected

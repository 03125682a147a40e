"""Runs are found and read."""

import json
from pathlib import Path

import pytest

from mtl.errors import MtlError
from mtl.reporting.collect import collect
from mtl.reporting.folder import RunFolder


def write(path: Path, **results: object) -> Path:
    path.mkdir(parents=True)
    (path / "results.json").write_text(json.dumps(results))
    return path


def test_reads_what_a_run_wrote(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "headline", "one")
    folder.write_config({"name": "headline"})
    folder.write_environment(["mtl", "a=1"], ["a=1"], 0)
    folder.write_results(
        {
            "status": "completed",
            "best_epoch": 2,
            "monitor": {"name": "validation/loss", "value": 0.5, "mode": "min"},
            "metrics": {"validation": {"total": {"loss": 0.5}, "a": {"auc": 0.75}}},
            "seconds": 3.5,
            "examples_per_second": 100.0,
        }
    )
    (run,) = collect([folder.path])
    assert run.status == "completed"
    assert run.overrides == ["a=1"]
    assert (run.monitor, run.mode) == ("validation/loss", "min")
    assert run.figures == {"validation/loss": 0.5, "validation/a/auc": 0.75}
    assert (run.best_epoch, run.seconds, run.examples_per_second) == (2, 3.5, 100.0)
    assert run.config == {"name": "headline"}


def test_a_config_that_cannot_be_read_is_empty(tmp_path: Path) -> None:
    for number, text in enumerate(["a: [1", "- 1", "", "\x00"]):
        write(tmp_path / str(number)).joinpath("config.yaml").write_text(text)
    (write(tmp_path / "latin") / "config.yaml").write_bytes(b"name: \xe9")
    assert [run.config for run in collect([tmp_path])] == [{}] * 5


def test_looks_into_sweeps_and_counts_each_run_once(tmp_path: Path) -> None:
    single = write(tmp_path / "headline" / "a", status="completed")
    sweep = [write(tmp_path / "headline" / "b" / str(job)) for job in (0, 1, 2, 10)]
    assert [run.folder for run in collect([tmp_path])] == [single, *sweep]
    found = collect([tmp_path / "headline" / "b", sweep[1], tmp_path / "headline" / "a"])
    assert [run.folder for run in found] == [*sweep, single]


def test_runs_that_failed_are_there(tmp_path: Path) -> None:
    killed = RunFolder.create(tmp_path, "headline", "killed")
    killed.write_config({"name": "headline"})
    (write(tmp_path / "headline" / "torn") / "results.json").write_text('{"status": "comp')
    (write(tmp_path / "headline" / "wrong") / "results.json").write_text("[1, 2]")
    statuses = {run.folder.name: run.status for run in collect([tmp_path])}
    assert statuses == {"killed": "no results", "torn": "unreadable", "wrong": "unreadable"}


def test_nothing_found(tmp_path: Path) -> None:
    write(tmp_path / "headline" / "a")
    with pytest.raises(MtlError, match=r"no folder .*headlin\. .*Did you mean 'headline'"):
        collect([tmp_path / "headlin"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(MtlError, match="empty holds no run"):
        collect([tmp_path / "empty"])
    with pytest.raises(MtlError, match="No run folder is given"):
        collect([])


def test_files_among_the_arguments_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    run = write(tmp_path / "a")
    assert [found.folder for found in collect([tmp_path / "notes.txt", run])] == [run]

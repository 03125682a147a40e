"""A run's folder is its own, and what is in it can be read again."""

import json
import logging
import math
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from mtl.errors import MtlError
from mtl.reporting.folder import RunFolder

STAMP = "2026-11-20_10-15-02"


def create(root: str) -> str:
    return str(RunFolder.create(Path(root), "headline", STAMP).path)


def test_runs_of_one_second_get_folders_of_their_own(tmp_path: Path) -> None:
    paths = [RunFolder.create(tmp_path, "headline", STAMP).path for _ in range(3)]
    base = tmp_path / "headline"
    assert paths == [base / STAMP, base / f"{STAMP}_1", base / f"{STAMP}_2"]


def test_parallel_processes_get_folders_of_their_own(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        paths = pool.map(create, [str(tmp_path)] * 40, chunksize=1)
    assert len(set(paths)) == 40
    assert len(list((tmp_path / "headline").iterdir())) == 40


def test_default_stamp_is_the_local_time(tmp_path: Path) -> None:
    name = RunFolder.create(tmp_path, "headline").path.name
    assert [len(part) for part in name.split("_")] == [10, 8]


def test_experiments_and_sweeps_in_folders_of_folders(tmp_path: Path) -> None:
    path = RunFolder.create(tmp_path, "vin/grid8", f"{STAMP}/3").path
    assert path == tmp_path / "vin" / "grid8" / STAMP / "3"


@pytest.mark.parametrize("name", ["../other", "/etc", ""])
def test_names_that_lead_out_of_the_root(tmp_path: Path, name: str) -> None:
    with pytest.raises(MtlError, match="cannot name a run's folder"):
        RunFolder.create(tmp_path, name)


def test_root_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("mine")
    with pytest.raises(MtlError, match="runs is a file, and a folder was expected"):
        RunFolder.create(tmp_path / "runs", "headline")
    assert (tmp_path / "runs").read_text() == "mine"


def test_folder_stays_the_same_when_the_current_one_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = RunFolder.create("runs", "headline", STAMP)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    folder.write_results({})
    assert (tmp_path / "runs" / "headline" / STAMP / "results.json").exists()


def test_config_is_resolved_and_composes_again(tmp_path: Path) -> None:
    config = OmegaConf.create(
        {"name": "headline", "model": {"name": "${name}"}, "rate": 1e-05, "on": "yes", "none": None}
    )
    folder = RunFolder.create(tmp_path, "headline")
    folder.write_config(config)
    text = folder.file("config.yaml").read_text()
    assert text.startswith("name: headline\nmodel:\n  name: headline\n")
    assert OmegaConf.load(folder.file("config.yaml")) == OmegaConf.create(
        OmegaConf.to_container(config, resolve=True)
    )


def test_results_are_valid_json(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "headline")
    folder.write_results(
        {
            "status": "failed",
            "metrics": {"test": {"main_output": {"auc": math.nan, "loss": np.float32(0.5)}}},
            "seconds": math.inf,
            "epochs": np.int64(3),
        }
    )
    text = folder.file("results.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail) == {
        "status": "failed",
        "metrics": {"test": {"main_output": {"auc": None, "loss": 0.5}}},
        "seconds": None,
        "epochs": 3,
    }
    assert folder.read_results()["epochs"] == 3


def test_environment_is_written(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "headline")
    command = ["mtl", "--config-dir=x", "training.seed=3"]
    folder.write_environment(command, seed=3)
    written = json.loads(folder.file("environment.json").read_text())
    assert written["command"] == command
    assert written["overrides"] == ["training.seed=3"]
    assert written["seed"] == 3


def test_open_finds_a_run(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "headline", STAMP)
    folder.write_config({"name": "headline"})
    assert RunFolder.open(folder.path).path == folder.path
    with pytest.raises(MtlError, match=rf"no run folder .*Did you mean '{STAMP}'"):
        RunFolder.open(folder.path.with_name(STAMP.replace("20_", "21_")))
    with pytest.raises(MtlError, match=rf"not a run's folder.*The runs in it: {STAMP}"):
        RunFolder.open(folder.path.parent)
    with pytest.raises(MtlError, match="It holds no run"):
        RunFolder.open(tmp_path)


@pytest.mark.parametrize("text", [None, "", "{", "[1]", "3"])
def test_results_that_cannot_be_read(tmp_path: Path, text: str | None) -> None:
    folder = RunFolder.create(tmp_path, "headline")
    if text is not None:
        folder.file("results.json").write_text(text)
    with pytest.raises(MtlError, match=r"Cannot read .*results\.json"):
        folder.read_results()


def test_log_lasts_as_long_as_its_context(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "headline")
    handlers = list(logging.getLogger("mtl").handlers)
    level = logging.getLogger("mtl").level
    with folder.log() as logger:
        logger.info("the graph cannot be cut: %s", "why")
        logging.getLogger("mtl.training").warning("of a part")
    logging.getLogger("mtl").warning("later")
    lines = folder.file("run.log").read_text().splitlines()
    assert [line.split(" ", 2)[2] for line in lines] == [
        "INFO the graph cannot be cut: why",
        "WARNING of a part",
    ]
    assert logging.getLogger("mtl").handlers == handlers
    assert logging.getLogger("mtl").level == level


def test_log_that_cannot_be_opened(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "headline")
    folder.file("run.log").mkdir()
    with pytest.raises(MtlError, match=r"Cannot write .*run\.log"), folder.log():
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_log_on_a_full_disk_is_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = RunFolder.create(tmp_path, "headline")
    folder.file("run.log").symlink_to("/dev/full")
    with folder.log() as logger:
        logger.info("lost")
    assert capsys.readouterr().err == ""

"""A stand-in for training, so that the command line is tested without TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from omegaconf import OmegaConf

from mtl.commands.dispatch import main
from mtl.errors import MtlError


@pytest.fixture
def mtl(capfd):
    """Run a command line: `mtl("list models")` gives its status, output and errors."""

    def run(line: str):
        capfd.readouterr()
        status = main(line.split())
        said = capfd.readouterr()
        return SimpleNamespace(status=status, out=said.out, err=said.err)

    return run


@pytest.fixture
def process(user_folder):
    """Run a command line in a process of its own."""

    def run(*words: str, **environment: str):
        import os

        return subprocess.run(
            [sys.executable, "-m", "mtl", *words],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **environment},
        )

    return run


class Trainer:
    """Stands in for `mtl.training.runner.train`: keeps what it is called with, leaves results."""

    def __init__(self) -> None:
        self.calls: list[SimpleNamespace] = []
        self.status = "completed"
        self.error: Exception | None = None

    def train(self, config, *, table=None, command=None, folder=None):
        plain = OmegaConf.to_container(config, resolve=True)
        self.calls.append(SimpleNamespace(config=plain, command=command, folder=folder))
        if self.error:
            raise self.error
        weight = plain["tasks"]["aux_output"]["weight"]
        if weight < 0:
            raise MtlError("tasks.aux_output.weight: found a negative number\nand more")
        monitor = {"name": "validation/loss", "mode": "min", "value": 1 - weight}
        results = {"status": self.status, "monitor": monitor}
        if folder:
            folder.mkdir()
            environment = {"overrides": command[1:]}
            (folder / "environment.json").write_text(json.dumps(environment))
            (folder / "results.json").write_text(json.dumps(results))
        return SimpleNamespace(results=results)


@pytest.fixture
def trainer(user_folder, monkeypatch):
    """The stand-in for the runner."""
    stand_in = Trainer()
    module = types.ModuleType("mtl.training.runner")
    module.train = stand_in.train
    monkeypatch.setitem(sys.modules, "mtl.training.runner", module)
    monkeypatch.setattr("mtl.reporting.quiet.silence_tensorflow", lambda: None)
    return stand_in


class TrainedRun:
    """Stands in for a trained run: predicts the length of each title."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config: dict = {}
        self.model = SimpleNamespace(
            save=lambda path: path.write_text("keras"),
            export=lambda path, **_: path.mkdir(),
        )

    def predict(self, table):
        lengths = [len(title) for title in table["link_name"].to_list()]
        classes = np.array([[0.25, 0.75]] * len(lengths))
        words = np.array(["long" if length > 3 else "short" for length in lengths], object)
        return {"main": np.array(lengths), "main_probability": classes, "word": words}

    def evaluate(self, table):
        return {"main_output": {"loss": 0.5, "auc": len(table) / 4}}


@pytest.fixture
def trained(write, monkeypatch):
    """A run's folder, and a table `new.csv`."""
    from mtl.config.compose import compose

    config = OmegaConf.to_yaml(compose("headline"), resolve=True)
    folder = write("runs/headline/first/config.yaml", config).parent
    write("new.csv", "link_name,page\nabc,p\nabcdef,q\n")
    module = types.ModuleType("mtl.training.run")
    module.load = TrainedRun
    monkeypatch.setitem(sys.modules, "mtl.training.run", module)
    monkeypatch.setattr("mtl.reporting.quiet.silence_tensorflow", lambda: None)
    return folder

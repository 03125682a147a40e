"""`mtl` as its users have it: installed, and run from a folder of theirs."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BUILDER = """
import keras
import mtl
from .layers import width

@mtl.builder("mine")
def mine(*, units: int = width) -> keras.Model:
    numbers = keras.Input((5,), name="numbers")
    hidden = keras.layers.Dense(units)(numbers)
    outputs = {"popular": keras.layers.Dense(1, activation="sigmoid", name="popular")(hidden)}
    return keras.Model({"numbers": numbers}, outputs)
"""
EXPERIMENT = """
# Mine.
defaults:
  - example
  - override /model: mine
"""


@pytest.fixture
def own_folder(installed, tmp_path):
    """A user's folder with a builder, its config and an experiment."""
    for name, text in {
        "plugins/mine.py": BUILDER,
        "plugins/layers.py": "width = 3\n",
        "conf/model/mine.yaml": "# Mine.\nname: mine\nunits: 3\n",
        "experiments/mine.yaml": EXPERIMENT,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_wheel_has_the_configs_and_no_tests(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for file in [*ROOT.glob("conf/**/*.yaml"), *ROOT.glob("experiments/**/*.yaml")]:
        assert f"mtl/_shipped/{file.relative_to(ROOT).as_posix()}" in names
    assert "mtl/py.typed" in names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"mtl"}


def test_the_wheel_is_what_is_imported_elsewhere(from_wheel):
    said = from_wheel.run("python", "-c", "import mtl; print(mtl.__file__)")
    assert Path(said.strip()).is_relative_to(from_wheel.folder)


def test_an_editable_install_reads_the_checkout(editable):
    said = editable.run("python", "-c", "from mtl.config.search import shipped; print(shipped())")
    assert Path(said.strip()) == ROOT
    assert not list(editable.folder.rglob("_shipped"))


@pytest.mark.parametrize("command", [["mtl"], ["python", "-m", "mtl"]])
def test_the_command_and_the_module_answer_alike(installed, command):
    listed = installed.run(*command, "list")
    assert "headline_engagement" in listed
    assert "from mtl_example" in listed
    assert "name: headline" in installed.run(*command, "--cfg", "job", "experiment=headline")
    said = installed.run(*command, "experiment=headlin", status=1)
    assert "Did you mean 'headline'?" in said
    assert "Traceback" not in said
    assert list(installed.elsewhere.iterdir()) == []


def test_the_plugin_is_imported_when_asked(installed):
    said = " ".join(installed.run("mtl", "list", "plugins").split())
    assert "mtl_example.builders (installed with mtl-example) builder example" in said
    assert "BROKEN" not in said


def test_the_plugins_experiment_and_the_users_own_train(installed, own_folder):
    small = ["debug=true", "training.epochs=1"]
    installed.run("mtl", "experiment=example", *small, cwd=own_folder)
    said = installed.run("mtl", "experiment=mine", *small, "model.units=2", cwd=own_folder)
    assert "plugins/mine.py" in said
    for name, units in {"example": 4, "mine": 2}.items():
        [run] = (own_folder / "runs" / name).iterdir()
        assert json.loads((run / "results.json").read_text())["status"] == "completed"
        assert f"units: {units}" in (run / "config.yaml").read_text()
        said = installed.run(
            *("mtl", "evaluate", f"run={run}", "data.generator.seed=3"), cwd=own_folder
        )
        assert "popular" in said


def test_the_same_from_python(installed, own_folder):
    code = (
        "import mtl\n"
        "config = mtl.compose('mine', ['debug=true', 'training.epochs=1'])\n"
        "run = mtl.train(config)\n"
        "print('status', mtl.load(run.folder).results['status'])\n"
    )
    assert "status completed" in installed.run("python", "-c", code, cwd=own_folder)


BASH = """
eval "$(mtl -sc install=bash)"
complete -p mtl
try() {
    COMP_LINE="$1" COMP_POINT=${#1} COMP_WORDS=($1) COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
    COMPREPLY=()
    hydra_bash_completion
    echo "$1 -> ${COMPREPLY[*]}"
}
try "mtl ev"
try "mtl experiment=ex"
try "mtl experiment=headline optimizer=adam"
try "mtl experiment=headline model.lstm_u"
try "mtl list mod"
"""


def test_bash_completes_the_installed_command(installed):
    said = installed.run("bash", "--norc", "-c", BASH)
    assert "hydra_bash_completion mtl" in said
    assert "mtl ev -> evaluate" in said
    assert "mtl experiment=ex -> experiment=example" in said
    assert "optimizer=adam -> optimizer=adam optimizer=adamw" in said
    assert "model.lstm_u -> model.lstm_units=" in said
    assert "mtl list mod -> models" in said


def test_a_bare_checkout_works_without_being_installed(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mtl", "--cfg", "job", "experiment=headline"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "lstm_units: 32" in done.stdout

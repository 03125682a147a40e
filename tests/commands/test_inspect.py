"""`mtl inspect`: what there is to see of a graph, on the console or in a file."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import pytest

from tests.reporting.graphs import two_heads

HEADLINE = "inspect experiment=headline"


@pytest.fixture
def inspected(user_folder, monkeypatch):
    """Stands in for building and reading graphs: keeps what it is called with."""
    calls: list = []
    module = types.ModuleType("mtl.training.inspection.graph")

    def inspect(what):
        calls.append(what)
        return two_heads()

    module.inspect_experiment = inspect
    module.inspect_run = inspect
    monkeypatch.setitem(sys.modules, "mtl.training.inspection.graph", module)
    monkeypatch.setattr("mtl.reporting.quiet.silence_tensorflow", lambda: None)
    return calls


def test_it_prints_tables_and_leaves_nothing(mtl, inspected, user_folder):
    done = mtl(f"{HEADLINE} model.lstm_units=7 tasks.aux_output.weight=0")
    assert (done.status, done.err) == (0, "")
    assert "the shared part (8 parameters) ends at" in done.out
    (config,) = inspected
    assert config["name"] == "headline"
    assert config["model"]["lstm_units"] == 7
    assert config["tasks"]["aux_output"]["weight"] == 0
    assert not {"format", "output", "overwrite", "fold", "hydra"} & set(config)
    assert list(user_folder.iterdir()) == []


def test_a_trained_run_is_inspected(mtl, inspected, trained):
    done = mtl(f"inspect run={trained} format=json")
    assert done.status == 0
    assert inspected[0].folder == trained
    assert json.loads(done.out)["shared_parameters"] == 8


@pytest.mark.parametrize(
    ("words", "start"),
    [("format=json", '{\n  "name"'), ("format=mermaid", "---\ntitle:")],
)
def test_drawings_go_to_standard_output_alone(mtl, inspected, words, start):
    done = mtl(f"{HEADLINE} {words}")
    assert done.out.startswith(start)
    assert done.err == ""


@pytest.mark.parametrize(
    ("words", "file", "start"),
    [
        ("output=a.json", "a.json", "{"),
        ("output=a.mmd", "a.mmd", "---"),
        ("output=a.txt format=mermaid", "a.txt", "---"),
    ],
)
def test_the_ending_chooses_the_format_unless_it_is_said(mtl, inspected, words, file, start):
    done = mtl(f"{HEADLINE} {words}")
    assert done.status == 0
    assert file in done.out
    assert Path(file).read_text().startswith(start)


def test_svg_is_made_by_graphviz(mtl, inspected, monkeypatch):
    monkeypatch.setattr("mtl.reporting.drawing.dot.need_dot", lambda: None)
    monkeypatch.setattr("mtl.reporting.drawing.dot.to_svg", lambda drawing: f"<{drawing.title}>")
    assert mtl(f"{HEADLINE} format=svg").out == '<heads "<#> (model own)>'


def test_without_graphviz_nothing_is_built(mtl, inspected, monkeypatch):
    monkeypatch.setenv("PATH", "")
    done = mtl(f"{HEADLINE} output=a.svg")
    assert done.status == 1
    assert "apt install graphviz" in done.err
    assert inspected == []


def test_models_inside_can_be_folded(mtl, inspected):
    assert "subgraph" in mtl(f"{HEADLINE} format=mermaid").out
    assert "subgraph" not in mtl(f"{HEADLINE} format=mermaid fold=true").out
    assert "(1 node inside)" in mtl(f"{HEADLINE} fold=true").out


def test_a_file_is_overwritten_only_when_asked(mtl, inspected, write):
    write("a.json", "kept")
    done = mtl(f"{HEADLINE} output=a.json")
    assert done.status == 1
    assert "output=a.json exists. Write overwrite=true" in done.err
    assert Path("a.json").read_text() == "kept"
    assert inspected == []
    assert mtl(f"{HEADLINE} output=a.json overwrite=true").status == 0
    assert Path("a.json").read_text() != "kept"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("inspect", "No experiment is chosen. Write experiment=<name>"),
        ("inspect experiment=headlin", "Did you mean 'headline'?"),
        ("inspect headline", "Cannot read 'headline'. Expected key=value"),
        (f"{HEADLINE} model.lstm_unit=3", "Did you mean 'lstm_units'?"),
        (f"{HEADLINE} format=jsn", "Did you mean 'json'?"),
        (f"{HEADLINE} output=a.sgv", "Did you mean '.svg'?"),
        (f"{HEADLINE} output=no/a.svg", "the folder no does not exist"),
        (f"{HEADLINE} fold=maybe", "fold=maybe: expected true or false"),
        (f"{HEADLINE} --cfg job", "`mtl inspect` has no flag --cfg"),
        ("inspect run=runs/nothing", "run=runs/nothing"),
    ],
)
def test_a_mistake_is_explained(mtl, inspected, line, hint):
    done = mtl(line)
    assert done.status == 1
    assert hint in done.err
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_the_shipped_experiment_is_inspected(process, user_folder):
    done = process(
        *("inspect", "experiment=headline", "data.generator.rows=200", "format=json"),
        "model.embedding_size=4",
    )
    assert done.returncode == 0
    found = json.loads(done.stdout)
    # Embedding 10,000 × 4; LSTM(32) on 4: 4 · 32 · (4 + 32 + 1).
    assert found["shared_parameters"] == 40_000 + 4_736
    assert [entry["name"] for entry in found["frontier"]] == ["lstm"]
    assert list(user_folder.iterdir()) == []

from __future__ import annotations

import pytest

from mtl.commands.complete import answer


@pytest.fixture
def complete(mtl, monkeypatch):
    def run(line: str, shell: str = "bash") -> list[str]:
        monkeypatch.setenv("COMP_LINE", line)
        return mtl(f"-sc query={shell}").out.split()

    return run


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("mtl ev", {"evaluate", "evaluations."}),
        ("mtl t", {"train", "tasks.", "training.", "training="}),
        ("mtl experiment=headline_", {"experiment=headline_engagement"}),
        ("mtl train experiment=headline_", {"experiment=headline_engagement"}),
        (
            "mtl experiment=headline optimizer=ad",
            {f"optimizer=ad{x}" for x in ("am", "amw", "agrad")},
        ),
        (
            "mtl experiment=headline optimizer/schedule=p",
            {"optimizer/schedule=piecewise", "optimizer/schedule=polynomial"},
        ),
        ("mtl experiment=headline tasks.", {"tasks.main_output.", "tasks.aux_output."}),
        ("mtl -m experiment=headline model.lstm", {"model.lstm=", "model.lstm_units="}),
        ("mtl list m", {"models"}),
        ("mtl predict o", {"output=", "overwrite=true"}),
        ("mtl export f", {"format="}),
        (
            "mtl inspect f",
            {"format=json", "format=mermaid", "format=svg", "fold=true", "fold=false"},
        ),
        ("mtl inspect experiment=headline format=s", {"format=svg"}),
        ("mtl inspect format=svg experiment=headline_", {"experiment=headline_engagement"}),
        ("mtl compare ", set()),
    ],
)
def test_words_are_completed(complete, user_folder, line, expected):
    assert set(complete(line)) == expected


def test_fish_gets_one_a_line(mtl, monkeypatch, user_folder):
    monkeypatch.setenv("COMP_LINE", "mtl e")
    assert {"evaluate", "export"} <= set(mtl("-sc query=fish").out.splitlines())


def test_the_users_own_are_completed(complete, write):
    write("experiments/own.yaml", "training: {epochs: 1}")
    assert complete("mtl experiment=ow") == ["experiment=own"]


def test_runs_are_completed(complete, write):
    write("runs/headline/2026-11-20_10-15-02/config.yaml", "")
    write("runs/headline/2026-11-21_11-00-00/3/config.yaml", "")
    assert complete("mtl evaluate run=") == [
        "run=runs/headline/2026-11-20_10-15-02",
        "run=runs/headline/2026-11-21_11-00-00/3",
    ]
    assert complete("mtl run=runs/headline/2026-11-20") == ["run=runs/headline/2026-11-20_10-15-02"]


def test_a_line_that_cannot_be_composed_completes_to_nothing(complete, user_folder):
    assert complete("mtl experiment=headlin model.") == []


def test_files_are_left_to_the_shell():
    assert answer("mtl board ru") == ([], None)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_to_install_is_hydras(mtl, shell):
    done = mtl(f"-sc install={shell}")
    assert done.status == 0
    assert "mtl" in done.out

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys

import pytest

from mtl.commands.dispatch import VERBS, main, split_verb
from mtl.errors import MtlError


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ("train", [])),
        (["experiment=a"], ("train", ["experiment=a"])),
        (["train", "experiment=a"], ("train", ["experiment=a"])),
        (["--cfg", "job"], ("train", ["--cfg", "job"])),
        (["+x=1"], ("train", ["+x=1"])),
        (["~x"], ("train", ["~x"])),
        (["list", "models"], ("list", ["models"])),
    ],
)
def test_the_verb_is_the_first_word_if_it_names_one(words, expected):
    assert split_verb(words) == expected


@pytest.mark.parametrize(("typed", "meant"), [("trian", "train"), ("exprt", "export")])
def test_a_misspelt_verb_gets_the_nearest(mtl, typed, meant):
    done = mtl(f"{typed} experiment=headline")
    assert done.status == 1
    assert f"There is no verb '{typed}'. Did you mean '{meant}'?" in done.err
    assert "Traceback" not in done.err


def test_help_lists_verbs_groups_and_examples(mtl, write):
    write("conf/model/own.yaml", "name: own")
    done = mtl("--help")
    assert done.status == 0
    for verb in VERBS:
        assert f"    {verb}" in done.out
    (models,) = re.findall(r"^    model= ([\w/, \n]+?)\n    \S", done.out, re.MULTILINE)
    assert {"headline", "headline_engagement", "own"} <= set(re.split(r",\s+", models))
    assert "mtl --multirun experiment=headline" in done.out
    assert mtl("-h").out == mtl("help").out == done.out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_worked_examples(mtl, verb):
    done = mtl(f"{verb} --help")
    assert done.out.startswith("mtl ")
    assert done.out.count("\n    mtl ") >= 2
    assert max(map(len, done.out.splitlines())) <= 100


def test_help_anywhere_is_help(mtl):
    assert "Verbs" in mtl("experiment=headline --help").out


def test_debug_shows_the_traceback(user_folder, process):
    with pytest.raises(MtlError):
        main(["--debug", "trian"])
    with pytest.raises(MtlError):
        main(["trian", "--debug"])
    assert "Traceback" in process("trian", MTL_DEBUG="1").stderr
    assert "Traceback" not in process("trian", MTL_DEBUG="0").stderr
    assert process("trian").returncode == 1


def test_what_mtl_logs_is_shown_and_the_logger_left_as_it_was(mtl, trainer):
    before = (list(logging.getLogger("mtl").handlers), logging.getLogger("mtl").level)
    mtl("list")
    assert (logging.getLogger("mtl").handlers, logging.getLogger("mtl").level) == before


def test_the_version(mtl):
    assert mtl("--version").out.startswith("mtl ")


@pytest.mark.parametrize(
    "line",
    [
        "--help",
        "list",
        "--cfg job experiment=headline",
        "experiment=headlin",
        "experiment=headline model.widht=3",
        "compare",
        "evaluate data.path=x.csv",
        "inspect experiment=headlin",
        "-sc query=bash",
    ],
)
def test_quick_answers_import_no_tensorflow(user_folder, line):
    code = (
        "import sys; from mtl.commands.dispatch import main; main(sys.argv[1:]);"
        "print('heavy', {'tensorflow', 'keras', 'polars'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *line.split()],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COMP_LINE": "mtl experiment=headline model."},
    )
    assert done.stdout.splitlines()[-1] == "heavy set()"


def test_a_reader_that_leaves_is_no_error(process):
    done = subprocess.run(
        f"{sys.executable} -m mtl list | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr

from __future__ import annotations

import re

import pytest

OWN = "import mtl\n\n@mtl.builder('own')\ndef own(*, width: int = 3): ...\n"


def test_everything_is_listed_with_what_it_is(mtl, user_folder):
    done = mtl("list")
    assert done.status == 0
    titles = [line for line in done.out.splitlines() if line and not line.startswith(" ")]
    assert [title.split()[0] for title in titles] == [
        "Models",
        "Experiments",
        "Balancers",
        "Data",
        "Generated",
        "Evaluations",
        "Plug-ins",
    ]
    assert re.search(r"  headlines +Posts of news pages", done.out)
    assert re.search(r"\n  fixed +The sum of the tasks' losses", done.out)


@pytest.mark.parametrize(
    "section", ["models", "experiments", "balancers", "data", "evaluations", "plugins"]
)
def test_one_section(mtl, user_folder, section):
    done = mtl(f"list {section}")
    assert done.status == 0
    assert len([line for line in done.out.splitlines() if line[:1].strip()]) <= 2


def test_a_misspelt_section_gets_the_nearest(mtl):
    done = mtl("list modls")
    assert done.status == 1
    assert "Did you mean 'models'?" in done.err


def test_the_users_own_are_listed_with_where_they_come_from(mtl, write):
    write("conf/model/mine.yaml", "# Two towers. And more.\nname: own\n")
    write("conf/model/headline.yaml", "name: headline\n")
    write("experiments/grids/small.yaml", "# A small grid.\n")
    write("plugins/own.py", OWN)
    models = mtl("list models").out
    assert "  mine                 Two towers  from ./" in models
    assert "hides" in models
    assert "builder without a file in conf/model  plugins/own.py" in models
    assert "  grids/small          A small grid  from ./" in mtl("list experiments").out


def test_an_installed_plugin_is_listed_without_being_imported(mtl, install):
    install("mtl_test_extra", {"__init__.py": "raise SystemExit\n" + OWN, "conf/data/t.yaml": ""})
    assert "from mtl_test_extra" in mtl("list data").out
    assert "own" in mtl("list models").out
    assert "mtl_test_extra (installed with mtl_test_extra)" in mtl("list").out


def test_listing_plugins_imports_them_elsewhere_and_reports_the_broken(mtl, write, install):
    import sys

    write("plugins/broken.py", "import nonexistent\n" + OWN.replace("own", "lost"))
    write("plugins/works.py", OWN)
    install("mtl_test_bad", {"__init__.py": "raise SystemExit(3)"})
    done = mtl("list plugins")
    assert done.status == 0
    lines = " ".join(done.out.split())
    assert "plugins/broken.py builder lost BROKEN: ModuleNotFoundError" in lines
    assert "No module named 'nonexistent'" in lines
    assert "plugins/works.py builder own mtl_test_bad" in lines
    assert "BROKEN: it ends the process: SystemExit(3)" in lines
    assert not [name for name in sys.modules if name.startswith("mtl_plugins_")]


def test_a_plugin_that_kills_the_process_is_reported(mtl, write):
    write("plugins/kills.py", "import os\nos._exit(7)\n")
    done = mtl("list plugins")
    assert done.status == 0
    assert "BROKEN: the process that imports them ended" in " ".join(done.out.split())


def test_a_file_that_is_no_text_is_listed_all_the_same(mtl, write):
    write("experiments/own.yaml", "").write_bytes(b"\xff\xfe\x00")
    assert "own                  cannot be read" in mtl("list experiments").out

from __future__ import annotations

import pytest

from mtl.config.search import groups, options, places, shadowed, shipped
from mtl.errors import MtlError


def test_the_users_folder_comes_before_the_shipped_and_plugins_last(user_folder, install):
    install("mtl_test_extra", {"__init__.py": ""})
    assert [place.name for place in places()] == ["./", "mtl", "mtl_test_extra"]


def test_in_the_checkout_the_folder_is_there_once(monkeypatch):
    monkeypatch.chdir(shipped())
    assert [place.folder for place in places()].count(shipped()) == 1


def test_groups_are_folders_with_yaml_files(write):
    write("conf/model/own.yaml", "name: own")
    write("conf/weather/rain.yaml", "drops: 3")
    write("conf/empty/notes.txt", "")
    found = groups()
    assert found[0] == "experiment"
    assert {"weather", "optimizer/schedule", "model"} <= set(found)
    assert "empty" not in found


def test_options_merge_all_places(write, install):
    write("conf/model/own.yaml", "name: own")
    write("experiments/vin/grid8.yaml", "")
    write("conf/experiment/plain.yaml", "")
    folder = install("mtl_test_extra", {"__init__.py": "", "conf/model/theirs.yaml": "name: t"})
    found = options("model")
    assert {"own", "headline", "theirs"} <= set(found)
    assert found["theirs"][0][1] == folder / "conf/model/theirs.yaml"
    assert {"vin/grid8", "plain", "headline"} <= set(options("experiment"))


def test_a_folder_beside_a_file_of_its_name_holds_options_of_the_group(write):
    write("conf/model/graph/own.yaml", "name: graph")
    write("conf/model/other/one.yaml", "name: other")
    assert {"graph", "graph/headline", "graph/own"} <= set(options("model"))
    assert "model/graph" not in groups()
    assert "model/other" in groups()
    assert "other/one" not in options("model")


def test_a_users_file_hides_the_shipped_one_of_its_name(write):
    own = write("conf/model/headline.yaml", "name: headline")
    assert shadowed("model", "headline") == (
        f"model=headline: using {own}, which hides {shipped() / 'conf/model/headline.yaml'}"
    )
    assert shadowed("optimizer", "adam") is None
    assert shadowed("model", "nothing") is None


def test_a_root_config_of_the_user_is_refused(write):
    write("conf/mtl.yaml", "a: 1")
    with pytest.raises(MtlError, match="would replace the root"):
        places()


def test_a_single_module_can_be_a_plugin_without_configs(write, user_folder, monkeypatch):
    write("site/mtl_test_single.py", "")
    write("site/mtl_test_single-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: s\n")
    write("site/mtl_test_single-1.0.dist-info/entry_points.txt", "[mtl.plugins]\ns=mtl_test_single")
    monkeypatch.syspath_prepend(str(user_folder / "site"))
    assert [place.name for place in places()] == ["./", "mtl"]

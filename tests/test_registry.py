from __future__ import annotations

import pytest

from mtl.errors import MtlError
from mtl.registry import Registry, balancers, builders, load_plugins

OWN = """
from mtl.registry import builder

@builder("own")
def own(*, width: int = 3):
    return width
"""


@pytest.fixture
def registry():
    return Registry("builder", "mtl.models")


def test_a_decorated_function_is_found_by_its_name_and_returned_unchanged(clean_registry):
    @builders.add("mtl_test_own")
    def own():
        return 3

    assert own() == 3
    assert builders.get("mtl_test_own") is own
    assert "mtl_test_own" in builders.names()


def test_shipped_names_are_known_without_importing_their_modules():
    assert "headline" in builders.names()
    assert "fixed" in balancers.names()
    assert "mtl/models/headline.py" in builders.place("headline")


def test_an_unknown_name_gets_the_nearest(clean_registry):
    with pytest.raises(MtlError, match=r"No builder is called 'headlin'. Did you mean 'headline'"):
        builders.get("headlin")


def test_two_places_of_one_name_are_refused_with_both(registry):
    @registry.add("mtl_test_twice")
    def first(): ...

    with pytest.raises(MtlError) as error:

        @registry.add("mtl_test_twice")
        def second(): ...

    assert str(error.value).count("test_registry.py:") == 2


def test_running_a_definition_again_replaces_it(registry):
    def define():
        @registry.add("mtl_test_again")
        def again(): ...

        return again

    define()
    assert registry.get("mtl_test_again") is not define
    latest = define()
    assert registry.get("mtl_test_again") is latest


def test_a_notebook_may_change_a_definition(registry):
    for answer in (1, 2):
        source = f"@registry.add('mtl_test_cell')\ndef cell():\n    return {answer}\n"
        scope = {"registry": registry, "__name__": "__main__"}
        exec(compile(source, f"<cell {answer}>", "exec"), scope)
    assert registry.get("mtl_test_cell")() == 2


def test_a_users_file_is_loaded_and_named_in_the_log(write, caplog):
    write("plugins/own.py", OWN)
    with caplog.at_level("INFO", "mtl"):
        assert load_plugins() == []
    assert builders.get("own")(width=4) == 4
    assert "plugins/own.py" in caplog.text


def test_no_plugins_are_loaded_where_the_setting_is_empty(write):
    write("plugins/own.py", OWN)
    load_plugins([])
    assert "own" not in builders.names()


def test_files_that_the_present_setting_does_not_read_are_out_of_sight(write):
    write("plugins/own.py", OWN)
    write("other/mine.py", OWN.replace("width: int = 3", "width: int = 5"))
    load_plugins()
    assert builders.get("own")() == 3
    load_plugins([])
    assert "own" not in builders.names()
    with pytest.raises(MtlError, match="No builder is called 'own'"):
        builders.get("own")
    assert load_plugins(["other"]) == []
    assert builders.get("own")() == 5
    assert load_plugins() == []
    assert builders.get("own")() == 3
    assert "plugins/own.py" in builders.place("own")


def test_a_broken_file_is_not_told_of_once_the_setting_does_not_read_it(write):
    write("plugins/broken.py", "1 / 0\n" + OWN)
    load_plugins()
    load_plugins([])
    with pytest.raises(MtlError, match="No builder is called 'own'") as error:
        builders.get("own")
    assert "broken.py" not in str(error.value)


def test_what_a_file_imports_from_its_folder_is_read_with_it(write):
    write("plugins/a.py", "from .b import WIDTH\n")
    write("plugins/b.py", "WIDTH = 3\n" + OWN)
    write("plugins/c.py", "")
    load_plugins(["plugins/b.py"])
    load_plugins(["plugins/a.py"])
    assert builders.get("own")() == 3
    load_plugins(["plugins/c.py"])
    assert "own" not in builders.names()


def test_what_a_notebook_defines_stays_whatever_the_setting(clean_registry):
    @builders.add("mtl_test_stays")
    def stays(): ...

    load_plugins([])
    assert builders.get("mtl_test_stays") is stays


def test_the_setting_may_be_a_single_path(write):
    write("mine/own.py", OWN)
    load_plugins("mine")
    assert builders.get("own")() == 3


@pytest.mark.parametrize("setting", [3, "", [""], [3], {"plugins": True}])
def test_a_setting_that_is_no_path_is_refused(user_folder, setting):
    with pytest.raises(MtlError, match=r"plugins: found .* Expected a path, a list of paths"):
        load_plugins(setting)


def test_files_of_one_folder_may_import_each_other(write):
    write("plugins/own.py", "from .helpers import *\n" + OWN.replace("return width", "return W"))
    write("plugins/helpers.py", "W = 7\n")
    load_plugins(None)
    assert builders.get("own")() == 7


def test_a_missing_plugin_is_refused(user_folder):
    with pytest.raises(MtlError, match=r"plugins: no file or folder 'lost.py'"):
        load_plugins(["lost.py"])


def test_a_broken_plugin_breaks_only_what_uses_it(write, caplog):
    write("plugins/broken.py", "import nonexistent\n" + OWN)
    write("plugins/works.py", OWN.replace("own", "works"))
    found = load_plugins()
    assert len(found) == 1
    assert "plugins/broken.py" in found[0]
    assert "No module named 'nonexistent'" in caplog.text
    assert builders.get("works")() == 3
    with pytest.raises(MtlError, match=r"plugins/broken.py does not import.*nonexistent"):
        builders.get("own")


def test_a_syntax_error_in_a_plugin_names_the_file(write):
    write("plugins/broken.py", "def own(:\n")
    [problem] = load_plugins()
    assert "broken.py" in problem
    assert "SyntaxError" in problem


def test_an_unknown_name_also_tells_of_broken_plugins(write):
    write("plugins/broken.py", "raise RuntimeError('no licence')\n")
    load_plugins()
    with pytest.raises(MtlError, match="no licence"):
        builders.get("computed")


def test_a_users_builder_of_a_shipped_name_is_refused_with_both_files(write):
    write("plugins/mine.py", OWN.replace('"own"', '"headline"'))
    [problem] = load_plugins()
    assert "mtl/models/headline.py" in problem
    assert "plugins/mine.py" in problem
    with pytest.raises(MtlError, match="Two builders are called 'headline'"):
        builders.get("headline")


def test_an_installed_plugins_builder_is_imported_when_asked_for(install):
    install("mtl_test_extra", {"__init__.py": "", "models.py": OWN}, "mtl_test_extra.models")
    assert "own" in builders.names()
    assert builders.get("own")() == 3


def test_an_installed_plugin_may_compute_its_names(install):
    source = "import mtl\nfor n in 'ab':\n    mtl.builder(f'mtl_test_{n}')(lambda: 1)\n"
    install("mtl_test_computed", {"__init__.py": source})
    assert builders.get("mtl_test_b")() == 1


def test_a_broken_installed_plugin_breaks_only_what_uses_it(install):
    install("mtl_test_bad", {"__init__.py": "1 / 0\n" + OWN})
    assert builders.get("headline")
    with pytest.raises(MtlError, match=r"mtl_test_bad \(installed with mtl_test_bad\).*division"):
        builders.get("own")


def test_two_installed_plugins_of_one_name_are_refused_with_both(install):
    install("mtl_test_one", {"__init__.py": OWN})
    install("mtl_test_two", {"__init__.py": OWN})
    with pytest.raises(MtlError, match=r"mtl_test_one/__init__.py and one in .*mtl_test_two"):
        builders.get("own")

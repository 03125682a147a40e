import pytest

from mtl.data.columns import COLUMN_KINDS, make_column
from mtl.errors import ConfigError


def test_every_kind_is_made_with_its_defaults():
    for name, kind in COLUMN_KINDS.items():
        assert make_column({"kind": name}, "data.columns.x") == kind()


@pytest.mark.parametrize(
    ("section", "paths"),
    [
        ({}, ["data.columns.x.kind"]),
        ({"kind": "txt"}, ["data.columns.x.kind"]),
        ({"kind": "text", "lenght": 5}, ["data.columns.x.lenght"]),
        (
            {"kind": "text", "lenght": 5, "padding": "up"},
            ["data.columns.x.lenght", "data.columns.x.padding"],
        ),
    ],
)
def test_reports_every_problem_with_its_path(section, paths):
    with pytest.raises(ConfigError) as caught:
        make_column(section, "data.columns.x")
    assert [problem.path for problem in caught.value.problems] == paths


def test_names_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean 'text'"):
        make_column({"kind": "txt"}, "data.columns.x")
    with pytest.raises(ConfigError, match="Did you mean 'length'"):
        make_column({"kind": "text", "lenght": 5}, "data.columns.x")

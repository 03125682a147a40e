"""Configs against the columns of a table."""

from __future__ import annotations

import pytest

from mtl.config.check import check_columns

COLUMNS = {
    "link_name": "String",
    "page": "String",
    "status_published": "Datetime(time_unit='us', time_zone=None)",
    "num_reactions": "Int64",
    "reliability": "Float64",
    "pixels": "Array(Float32, shape=(4,))",
    "nothing": "Null",
}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"tasks.main_output.sample_weight": "reliability"},
        {"tasks.main_output": {"target": ["nothing", "num_reactions"], "kind": "multilabel"}},
        {
            "tasks.main_output": {"target": "page", "kind": "binary", "equals": "A"},
            "inputs.aux_input": ["status_published"],
        },
        {"data.split": {"by": "random", "column": "gone", "validation": 0.1, "test": 0.1}},
        {"data.columns.unused": {"kind": "numeric"}},
        {"tasks.aux_output": None},
        {"tasks.aux_output": {"untrained": True}},
        {"inputs.aux_input": {"column": "page", "encoding": "index"}},
        # an auxiliary task that learns to reconstruct what the model is fed
        {"tasks.aux_output.target": "page", "tasks.aux_output.above": None},
        {"tasks.other": {"target": "page", "kind": "categorical", "untrained": True}},
    ],
)
def test_right_config_has_no_problem(values, changed, said):
    assert said(check_columns(changed(values), COLUMNS)) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"inputs.aux_input": ["status_published", "pages"]},
            (
                "inputs.aux_input[1]: 'pages' is not a column of the data. Did you mean 'page'? "
                "Known: link_name, nothing, num_reactions, page, pixels, reliability, "
                "status_published."
            ),
        ),
        (
            {"tasks.main_output.target": "nothing"},
            (
                "tasks.main_output.target: column 'nothing' is empty in all rows of the table. "
                "Expected a column with labels."
            ),
        ),
        (
            {"training.sources": {"column": "pixels"}},
            (
                "training.sources.column: column 'pixels' is of type Array(Float32, shape=(4,)). "
                "Expected a column of names or numbers."
            ),
        ),
        (
            {"training.sources": {"column": "pag"}},
            ("training.sources.column: 'pag' is not a column of the data. Did you mean 'page'?"),
        ),
        (
            {"tasks.main_output.target": "num_reaction"},
            (
                "tasks.main_output.target: 'num_reaction' is not a column of the data. "
                "Did you mean 'num_reactions'? Known: "
            ),
        ),
        (
            {"tasks.main_output.target": ["num_reactions", "shares"]},
            "tasks.main_output.target: 'shares' is not a column of the data. Known: link_name, ",
        ),
        (
            {"tasks.main_output.sample_weight": "relability"},
            (
                "tasks.main_output.sample_weight: 'relability' is not a column of the data. "
                "Did you mean 'reliability'?"
            ),
        ),
        (
            {"tasks.main_output.sample_weight": "link_name"},
            (
                "tasks.main_output.sample_weight: column 'link_name' is of type String. "
                "sample_weight needs a column of numbers."
            ),
        ),
        (
            {"data.split.column": "published"},
            (
                "data.split.column: 'published' is not a column of the data. "
                "Did you mean 'status_published'?"
            ),
        ),
        (
            {"tasks.main_output.target": "link_name", "inputs.main_input": "page"},
            (
                "tasks.main_output.target: column 'link_name' is of type String. "
                "above needs a column of numbers."
            ),
        ),
        (
            {
                "inputs.aux_input": ["status_published", "num_reactions"],
                "tasks.aux_output.weight": 0,
            },
            (
                "inputs.aux_input[1]: column 'num_reactions' is the target of the task "
                "'main_output'. Remove the column from the inputs; only an auxiliary task "
                "(auxiliary_of: <task>) may"
            ),
        ),
    ],
)
def test_wrong_config_has_its_problem_and_no_other(values, message, changed, said):
    (found,) = said(check_columns(changed(values), COLUMNS))
    assert found.startswith(message)


def test_every_missing_column_is_told(changed):
    problems = check_columns(changed({"tasks.main_output.sample_weight": "w"}), {})
    assert [problem.path for problem in problems] == [
        "inputs.main_input",
        "inputs.aux_input[0]",
        "inputs.aux_input[1]",
        "tasks.main_output.target",
        "tasks.aux_output.target",
        "tasks.main_output.sample_weight",
        "data.split.column",
    ]

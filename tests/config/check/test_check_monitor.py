"""The monitored figure against the figures of a run."""

from __future__ import annotations

import pytest

from mtl.config.check import check_monitor

FIGURES = [
    f"{split}/{figure}"
    for split in ("training", "validation", "test")
    for figure in ("loss", "main_output/loss", "main_output/auc", "main_output/novel")
]
DIRECTIONS = {"auc": "max"}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"training.monitor": "validation/main_output/auc"},
        {"training.monitor": "training/main_output/loss"},
        {"training.monitor": "validation/main_output/novel", "training.monitor_mode": "max"},
        {"training.monitor": None},
    ],
)
def test_right_monitor(values, changed, said):
    assert said(check_monitor(changed(values), FIGURES, DIRECTIONS)) == []


def test_direction_of_a_whole_figure(changed):
    config = changed({"training.monitor": "validation/main_output/novel"})
    assert check_monitor(config, FIGURES, {"validation/main_output/novel": "min"}) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"training.monitor": "validation/main_output/auk"},
            (
                "training.monitor: 'validation/main_output/auk' is not a figure of this run. "
                "Did you mean 'validation/main_output/auc'? Known: training/loss, "
            ),
        ),
        (
            {"training.monitor": "val_loss"},
            "training.monitor: 'val_loss' is not a figure of this run. Did you mean 'validation/",
        ),
        (
            {"training.monitor": "test/main_output/auc"},
            (
                "training.monitor: found 'test/main_output/auc'. "
                "Choose a figure of validation: a test split that chooses tests nothing."
            ),
        ),
        (
            {"training.monitor": "validation/main_output/novel"},
            (
                "training.monitor_mode: found 'auto', and nothing says whether a low or a high "
                "novel is good. Expected min or max."
            ),
        ),
    ],
)
def test_wrong_monitor(values, message, changed, said):
    (found,) = said(check_monitor(changed(values), FIGURES, DIRECTIONS))
    assert found.startswith(message)


@pytest.mark.parametrize(
    ("monitor", "instead"),
    [("main_output/auc", "training/main_output/auc"), ("main_output/mse", "training/loss")],
)
def test_monitor_of_validation_without_such_a_split(monitor, instead, changed, said):
    config = changed({"training.monitor": f"validation/{monitor}"})
    figures = [figure for figure in FIGURES if not figure.startswith("validation/")]
    assert said(check_monitor(config, figures, DIRECTIONS)) == [
        (
            f"training.monitor: found 'validation/{monitor}', and there is no validation split. "
            f"Set data.split.validation, or training.monitor={instead}."
        )
    ]

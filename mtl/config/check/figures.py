"""Rules on the figure that chooses the best epoch and stops the training."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from mtl.config.check.sections import Config, section
from mtl.config.check.wording import shown, unknown_name
from mtl.errors import Problem

PATH = "training.monitor"


def check_monitor(
    config: Config, figures: Iterable[str], directions: Mapping[str, str]
) -> list[Problem]:
    """Return what is wrong with `training.monitor` and `training.monitor_mode`.

    Args:
        config: The resolved config as a plain dict.
        figures: The figures that each epoch of the run gives: `validation/main_output/auc`, ….
        directions: `min` or `max` by metric (`auc`) or by whole figure; a loss is always `min`.
    """
    names = [name for name in figures if not name.startswith("test/")]
    monitor = section(config, "training").get("monitor")
    if not isinstance(monitor, str):
        return []
    unfit = [*monitor_is_no_test_figure(monitor), *monitor_has_its_split(monitor, names)]
    unfit = unfit or list(monitor_is_a_figure(monitor, names))
    return unfit or list(monitor_has_a_direction(config, monitor, directions))


def monitor_is_no_test_figure(monitor: str) -> Iterator[Problem]:
    """Yield a problem where the test split would choose the best epoch."""
    if monitor.startswith("test/"):
        expected = "Choose a figure of validation: a test split that chooses tests nothing."
        yield Problem(PATH, f"found {shown(monitor)}", expected)


def monitor_has_its_split(monitor: str, names: Collection[str]) -> Iterator[Problem]:
    """Yield a problem of a figure of the validation split where there is no such split."""
    if monitor.startswith("validation/") and not any(
        name.startswith("validation/") for name in names
    ):
        found = f"found {shown(monitor)}, and there is no validation split"
        in_training = monitor.replace("validation/", "training/", 1)
        instead = in_training if in_training in names else "training/loss"
        expected = f"Set data.split.validation, or training.monitor={instead}."
        yield Problem(PATH, found, expected)


def monitor_is_a_figure(monitor: str, names: Collection[str]) -> Iterator[Problem]:
    """Yield a problem of a monitor that no metric produces."""
    if monitor not in names:
        yield unknown_name(PATH, "a figure of this run", monitor, names)


def monitor_has_a_direction(
    config: Config, monitor: str, directions: Mapping[str, str]
) -> Iterator[Problem]:
    """Yield a problem where nothing says whether a low or a high figure is good."""
    metric = monitor.rpartition("/")[2]
    mode = section(config, "training").get("monitor_mode", "auto")
    known = metric == "loss" or monitor in directions or metric in directions
    if mode == "auto" and not known:
        found = f"found 'auto', and nothing says whether a low or a high {metric} is good"
        yield Problem("training.monitor_mode", found, "Expected min or max.")

"""The rules that need only the config and the names that exist: no data, no model."""

from __future__ import annotations

from collections.abc import Iterator

from mtl.config.check import (
    choices,
    columns,
    evaluations,
    split,
    task_values,
    tasks,
    training,
)
from mtl.config.check.known import Known
from mtl.config.check.sections import Config
from mtl.errors import Problem

RULES = (
    training.root_is_as_expected,
    columns.data_keys_are_known,
    columns.data_sections_are_mappings,
    columns.pairs_are_as_expected,
    columns.some_input,
    columns.input_names_columns,
    columns.input_column_has_a_kind,
    columns.target_mean_is_of_a_task,
    split.split_has_a_way,
    split.split_is_as_expected,
    split.split_has_its_column,
    split.split_leaves_rows_for_training,
    tasks.some_task,
    tasks.some_task_is_trained,
    tasks.task_is_a_mapping,
    tasks.output_name_is_free,
    task_values.task_values_are_as_expected,
    task_values.target_is_given,
    task_values.above_or_equals,
    task_values.class_weights_are_numbers,
    tasks.auxiliary_serves_another_task,
    evaluations.evaluation_is_a_mapping,
    evaluations.evaluation_is_of_a_task,
    training.optimizer_is_as_expected,
    training.learning_rate_is_given,
    training.optimizer_asks_for_what_is_done,
    training.one_way_of_clipping,
    training.training_is_as_expected,
    training.sources_are_as_expected,
    training.distribution_is_of_sources,
    training.training_is_given,
)
RULES_ON_NAMES = (
    choices.builder_exists,
    choices.generator_exists,
    columns.column_kind_exists,
    columns.column_options_are_the_kinds,
    columns.input_options_are_the_kinds,
    task_values.kind_exists,
    task_values.task_keys_are_known,
    task_values.option_is_of_the_kind,
    task_values.loss_exists,
    task_values.metrics_exist,
    evaluations.evaluation_exists,
    choices.balancer_exists,
    choices.optimizer_exists,
    choices.schedule_exists,
)


def check_values(
    config: Config, known: Known | None = None, *, table_is_given: bool = False
) -> list[Problem]:
    """Return every problem of a config that shows without data and without a model.

    Args:
        config: The resolved config as a plain dict. Tasks set to null count as removed.
        known: The names that exist; rules on a list of names that is not given are left out.
        table_is_given: Whether the rows are handed in from Python, so that `data` needs no source.

    Returns:
        The problems in the order of the config's sections.
    """
    problems = list(_problems(config, known or Known(), table_is_given=table_is_given))
    return sorted(dict.fromkeys(problems), key=lambda problem: _order(problem.path))


def _problems(config: Config, known: Known, *, table_is_given: bool) -> Iterator[Problem]:
    for rule in RULES:
        yield from rule(config)
    for rule_on_names in RULES_ON_NAMES:
        yield from rule_on_names(config, known)
    yield from columns.data_has_a_source(config, table_is_given=table_is_given)


def _order(path: str) -> int:
    top = path.partition(".")[0]
    return training.SECTIONS.index(top) if top in training.SECTIONS else -1

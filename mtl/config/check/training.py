"""Rules on the sections `training` and `optimizer` and on the settings of the root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mtl.config.check.expectations import (
    Expectation,
    choice,
    either,
    fields_are_as_expected,
    keys_are_known,
    number_above,
    number_from,
    or_null,
    switch,
    text,
    texts,
    value_is_as_expected,
    whole_number,
)
from mtl.config.check.sections import Config, section
from mtl.config.check.wording import shown
from mtl.errors import Problem

SECTIONS = (
    "model",
    "data",
    "inputs",
    "tasks",
    "balancing",
    "optimizer",
    "training",
)
SETTINGS: dict[str, Expectation] = {
    "name": or_null(text("the experiment's name")),
    "plugins": or_null(either(text("a path"), texts("a list of paths")), "./plugins/*.py"),
    "run": or_null(text("the path of a run folder")),
    "debug": switch(),
    "evaluations": or_null(
        Expectation(lambda value: isinstance(value, Mapping), "a mapping of evaluations"), "none"
    ),
    "runs": text("the path of the folder of all runs"),
}
PRECISIONS = ("float32", "float64", "mixed_float16", "mixed_bfloat16")
LARGEST_SEED = 2**32 - 1
MAPPING = Expectation(lambda value: isinstance(value, Mapping), "a mapping of keys to values")
TRAINING: dict[str, Expectation] = {
    "epochs": whole_number(1),
    "batch_size": whole_number(1),
    "evaluation_batch_size": whole_number(1),
    "seed": whole_number(0, LARGEST_SEED),
    "shuffle": switch(),
    "monitor": text("the name of a figure, such as validation/loss"),
    "monitor_mode": choice("auto", "min", "max"),
    "patience": or_null(whole_number(1), "never stop early"),
    "minimum_improvement": number_from(0),
    "restore_best": switch(),
    "precision": choice(*PRECISIONS),
    "xla": either(switch(), choice("auto")),
    "embedding_updates": choice("exact", "lazy", "dense"),
    "deterministic": switch(),
    "limit_batches": or_null(whole_number(1), "all batches"),
    "initial_weights": or_null(text("the path of a run folder"), "new weights"),
    "balancing_log_every": or_null(either(whole_number(1), choice("auto")), "none"),
    "sources": or_null(MAPPING, "batches of all rows"),
    "steps_per_execution": whole_number(1),
    "checkpoint": switch(),
    "resume": switch(),
}
OPTIONAL = (
    *("initial_weights", "balancing_log_every", "sources", "steps_per_execution"),
    *("checkpoint", "resume"),
)
SOURCES: dict[str, Expectation] = {
    "column": or_null(text("the name of a column"), "batches of all rows"),
    "distribution": choice("uniform", "proportional", "annealed"),
    "alpha": number_from(0),
    "final_alpha": number_from(0),
}
SOURCE_DEFAULTS = {"distribution": "proportional", "alpha": 1.0, "final_alpha": 0.2}
CLIPPING = ("clipnorm", "global_clipnorm", "clipvalue")
OPTIMIZER: dict[str, Expectation] = {
    "learning_rate": number_above(0),
    **{name: or_null(number_above(0), "no clipping") for name in CLIPPING},
    "gradient_accumulation_steps": or_null(whole_number(1), "an update with each batch"),
}
NOT_DONE = {
    "use_ema": "keeps no moving average of the weights",
    "ema_momentum": "keeps no moving average of the weights",
    "ema_overwrite_frequency": "keeps no moving average of the weights",
    "loss_scale_factor": "scales the loss by itself where training.precision is mixed_float16",
}


def root_is_as_expected(config: Config) -> Iterator[Problem]:
    """Yield problems of unknown sections, sections that are no mapping, and root settings."""
    yield from keys_are_known(config, "", dict.fromkeys((*SECTIONS, *SETTINGS)))
    for name in SECTIONS:
        if config.get(name) is not None:
            yield from value_is_as_expected(config[name], name, MAPPING)
    for name, expectation in SETTINGS.items():
        if name in config:
            yield from value_is_as_expected(config[name], name, expectation)


def training_is_as_expected(config: Config) -> Iterator[Problem]:
    """Yield problems of `training`: unknown keys, values of the wrong type or out of range."""
    yield from fields_are_as_expected(section(config, "training"), "training", TRAINING)


def sources_are_as_expected(config: Config) -> Iterator[Problem]:
    """Yield problems of `training.sources`, and of sources of rows that are pairs."""
    given = section(config, "training", "sources")
    yield from fields_are_as_expected(given, "training.sources", SOURCES)
    if given.get("column") is not None and section(config, "data").get("pairs"):
        expected = "Expected null with data.pairs: pairs are drawn from all rows."
        path = "training.sources.column"
        yield Problem(path, f"found {shown(given['column'])}", expected)


def distribution_is_of_sources(config: Config) -> Iterator[Problem]:
    """Yield a problem for each value of `training.sources` that nothing reads without a column."""
    given = section(config, "training", "sources")
    if given.get("column") is not None:
        return
    for name, default in SOURCE_DEFAULTS.items():
        value = given.get(name, default)
        if value != default and SOURCES[name].holds(value):
            expected = f"Set training.sources.column, or leave it at its default, {default}."
            found = f"found {shown(value)}, and there is no column of sources"
            yield Problem(f"training.sources.{name}", found, expected)


def training_is_given(config: Config) -> Iterator[Problem]:
    """Yield a problem of a missing `training`, or one for each key that it lacks."""
    training = config.get("training")
    if training is None:
        found = "found null" if "training" in config else "missing"
        yield Problem("training", found, f"Expected {MAPPING.text}, as in training=default.")
    elif isinstance(training, Mapping):
        for name, expectation in TRAINING.items():
            if name not in training and name not in OPTIONAL:
                yield Problem(f"training.{name}", "missing", f"Expected {expectation.text}.")


def optimizer_is_as_expected(config: Config) -> Iterator[Problem]:
    """Yield problems of the learning rate and of what is done to gradients."""
    optimizer = section(config, "optimizer")
    for name, expectation in OPTIMIZER.items():
        if name in optimizer:
            yield from value_is_as_expected(optimizer[name], f"optimizer.{name}", expectation)


def learning_rate_is_given(config: Config) -> Iterator[Problem]:
    """Yield a problem where the optimizer has no learning rate."""
    optimizer = config.get("optimizer")
    if isinstance(optimizer, Mapping) and "learning_rate" not in optimizer:
        expected = f"Expected {OPTIMIZER['learning_rate'].text}."
        yield Problem("optimizer.learning_rate", "missing", expected)


def optimizer_asks_for_what_is_done(config: Config) -> Iterator[Problem]:
    """Yield a problem for each parameter of Keras's optimizers that the training step lacks."""
    for name, value in section(config, "optimizer").items():
        if name in NOT_DONE and value is not None and value is not False:
            expected = f"Leave it out: mtl {NOT_DONE[name]}."
            yield Problem(f"optimizer.{name}", f"found {shown(value)}", expected)


def one_way_of_clipping(config: Config) -> Iterator[Problem]:
    """Yield a problem where gradients are to be clipped in more than one way."""
    optimizer = section(config, "optimizer")
    given = [name for name in CLIPPING if optimizer.get(name) is not None]
    if len(given) > 1:
        yield Problem(
            "optimizer",
            f"found {' and '.join(given)}",
            "Expected one of them: set the rest to null.",
        )

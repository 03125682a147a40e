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
    "plugins": or_null(texts("a list of paths"), "./plugins/*.py"),
    "run": or_null(text("the path of a run folder")),
    "output": or_null(text("the path of a file")),
    "debug": switch(),
    "runs": text("the path of the folder of all runs"),
}
PRECISIONS = ("float32", "float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
LARGEST_SEED = 2**32 - 1
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
}
CLIPPING = ("clipnorm", "global_clipnorm", "clipvalue")
OPTIMIZER: dict[str, Expectation] = {
    "learning_rate": number_above(0),
    **{name: or_null(number_above(0), "no clipping") for name in CLIPPING},
}


def root_is_as_expected(config: Config) -> Iterator[Problem]:
    """Yield problems of unknown sections, sections that are no mapping, and root settings."""
    yield from keys_are_known(config, "", dict.fromkeys((*SECTIONS, *SETTINGS)))
    mapping = Expectation(lambda value: isinstance(value, Mapping), "a mapping of keys to values")
    for name in SECTIONS:
        if config.get(name) is not None:
            yield from value_is_as_expected(config[name], name, mapping)
    for name, expectation in SETTINGS.items():
        if name in config:
            yield from value_is_as_expected(config[name], name, expectation)


def training_is_as_expected(config: Config) -> Iterator[Problem]:
    """Yield problems of `training`: unknown keys, values of the wrong type or out of range."""
    yield from fields_are_as_expected(section(config, "training"), "training", TRAINING)


def optimizer_is_as_expected(config: Config) -> Iterator[Problem]:
    """Yield problems of the learning rate and of the clipping of gradients."""
    optimizer = section(config, "optimizer")
    for name, expectation in OPTIMIZER.items():
        if name in optimizer:
            yield from value_is_as_expected(optimizer[name], f"optimizer.{name}", expectation)


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

"""Rules on names that choose something: a builder, a generator, a balancer, an optimizer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from mtl.config.check.known import Known
from mtl.config.check.sections import Config, section
from mtl.config.check.wording import shown, unknown_name
from mtl.errors import Problem, nearest


def builder_exists(config: Config, known: Known) -> Iterator[Problem]:
    """Yield the problem of a `model.name` that no builder has."""
    yield from _choice_exists(config, ("model",), "a registered builder", known.builders)


def balancer_exists(config: Config, known: Known) -> Iterator[Problem]:
    """Yield the problem of a `balancing.name` that no balancer has."""
    yield from _choice_exists(config, ("balancing",), "a registered balancer", known.balancers)


def optimizer_exists(config: Config, known: Known) -> Iterator[Problem]:
    """Yield the problem of an `optimizer.name` that no optimizer has."""
    yield from _choice_exists(config, ("optimizer",), "an optimizer", known.optimizers)


def schedule_exists(config: Config, known: Known) -> Iterator[Problem]:
    """Yield the problem of a schedule that is neither null nor known by its name."""
    schedule = section(config, "optimizer").get("schedule")
    yield from _optional_choice_exists(
        config, ("optimizer", "schedule"), schedule, "a schedule", known.schedules
    )


def generator_exists(config: Config, known: Known) -> Iterator[Problem]:
    """Yield the problem of a generator that is neither null nor known by its name."""
    generator = section(config, "data").get("generator")
    yield from _optional_choice_exists(
        config, ("data", "generator"), generator, "a registered generator", known.generators
    )


def _optional_choice_exists(
    config: Config,
    keys: tuple[str, ...],
    value: object,
    thing: str,
    names: Collection[str] | None,
) -> Iterator[Problem]:
    if isinstance(value, Mapping):
        yield from _choice_exists(config, keys, thing, names)
    elif value is not None:
        expected = "Expected null, or a mapping with a name and its options."
        yield Problem(".".join(keys), f"found {shown(value)}", expected)


def _choice_exists(
    config: Config, keys: tuple[str, ...], thing: str, names: Collection[str] | None
) -> Iterator[Problem]:
    path = ".".join((*keys, "name"))
    name = section(config, *keys).get("name")
    if name is None:
        known = f" {nearest('', names)}" if names is not None else ""
        yield Problem(path, "missing", f"Expected the name of {thing}.{known}")
    elif names is not None and name not in names:
        yield unknown_name(path, thing, name, names)

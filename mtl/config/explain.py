"""Hydra's and YAML's errors, said again with what was expected and the nearest name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import yaml
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationResolutionError,
    OmegaConfBaseException,
    ValidationError,
)

from mtl.config.mappings import is_value
from mtl.config.search import EXPERIMENT, ROOT, groups, options
from mtl.errors import MtlError, nearest

# What Hydra says, in a ValueError, of `training=5`.
GROUP_IS_NO_VALUE = "Config group override must be a string or a list"
# Sections that may get keys that no shipped file has.
OPEN = ("inputs", "data.columns", "optimizer")
# What is said where a list stands for a mapping, with the sections that people write so.
MAPPINGS = (
    "A list stands where keys with values are expected, such as `inputs: {main_input: link_name}` "
    "or `tasks: {price: {target: price, kind: regression}}`."
)
# Mappings of mappings that are empty at first, each with how an entry is written.
NESTED = {"evaluations": "{label: {name: …, output: …}}"}


@contextmanager
def explained() -> Iterator[None]:
    """Turn what Hydra, OmegaConf and YAML raise inside into `MtlError`."""
    try:
        yield
    except (HydraException, OmegaConfBaseException, yaml.YAMLError) as error:
        raise MtlError(explain(error)) from error
    except ValueError as error:
        if GROUP_IS_NO_VALUE not in str(error):
            raise
        raise MtlError(
            f"{error}. A group has the name of one of its options, such as training=default; a "
            f"single value has its key, such as training.epochs=3. Groups: {', '.join(groups())}."
        ) from error


def explain(error: Exception) -> str:
    """Return the message for an error of Hydra, OmegaConf or YAML."""
    if isinstance(error, yaml.YAMLError):
        return _not_yaml(error)
    if isinstance(error, MissingConfigException):
        return _no_option(error)
    if isinstance(error, OverrideParseException):
        return _unreadable(error)
    # Hydra raises some of its own errors `from` OmegaConf's, some just after them.
    for cause in (error, error.__cause__, error.__context__):
        if isinstance(cause, OmegaConfBaseException):
            file = _file(error)
            said = MAPPINGS if "with ListConfig" in str(cause) else _bad_key(cause)
            return f"In {file}: {said}" if file else said
    return _no_match(str(error))


def _not_yaml(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"{mark.name}, line {mark.line + 1}" if mark else "a config file"
    problem = getattr(error, "problem", None) or str(error)
    return f"Cannot read {place}: {problem}. Expected YAML: `key: value`, indented with spaces."


def _no_option(error: MissingConfigException) -> str:
    missing = error.missing_cfg_file or ""
    group, _, name = missing.rpartition("/")
    if not group:
        return str(error).splitlines()[0]
    # An experiment in a subfolder is named with it, so the group is the first part.
    if group.startswith(f"{EXPERIMENT}/"):
        group, _, name = missing.partition("/")
    file = _file(error)
    inside = f" ({file} asks for it)" if file else ""
    known = options(group)
    if not known:
        return f"There is no group {group!r}{inside}. {nearest(group, groups())}"
    what = "experiment" if group == EXPERIMENT else f"option {group}="
    called = f"No experiment is called {name!r}" if group == EXPERIMENT else f"No {what}{name}"
    return f"{called}{inside}. {nearest(name, known)}"


def _file(error: Exception) -> str:
    """Return the config that Hydra's message starts with, such as `experiment/own`, if any."""
    message = str(error)
    file = message.removeprefix("In '").partition("'")[0] if message.startswith("In '") else ""
    return "" if file in {ROOT, "run"} else file


def _unreadable(error: OverrideParseException) -> str:
    word = error.override
    if "=" not in word:
        return (
            f"Cannot read {word!r}. Expected key=value, such as training.epochs=3; the verb, if"
            " any, comes first."
        )
    reason = " ".join(error.message.splitlines()[0].split())
    return (
        f"Cannot read the override {word!r}: {reason}. Values with spaces, commas or brackets need"
        " quotes of their own: 'key=\"a, b\"'."
    )


def _bad_key(cause: OmegaConfBaseException) -> str:
    parent = cause.parent_node
    full_key = str(cause.full_key or cause.key or "")
    if isinstance(cause, InterpolationResolutionError):
        return f"{full_key}: {_first_line(cause)}. An interpolation is written ${{section.key}}."
    if _is_missing_key(cause) and isinstance(parent, DictConfig):
        return _no_key(full_key, parent)
    if isinstance(cause, ValidationError) and "TaskConfig" in str(cause):
        return _no_task(full_key, cause)
    return f"{full_key}: {_first_line(cause)}" if full_key else _first_line(cause)


def _no_key(full_key: str, parent: DictConfig) -> str:
    above, _, key = full_key.rpartition(".")
    names = {str(name) for name in parent}
    if not above:
        names = (names | set(groups())) - {"hydra"}
    if above in NESTED and not names:
        return f"{above} has no {key!r} yet. A new one is added with '+{above}={NESTED[above]}'."
    top = full_key.partition(".")[0]
    if above.count(".") == 1 and not names and top in NESTED:
        return f"{top} has no such key yet. A new one is added with '+{top}={NESTED[top]}'."
    addition = _addition(above, key)
    if not names:
        return f"{above} has no key {key!r}: it is a value or empty.{addition}"
    return f"{above or 'The config'} has no key {key!r}. {nearest(key, names)}{addition}"


def _addition(section: str, key: str) -> str:
    """Return the sentence that says how a section gets a new key, if it can have one."""
    if section == "tasks":
        return _new_task(key)
    if section in OPEN or is_value(section):
        return f" A new key is added with a plus: +{section}.{key}=…."
    return ""


def _new_task(name: str) -> str:
    return f" A new one is added with '+tasks={{{name}: {{target: …, kind: …}}}}'."


def _no_task(full_key: str, cause: OmegaConfBaseException) -> str:
    name = full_key.removeprefix("tasks.")
    if "Dict[" in str(cause):
        return (
            f"{full_key}: {_first_line(cause)}. Expected outputs, each with its task, such as"
            " `tasks: {price: {target: price, kind: regression}}`."
        )
    return f"tasks.{name}: expected a task, or null to remove it.{_new_task(name)}"


def _no_match(message: str) -> str:
    first = message.strip().splitlines()[0] if message.strip() else "The config cannot be composed."
    if "No match in the defaults list" in message:
        key = first.partition("override '")[2].partition("'")[0]
        return f"There is no group {key!r} to choose from. {nearest(key, groups())}"
    if first.startswith("Multiple values for "):
        key = first.removeprefix("Multiple values for ").partition(".")[0]
        return (
            f"{key} is chosen twice. In the defaults of an experiment write `- override /{key}: …` "
            f"in place of `- /{key}: …`."
        )
    return message.strip()


def _is_missing_key(cause: OmegaConfBaseException) -> bool:
    return isinstance(cause, ConfigKeyError | ConfigAttributeError)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")

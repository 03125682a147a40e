"""The command line's `key=value` words, read as far as `mtl` itself has to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mtl.config.mappings import is_value
from mtl.config.search import groups
from mtl.errors import MtlError


def value_of(key: str, words: Sequence[str]) -> str | None:
    """Return what the last `key=value` among the words says, without quotes, or None.

    `null` and an empty value count as none.
    """
    prefix = f"{key}="
    values = [word.removeprefix(prefix) for word in words if word.startswith(prefix)]
    if not values:
        return None
    value = values[-1].strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    return value.replace("\\=", "=") if value not in {"", "null"} else None


def without(keys: Iterable[str], words: Sequence[str]) -> list[str]:
    """Return the words that set none of the keys."""
    prefixes = tuple(f"{key}=" for key in keys)
    return [word for word in words if not word.startswith(prefixes)]


def path_of(override: str) -> str:
    """Return where an override acts: at `optimizer.schedule` for `optimizer/schedule=…`."""
    return override.partition("=")[0].lstrip("+~").replace("/", ".")


def with_no_option(words: Iterable[str]) -> list[str]:
    """Return the words as Hydra has to be told what they say.

    `group=null`, which it cannot read, becomes its `~group`. `key={…}`, which it would merge into
    what is there, replaces a value (see `mtl.config.mappings`).
    """
    words = list(words)
    nothing = {word.removesuffix("=null") for word in words if word.endswith("=null")}
    left_out = nothing & set(groups()) if nothing else set()
    names = {f"{name}=null": f"~{name}" for name in left_out}
    return [each for word in words for each in _replacing(names.get(word, word))]


def _replacing(word: str) -> list[str]:
    """Return two words for one that gives a value as a mapping: the first empties it.

    The second has a `++`, as the runs of a sweep have one word a key.
    """
    key, equals, value = word.partition("=")
    mapping = equals and value.lstrip().startswith(("{", "choice({"))
    if not mapping or key.startswith(("+", "~")) or not is_value(key):
        return [word]
    return [f"{key}=null", f"++{word}"]


def refuse_groups(words: Sequence[str], folder: Path) -> None:
    """Refuse choices of groups where a run's config is the base.

    Raises:
        MtlError: One of the words chooses an option of a group.
    """
    known = set(groups())
    chosen = [word for word in words if word.lstrip("+~").partition("=")[0] in known]
    if chosen:
        raise MtlError(
            f"{' '.join(chosen)} cannot be combined with run={folder}: the run's config.yaml is the"
            " result of its choices, and another choice would leave a mixture of both. Change"
            " values (training.epochs=3), or start from experiment=<name>."
        )


def refuse_nameless(words: Iterable[str]) -> None:
    """Refuse `=3`, which Hydra takes for the choice of a group without a name.

    Raises:
        MtlError: One of the words starts with `=`.
    """
    for word in words:
        if word.startswith("="):
            raise MtlError(f"Cannot read {word!r}. Expected key=value, such as training.epochs=3.")

"""The inputs of a description as symbolic tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras

from mtl.errors import Problem, nearest
from mtl.graph.description.parts import Parts

SETTINGS = ("shape", "dtype")
DTYPES = (
    "bool",
    *("float16", "bfloat16", "float32", "float64"),
    *("int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
    "string",
)


def make_inputs(parts: Parts, problems: list[Problem]) -> dict[str, keras.KerasTensor]:
    """Return the tensor of each input that is described rightly.

    An input has a `shape` without the batch, a list of whole numbers in which null is any size, and
    a `dtype`, by default float32.
    """
    made = {}
    for name, settings in parts.inputs.items():
        if settings is not None:
            found = list(_problems(settings, parts.input_path(name)))
            problems += found
            if not found:
                dtype = settings.get("dtype") or "float32"
                made[name] = keras.Input(tuple(settings["shape"]), dtype=dtype, name=name)
    return made


def _problems(settings: Mapping[str, Any], path: str) -> Iterator[Problem]:
    for key in settings:
        if key not in SETTINGS:
            found = f"an input has no setting {key!r}"
            yield Problem(f"{path}.{key}", found, nearest(str(key), SETTINGS))
    shape = settings.get("shape")
    if not isinstance(shape, list | tuple) or not all(map(_is_size, shape)):
        found = f"found {shape!r}" if "shape" in settings else "missing"
        expected = "Expected a list of whole numbers from 1, null for any size: [100], [null, 3]."
        yield Problem(f"{path}.shape", found, expected)
    dtype = settings.get("dtype")
    if dtype is not None and dtype not in DTYPES:
        yield Problem(f"{path}.dtype", f"{dtype!r} is not a dtype", nearest(str(dtype), DTYPES))


def _is_size(size: object) -> bool:
    return size is None or (isinstance(size, int) and not isinstance(size, bool) and size > 0)

"""Which layers a description may name: those of `keras.layers`, and registered ones."""

from __future__ import annotations

import inspect

import keras

import mtl.layers  # noqa: F401 its layers are registered by being imported
from mtl.errors import Problem
from mtl.expressions.wording import closest

GRAPH = "graph"
RUNS_CODE = "runs code of its own, which a config may not bring"
NO_LAYER = "computes nothing by itself"
REFUSED = {
    "FlaxLayer": RUNS_CODE,
    "InputLayer": "is what the section 'inputs' is for",
    "JaxLayer": RUNS_CODE,
    "Lambda": RUNS_CODE,
    "Layer": NO_LAYER,
    "TFSMLayer": RUNS_CODE,
    "TorchModuleWrapper": RUNS_CODE,
    "Wrapper": NO_LAYER,
}


def layer_types() -> dict[str, type[keras.layers.Layer]]:
    """Return each type of layer by the name that chooses it.

    A layer of `keras.layers` has its bare name; one that was registered by
    `keras.saving.register_keras_serializable`, `mtl`'s own among them, has `package>Name`.
    """
    shipped = {name: member for name, member in vars(keras.layers).items() if name not in REFUSED}
    found = {**shipped, **keras.saving.get_custom_objects()}
    return {name: member for name, member in found.items() if _is_layer(member)}


def layer_type(name: object, path: str, problems: list[Problem]) -> type | None:
    """Return the class of a type of layer, or None after noting why there is none.

    Args:
        name: What stands in the config as `type`.
        path: Where the layer stands.
        problems: Takes in what is wrong.
    """
    known = layer_types()
    if isinstance(name, str) and name in known:
        return known[name]
    where = f"{path}.type"
    if name is None:
        problems.append(Problem(where, "missing", f"Expected {_expected(known)}."))
    elif isinstance(name, str) and name in REFUSED:
        problems.append(
            Problem(where, f"{name!r} {REFUSED[name]}", f"Expected {_expected(known)}.")
        )
    else:
        hint = closest(str(name), [*known, GRAPH], f"Expected {_expected(known)}.")
        problems.append(Problem(where, f"{name!r} is not a layer", hint))
    return None


def _expected(known: dict[str, type[keras.layers.Layer]]) -> str:
    registered = ", ".join(sorted(name for name in known if ">" in name))
    return f"a layer of keras.layers, 'graph', or a registered one ({registered})"


def _is_layer(member: object) -> bool:
    return inspect.isclass(member) and issubclass(member, keras.layers.Layer)

"""Losses and metrics that plugins registered with Keras, found without importing Keras."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any


def registered_losses() -> Mapping[str, Callable[..., Any]]:
    """Return each registered function and subclass of `keras.losses.Loss`, by name.

    The name is the one given to `keras.saving.register_keras_serializable`, with its package
    (`shop>late_fee`) and without (`late_fee`). Empty as long as nobody imported Keras.
    """
    return {
        name: found
        for name, found in _registered().items()
        if not isinstance(found, type) or _is_subclass(found, "Loss")
    }


def registered_metrics() -> Mapping[str, Callable[..., Any]]:
    """Return each registered subclass of `keras.metrics.Metric`, by name, as for losses."""
    return {
        name: found
        for name, found in _registered().items()
        if isinstance(found, type) and _is_subclass(found, "Metric")
    }


def _registered() -> dict[str, Callable[..., Any]]:
    keras = sys.modules.get("keras")
    saving = getattr(keras, "saving", None)
    if saving is None:
        return {}
    found = {}
    for full_name, value in saving.get_custom_objects().items():
        package, _, name = full_name.rpartition(">")
        if package != "mtl" and callable(value):
            found[full_name] = value
            found[name] = value
    return found


def _is_subclass(found: type, base: str) -> bool:
    return any(
        parent.__name__ == base and parent.__module__.startswith("keras.")
        for parent in found.__mro__
    )

"""Figures by name and by split, and values that JSON can hold."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

SPLITS = ("training", "validation", "test")
TOTAL = "total"
MEAN = "mean"

Nested = dict[str, dict[str, dict[str, float | None]]]


def nest(figures: Mapping[str, float | None]) -> Nested:
    """Return figures by split, output and metric.

    Args:
        figures: By name: `validation/main_output/auc`, `test/mean/auc`, `test/loss`. Names that
            start with no split (`learning_rate`, `balancing/weight/main_output`) are left out.

    Returns:
        `{"validation": {"main_output": {"auc": 0.73}}}`. The weighted total of a split's losses
        (`test/loss`) stands at the output `total`.
    """
    nested: Nested = {}
    for name, value in figures.items():
        split, _, rest = name.partition("/")
        if split not in SPLITS or not rest:
            continue
        output, _, metric = rest.rpartition("/")
        nested.setdefault(split, {}).setdefault(output or TOTAL, {})[metric] = value
    return nested


def flatten(nested: Mapping[str, Mapping[str, Mapping[str, float | None]]]) -> dict[str, Any]:
    """Return the figures of `nest` under their names again."""
    return {
        f"{split}/{metric}" if output == TOTAL else f"{split}/{output}/{metric}": value
        for split, outputs in nested.items()
        for output, metrics in outputs.items()
        for metric, value in metrics.items()
    }


def to_json(value: object) -> str:
    """Write a value as JSON that every reader takes: NaN and infinities become null.

    Args:
        value: Mappings, sequences, dataclasses, paths, NumPy scalars and arrays, Python scalars.
    """
    return json.dumps(jsonable(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def jsonable(value: Any) -> Any:
    """Return a value built of what JSON has, NaN and infinities as None."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(entry) for key, entry in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return jsonable(asdict(value))
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, Path):
        return str(value)
    # NumPy's scalars and arrays know their plain value.
    plain = value.tolist() if hasattr(value, "tolist") else list(value)
    return [jsonable(entry) for entry in plain] if isinstance(plain, list) else jsonable(plain)

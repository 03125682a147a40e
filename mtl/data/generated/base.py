"""What a generator of data returns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from mtl.errors import DataError


@dataclass(frozen=True)
class Generated:
    """A generated table, and the best that can be known about its targets.

    Attributes:
        table: The columns that a file would have.
        known: For target columns, the conditional mean of log(1 + target) given every input column,
            shape `(rows,)`: no model can predict better.
    """

    table: pl.DataFrame
    known: Mapping[str, np.ndarray] = field(default_factory=dict)


def check_least(
    generator: str, given: Mapping[str, float], least: Mapping[str, float] | None = None
) -> None:
    """Refuse arguments that are below their least value, or infinite.

    Args:
        generator: The generator's name.
        given: Its arguments by name.
        least: The least value by name; 0 where nothing is said.

    Raises:
        DataError: With the first of them.
    """
    for name, value in given.items():
        bound = (least or {}).get(name, 0)
        if not bound <= value < math.inf:
            raise DataError(f"{generator} has {name}={value}. Expected {bound} or more.")

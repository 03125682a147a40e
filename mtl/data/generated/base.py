"""What a generator of data returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl


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

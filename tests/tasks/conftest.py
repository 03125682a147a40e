"""Tasks fitted to small tables."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from mtl.errors import ConfigError
from mtl.tasks.fit import fit_tasks
from mtl.tasks.task import Task


@pytest.fixture
def fit() -> Callable[..., Task]:
    """Fit one task named `out` on column `y`: `fit({"kind": "binary"}, y=[0, 1])`."""

    def fit_one(config: dict[str, Any], **columns: Any) -> Task:
        table = pl.DataFrame(columns, strict=False)
        return fit_tasks({"out": {"target": "y", **config}}, table)["out"]

    return fit_one


@pytest.fixture
def refusal() -> Callable[..., str]:
    """Return the message with which fitting `out` on column `y` is refused."""

    def fit_one(config: dict[str, Any], **columns: Any) -> str:
        table = pl.DataFrame(columns, strict=False)
        with pytest.raises(ConfigError) as caught:
            fit_tasks({"out": {"target": "y", **config}}, table)
        return str(caught.value)

    return fit_one

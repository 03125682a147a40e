"""What is wrong with a config and its table together."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from mtl.config.compose import compose, plain
from mtl.data.generated.regressions import regressions
from mtl.errors import ConfigError
from mtl.training.assembly import assemble


@pytest.mark.parametrize(
    "changes", [[], ["tasks.large.transform=log1p"], ["+tasks.large={kind: binary, above: median}"]]
)
def test_an_empty_target_is_called_empty_whatever_the_reader_took_it_for(
    changes: list[str], tmp_path: Path
) -> None:
    table = regressions(rows=60, inputs=16).table.with_columns(y_2=pl.lit(None))
    table.write_csv(tmp_path / "table.csv")
    config = compose("balancing_scales", [f"data.path={tmp_path}/table.csv", *changes])
    with pytest.raises(ConfigError) as raised:
        assemble(plain(config))
    (problem,) = raised.value.problems
    assert problem.path == "tasks.large.target"
    assert problem.found == "column 'y_2' is empty in all rows of the table"

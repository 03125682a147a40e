"""What the console shows of an assembly before it trains."""

from __future__ import annotations

import pytest

import mtl
from mtl.config.compose import plain
from mtl.training.assembly import assemble
from mtl.training.summary import summarise


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["balancing=fixed"], "fixed"),
        (["balancing=alternating"], "alternating"),
        (["balancing=upgrad"], "upgrad (gradients by parameters)"),
        (["balancing=upgrad", "balancing.gradients=features"], "upgrad (gradients by features)"),
        (["balancing=modo"], "modo (gradients by parameters)"),
        (["balancing=cr_mogm"], "cr_mogm (gradients by features)"),
        (["balancing=graddrop"], "graddrop (gradients by features)"),
        (["balancing=upgrad", "tasks.cooling.untrained=true"], ""),
    ],
)
def test_names_the_strategy_that_trains_several_tasks(overrides: list[str], expected: str) -> None:
    config = mtl.compose("enb", ["data.generator.rows=60", "training.seed=0", *overrides])
    assert summarise(assemble(plain(config)), []).balancing == expected

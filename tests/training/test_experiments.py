"""Every experiment is trained for a moment on its default data."""

from __future__ import annotations

import math
from pathlib import Path

import keras
import pytest

import mtl
from mtl.config.search import options, shipped

# Fewer rows than by default, for the generators that take long.
FEWER = {
    "data.generator.rows": 600,
    "data.generator.maps": 200,
    "data.generator.images": 200,
    "data.generator.videos": 120,
}
EXPERIMENTS = sorted(
    name for name, places in options("experiment").items() if places[0][0].folder == shipped()
)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_trains_and_leaves_a_model_that_loads(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = mtl.compose(name, ["debug=true"])
    for key, value in FEWER.items():
        option = key.rpartition(".")[2]
        generator = config.data.generator
        if option in generator and generator[option] is not None:
            generator[option] = min(generator[option], value)
    run = mtl.train(config)
    assert run.results["status"] == "completed"
    for split in ("training", "validation", "test"):
        for output in run.config["tasks"]:
            assert math.isfinite(run.results["metrics"][split][output]["loss"])
    loaded = keras.models.load_model(run.folder / "model.keras", safe_mode=True)
    assert loaded.count_params() >= run.graph.count_params()

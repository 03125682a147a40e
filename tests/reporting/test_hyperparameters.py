"""A config's values by their paths."""

from omegaconf import OmegaConf

from mtl.reporting.hyperparameters import hyperparameters


def test_values_by_path_numbers_first() -> None:
    config = OmegaConf.create(
        {
            "name": "headline",
            "runs": "runs",
            "model": {"name": "${name}", "units": 32},
            "inputs": {"aux_input": ["hour", "page"], "main_input": "title"},
            "tasks": {"a": {"kind": "binary", "weight": 0.5, "loss": None}, "b": None},
            "training": {"shuffle": True, "plugins": [], "epochs": 3},
        }
    )
    found = hyperparameters(config)
    assert found == {
        "tasks.a.weight": 0.5,
        "training.shuffle": True,
        "training.epochs": 3,
        "model.units": 32,
        "tasks.a.kind": "binary",
        "model.name": "headline",
        "inputs.aux_input": "hour, page",
        "inputs.main_input": "title",
    }
    assert list(found)[:4] == [
        "tasks.a.weight",
        "training.shuffle",
        "training.epochs",
        "model.units",
    ]

"""A config's values by their paths."""

from omegaconf import OmegaConf

from mtl.reporting.hyperparameters import hyperparameters, varied


def test_values_by_path() -> None:
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


def test_what_was_overridden_comes_first() -> None:
    paths = ["tasks.a.weight", "optimizer.learning_rate", "balancing.name", "model.name", "model.x"]
    overrides = ["experiment=headline", "+model.x=3", "balancing=pcgrad"]
    assert varied(paths, overrides) == {"model.x", "balancing.name"}
    assert varied(paths, ["experiment=headline"]) == set(paths[:3])

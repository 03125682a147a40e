"""Every shipped config is held against the code that it is for."""

from __future__ import annotations

import inspect

import pytest
from omegaconf import OmegaConf

from mtl.config.check.signature import is_handed_in
from mtl.config.compose import compose, plain
from mtl.config.search import options, shipped
from mtl.registry import balancers, builders, generators


def load(group: str, name: str):
    return OmegaConf.to_container(OmegaConf.load(shipped() / "conf" / group / f"{name}.yaml"))


def names(group: str) -> list[str]:
    return sorted(file.stem for file in (shipped() / "conf" / group).glob("*.yaml"))


def defaults_of(function) -> dict[str, object]:
    parameters = inspect.signature(function).parameters.values()
    return {each.name: each.default for each in parameters if not is_handed_in(function, each.name)}


@pytest.mark.parametrize("name", names("model"))
def test_a_models_keys_are_its_builders_parameters_with_their_defaults(name):
    config = load("model", name)
    parameters = defaults_of(builders.get(config.pop("name")))
    assert config == {
        key: list(value) if isinstance(value, tuple) else value for key, value in parameters.items()
    }


@pytest.mark.parametrize("name", names("model/graph"))
def test_a_model_written_as_a_graph_has_the_sections_of_the_graph_builder(name):
    config = load("model/graph", name)
    assert config["name"] == "graph"
    assert set(config) == {"name", *defaults_of(builders.get("graph"))}
    assert plain(compose(None, [f"model=graph/{name}"]))["model"] == config


def test_every_builder_has_a_config():
    assert set(builders.shipped()) <= {load("model", name)["name"] for name in names("model")}


@pytest.mark.parametrize("name", names("balancing"))
def test_a_balancers_keys_are_its_parameters(name):
    config = load("balancing", name)
    parameters: dict[str, object] = {}
    for kind in balancers.get(config.pop("name")).__mro__[:-1]:  # a base's are behind `**`
        if "__init__" in vars(kind):
            own = defaults_of(kind.__init__)
            parameters = own | parameters
            if "options" not in own:
                break
    for name in ("self", "weights", "options"):
        parameters.pop(name, None)
    taken_over = {key for key, value in config.items() if str(value).startswith("${")}
    assert config == parameters | {key: config[key] for key in taken_over}
    assert taken_over <= set(parameters)


def test_every_balancer_has_a_config():
    assert set(balancers.shipped()) == set(names("balancing"))


@pytest.mark.parametrize("name", names("data"))
def test_columns_and_generators_take_their_options(name):
    from mtl.config.check import bind_signature
    from mtl.data.columns import COLUMN_KINDS

    config = plain(compose(overrides=[f"data={name}"]))["data"]
    for column, settings in config["columns"].items():
        kind = COLUMN_KINDS[settings.pop("kind")]
        assert list(bind_signature(kind, settings, column, provided=())) == []
    if config["generator"]:
        made = generators.get(config["generator"].pop("name"))
        assert list(bind_signature(made, config["generator"], "generator", provided=())) == []


@pytest.mark.parametrize("name", names("optimizer"))
def test_an_optimizer_is_built_with_keras_defaults(name):
    from mtl.training.optimizers import OPTIMIZERS, OWN, build_optimizer

    config = load("optimizer", name)
    optimizer, _ = build_optimizer(config, 10)
    built = optimizer.get_config()
    default = OPTIMIZERS[name]().get_config()
    assert built["learning_rate"] == pytest.approx(default["learning_rate"])
    for key in set(config) - set(OWN):
        assert built[key] == default[key], key


@pytest.mark.parametrize("name", names("optimizer/schedule"))
def test_a_schedule_is_built(name):
    from mtl.training.optimizers import build_optimizer, check_optimizer

    config = plain(compose("headline", [f"optimizer/schedule={name}"]))["optimizer"]
    assert check_optimizer(config) == []
    optimizer, _ = build_optimizer(config, 10)
    assert 0 <= float(optimizer.learning_rate) <= 0.001 + 1e-9


@pytest.mark.parametrize("name", sorted(options("experiment")))
def test_an_experiment_passes_the_checks_of_values(name):
    from mtl.config.check import check_values
    from mtl.training.choices import known_names

    assert check_values(plain(compose(name)), known_names()) == []


@pytest.mark.parametrize("file", sorted((shipped() / "conf").rglob("*.yaml"), key=str))
def test_every_file_says_what_it_is_in_its_first_line(file):
    assert file.read_text().startswith("# ")

from __future__ import annotations

import hydra
import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.version import VersionBase
from omegaconf import OmegaConf

from mtl.config.compose import compose, from_run, plain
from mtl.errors import MtlError

OWN = """
# My own, without Hydra's header line.
defaults:
  - override /model: headline
  - override /data: headlines
  - override /optimizer: adam
training: {epochs: 2}
inputs: {main_input: link_name, aux_input: [status_published, page]}
tasks:
  main_output: {target: num_reactions, kind: binary, above: 100}
  aux_output: {target: num_shares, kind: binary, above: median, weight: 0.1}
"""


@pytest.fixture
def run(write):
    """The folder of a run of the headline experiment."""
    config = compose("headline", ["training.epochs=4", "model.lstm_units=7"])
    write("runs/headline/first/config.yaml", OmegaConf.to_yaml(config, resolve=True))
    return "runs/headline/first"


def test_an_experiment_says_everything():
    config = plain(compose("headline"))
    assert config["name"] == "headline"
    assert config["model"]["vocabulary_size"] == 10_000
    assert config["inputs"] == {
        "main_input": "link_name",
        "aux_input": ["status_published", "page"],
    }
    assert config["tasks"]["main_output"]["weight"] == 1.0
    assert config["tasks"]["aux_output"]["weight"] == 0.2
    assert config["optimizer"]["name"] == "rmsprop"
    assert "hydra" not in config
    assert list(config)[:5] == ["name", "model", "data", "inputs", "tasks"]


def test_overrides_have_the_last_word():
    config = compose("headline", ["training.epochs=3", "optimizer=adam", "tasks.aux_output=null"])
    assert config.training.epochs == 3
    assert config.optimizer.name == "adam"
    assert config.tasks.aux_output is None


def test_a_key_of_a_task_that_the_file_does_not_set_needs_no_plus():
    assert compose("headline", ["tasks.aux_output.loss=focal"]).tasks.aux_output.loss == "focal"


def test_a_new_task_can_be_given_on_the_command_line():
    config = compose("headline", ["+tasks={new: {target: num_shares, kind: regression}}"])
    assert config.tasks.new.kind == "regression"
    assert config.tasks.new.weight == 1.0
    assert config.tasks.main_output.target == "num_reactions"


def test_a_schedule_is_chosen_by_its_name():
    assert compose("headline", ["optimizer/schedule=cosine"]).optimizer.schedule.name == "cosine"
    assert compose("headline").optimizer.schedule is None


def test_the_length_of_titles_is_said_once():
    config = plain(compose("headline", ["data.columns.link_name.length=12"]))
    assert config["model"]["length"] == 12


def test_a_users_experiment_needs_no_header(write):
    write("experiments/own.yaml", OWN)
    config = compose("own")
    assert (config.name, config.training.epochs, config.optimizer.name) == ("own", 2, "adam")
    assert config.tasks.main_output.above == 100


def test_an_experiment_in_a_folder_is_named_with_it(write):
    write("experiments/grids/small.yaml", OWN)
    assert compose("grids/small").name == "grids/small"


def test_an_experiment_may_build_on_another(write):
    text = "defaults:\n  - headline\ntasks:\n  aux_output: {weight: 0.7}\n  third: {target: t}\n"
    write("experiments/child.yaml", text)
    config = compose("child")
    assert config.name == "child"
    assert config.model.name == "headline"
    assert config.tasks.aux_output.weight == 0.7
    assert config.tasks.aux_output.kind == "binary"
    assert config.tasks.third.target == "t"


def test_hydras_own_place_for_experiments_works_beside(write):
    write("conf/experiment/plain.yaml", "# @package _global_\nname: p\ntraining: {epochs: 9}\n")
    assert compose("plain").training.epochs == 9


def test_a_users_file_hides_the_shipped_one_and_the_log_says_so(write, caplog):
    write("conf/optimizer/rmsprop.yaml", "name: rmsprop\nlearning_rate: 0.5\n")
    with caplog.at_level("INFO", "mtl"):
        config = compose("headline")
    assert config.optimizer.learning_rate == 0.5
    assert "optimizer=rmsprop: using" in caplog.text
    assert "which hides" in caplog.text


def test_a_users_group_option_can_be_chosen(write):
    write("conf/model/own.yaml", "name: own\nwidth: 3\n")
    write("experiments/own.yaml", "defaults:\n  - override /model: own\n")
    assert compose("own").model == {"name": "own", "width": 3}


def test_an_installed_plugins_configs_are_found_without_importing_it(install):
    files = {
        "__init__.py": "raise SystemExit('imported')",
        "conf/model/theirs.yaml": "name: theirs\n",
        "experiments/theirs.yaml": "defaults:\n  - override /model: theirs\n",
    }
    install("mtl_test_extra", files)
    assert compose("theirs").model.name == "theirs"


def test_a_folder_with_a_space_and_a_quote_in_its_name(tmp_path, monkeypatch):
    folder = tmp_path / "a b's"
    (folder / "experiments").mkdir(parents=True)
    (folder / "experiments/own.yaml").write_text(OWN)
    monkeypatch.chdir(folder)
    assert compose("own").training.epochs == 2


def test_another_applications_root_config_does_no_harm(write):
    write("conf/config.yaml", "theirs: true\n")
    assert "theirs" not in compose("headline")


def test_nothing_of_hydras_state_is_left_behind():
    version = VersionBase.instance().getbase()
    settings = HydraConfig.instance().cfg
    compose("headline")
    assert not GlobalHydra.instance().is_initialized()
    assert HydraConfig.instance().cfg is settings
    assert VersionBase.instance().getbase() is version


def test_a_hydra_application_may_compose_while_it_runs(tmp_path):
    (tmp_path / "theirs.yaml").write_text("a: 1\n")
    with hydra.initialize_config_dir(str(tmp_path), version_base="1.2"):
        running = GlobalHydra.instance().hydra
        assert compose("headline").name == "headline"
        assert GlobalHydra.instance().hydra is running
        assert hydra.compose("theirs") == {"a": 1}
        # There is no group of that name for it, so this is a value like any other.
        composed = hydra.compose("theirs", ["+experiment=headline"])
        assert composed == {"a": 1, "experiment": "headline"}


def test_a_failed_composition_leaves_nothing_behind_either():
    with pytest.raises(MtlError):
        compose("nonesuch")
    assert not GlobalHydra.instance().is_initialized()


def test_without_an_experiment_there_is_the_root():
    config = compose(overrides=["model=headline"])
    assert config.name == "headline"
    assert config.data is None


def test_a_runs_config_is_the_base(run):
    config = from_run(run, ["training.seed=5", "tasks.aux_output.loss=focal"])
    assert (config.training.epochs, config.model.lstm_units) == (4, 7)
    assert config.training.seed == 5
    assert config.tasks.aux_output.loss == "focal"
    assert config.run.endswith("runs/headline/first")
    assert "hydra" not in config


def test_a_runs_config_does_without_the_original_files(write):
    write("experiments/own.yaml", OWN).rename("kept.yaml")
    write("runs/own/1/config.yaml", "name: own\nmodel: {name: own, width: 3}\ntasks: {}\nrun: null")
    assert from_run("runs/own/1", ["model.width=4"]).model == {"name": "own", "width": 4}


@pytest.mark.parametrize(
    "override", ["model=headline", "optimizer/schedule=cosine", "experiment=x"]
)
def test_a_choice_of_a_group_cannot_be_combined_with_a_run(run, override):
    with pytest.raises(MtlError, match=r"cannot be combined with run=.*config.yaml is the"):
        from_run(run, [override])


def test_a_misspelt_value_of_a_run_gets_the_nearest_key(run):
    with pytest.raises(MtlError, match=r"training has no key 'epoch'. Did you mean 'epochs'"):
        from_run(run, ["training.epoch=3"])


def test_a_folder_without_a_run_gets_the_nearest(run):
    with pytest.raises(MtlError, match=r"does not exist.*Did you mean 'first'"):
        from_run("runs/headline/frist")
    with pytest.raises(
        MtlError, match=r"has no config.yaml.*>\. Runs in .*/runs/headline: first\.$"
    ):
        from_run("runs/headline")


def test_a_dict_is_plain_already():
    assert plain({"a": 1}) == {"a": 1}


def test_a_group_set_to_null_is_no_section():
    assert compose("headline", ["balancing=null"]).balancing is None

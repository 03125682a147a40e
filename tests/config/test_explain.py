from __future__ import annotations

import pytest

from mtl.config.compose import compose, plain
from mtl.errors import MtlError

CASES = {
    "option": (["optimizer=adm"], "No option optimizer=adm. Did you mean 'adam'?"),
    "nested option": (
        ["optimizer/schedule=cosin"],
        "optimizer/schedule=cosin. Did you mean 'cosine'",
    ),
    "section": (["trainin.epochs=1"], "The config has no key 'trainin'. Did you mean 'training'?"),
    "group": (["modle=vin"], "The config has no key 'modle'. Did you mean 'model'?"),
    "nested group": (["optimizr/schedule=x"], "Did you mean 'optimizer/schedule'?"),
    "key": (["model.lstm_unit=3"], "model has no key 'lstm_unit'. Did you mean 'lstm_units'?"),
    "adding": (["inputs.other=page"], "A new key is added with a plus: +inputs.other="),
    "a value for a group": (["training=5"], "Got int. A group has the name of one of its options"),
    "output": (["tasks.ax_output.weight=1"], "tasks has no key 'ax_output'. Did you mean 'aux_out"),
    "key of a task": (["tasks.aux_output.wieght=1"], "Did you mean 'weight'?"),
    "key of a value": (["training.epochs.x=1"], "training.epochs has no key 'x': it is a value"),
    "no equals": (["foo"], "Cannot read 'foo'. Expected key=value"),
    "no key": (["=3"], "Cannot read '=3'. Expected key=value"),
    "brackets": (["inputs.main_input=[a"], "Cannot read the override 'inputs.main_input=[a'"),
    "no task": (["tasks.aux_output=3"], "tasks.aux_output: Invalid type"),
    "new task": (["+tasks.new.target=a"], "'+tasks={new: {target: …, kind: …}}'"),
    "interpolation": (
        ["model.length=${nope.x}"],
        "model.length: Interpolation key 'nope.x' not found",
    ),
    "list": (["training.epochs=1,2"], "--multirun"),
    "sweep": (["training.epochs=range(1,3)"], "requires --multirun"),
    "twice": (["+training.epochs=3"], "An item is already at 'training.epochs'"),
    "deleted": (["~training.epoch"], "'training.epoch' does not exist"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_override_is_explained(case):
    overrides, expected = CASES[case]
    with pytest.raises(MtlError) as error:
        plain(compose("headline", overrides))
    assert expected in str(error.value)


def test_an_unknown_experiment_gets_the_nearest():
    with pytest.raises(MtlError) as error:
        compose("headlin")
    assert str(error.value).startswith(
        "No experiment is called 'headlin'. Did you mean 'headline'?"
    )


def test_letters_of_another_case_are_near():
    with pytest.raises(MtlError, match=r"No option balancing=PCGrad\. Did you mean 'pcgrad'\?"):
        compose("headline", ["balancing=PCGrad"])


def test_an_unknown_experiment_in_a_folder_is_called_by_its_whole_name(write):
    write("experiments/vin/grid8.yaml", "training: {epochs: 1}")
    with pytest.raises(MtlError, match=r"called 'vin/grid9'. Did you mean 'vin/grid8'"):
        compose("vin/grid9")


def test_a_wrong_choice_inside_a_file_gets_the_nearest(write):
    write("experiments/own.yaml", "defaults:\n  - override /model: headlin\n")
    with pytest.raises(MtlError, match=r"No option model=headlin. Did you mean 'headline'"):
        compose("own")
    write("experiments/own.yaml", "defaults:\n  - /model: headlin\n")
    with pytest.raises(MtlError, match=r"experiment/own asks for it.*Did you mean 'headline'"):
        compose("own")


def test_a_wrong_key_of_a_task_inside_a_file_is_found(write):
    write("experiments/own.yaml", "tasks:\n  out: {target: a, knd: binary}\n")
    with pytest.raises(
        MtlError, match=r"In experiment/own: tasks.out has no key 'knd'. Did you mean 'kind'"
    ):
        compose("own")


def test_an_unknown_group_inside_a_file_is_found(write):
    write("experiments/own.yaml", "defaults:\n  - override /modle: headline\n")
    with pytest.raises(MtlError, match=r"no group 'modle' to choose from. Did you mean 'model'"):
        compose("own")


@pytest.mark.parametrize("text", ["tasks: 4\n", "- a\n- b\n", "tasks: {out: 3}\n"])
def test_a_file_of_the_wrong_form_is_refused(write, text):
    write("experiments/own.yaml", text)
    with pytest.raises(MtlError, match="own"):
        compose("own")


def test_a_file_that_is_no_yaml_is_named_with_the_line(write):
    write("experiments/own.yaml", "training:\n  epochs: [1, 2\nmodel: x\n")
    with pytest.raises(MtlError, match=r"own.yaml, line 3.*Expected YAML"):
        compose("own")


def test_a_file_with_a_key_twice_is_refused(write):
    write("experiments/own.yaml", "training: {epochs: 1}\ntraining: {epochs: 2}\n")
    with pytest.raises(MtlError, match=r"own.yaml, line 2.*duplicate"):
        compose("own")


def test_the_cause_is_kept_for_debugging():
    with pytest.raises(MtlError) as error:
        compose("headlin")
    assert error.value.__cause__ is not None


FILES = {
    "a list of inputs": ("inputs: [area]", "A list stands where keys with values are expected"),
    "a list of tasks": ("tasks: [price]", "A list stands where keys with values are expected"),
    "a task that is a word": ("tasks: {price: regression}", "Expected outputs, each with its task"),
    "a second choice": ("defaults: [/model: headline]", "write `- override /model: …`"),
}


@pytest.mark.parametrize("file", FILES)
def test_a_wrong_experiment_is_explained(file, write):
    text, expected = FILES[file]
    write("experiments/own.yaml", text)
    with pytest.raises(MtlError) as caught:
        compose("own")
    assert expected in str(caught.value)


def test_overrides_are_a_list():
    with pytest.raises(MtlError, match="Expected a list of overrides"):
        compose("headline", "training.epochs=1")

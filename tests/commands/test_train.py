from __future__ import annotations

import csv
import json
import os
import re

import pytest

from mtl.commands.dispatch import main


def test_training_is_the_default_verb(mtl, trainer):
    assert mtl("experiment=headline training.epochs=3").status == 0
    assert mtl("train experiment=headline training.epochs=3").status == 0
    first, second = trainer.calls
    assert first.config == second.config
    assert first.config["name"] == "headline"
    assert first.config["training"]["epochs"] == 3
    assert first.command == ["mtl", "experiment=headline", "training.epochs=3"]
    assert first.folder is None


def test_hydra_makes_no_folder_of_its_own(mtl, trainer, user_folder):
    mtl("experiment=headline")
    assert list(user_folder.iterdir()) == []


def test_without_an_experiment_there_is_a_hint(mtl, trainer):
    done = mtl("training.epochs=3")
    assert done.status == 1
    assert "No experiment is chosen. Write experiment=<name>. Known: absolute," in done.err
    assert trainer.calls == []


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("experiment=headlin", "Did you mean 'headline'?"),
        ("experiment=headline optimizer=adm", "Did you mean 'adam'?"),
        ("experiment=headline training.epoch=1", "Did you mean 'epochs'?"),
        ("experiment=headline trian", "Cannot read 'trian'"),
        ("--multirn experiment=headline", "Did you mean '--multirun'?"),
        ("experiment=headline =3", "Cannot read '=3'"),
        ("--multirun experiment=headline,headlin", "Did you mean 'headline'?"),
        ("--multirun experiment=headline training.epoch=1,2", "Did you mean 'epochs'?"),
        ("-m experiment=headline training.resume=true", "Expected it without --multirun."),
    ],
)
def test_a_mistake_gets_the_nearest_name_and_no_traceback(mtl, trainer, line, hint):
    done = mtl(line)
    assert done.status == 1
    assert hint in done.err
    assert "Traceback" not in done.err
    assert "HYDRA_FULL_ERROR" not in done.err
    assert trainer.calls == []


def test_an_error_of_the_run_is_printed_once(mtl, trainer):
    from mtl.errors import MtlError

    trainer.error = MtlError("data.path: no file x.csv")
    done = mtl("experiment=headline")
    assert done.status == 1
    assert done.err == "mtl: data.path: no file x.csv\n"


def test_a_bug_is_not_hidden(trainer):
    trainer.error = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError, match="a bug"):
        main(["experiment=headline"])


def test_an_interrupted_run_has_the_status_of_one(mtl, trainer):
    trainer.status = "interrupted"
    assert mtl("experiment=headline").status == 130


def test_the_process_is_as_before(mtl, trainer):
    from hydra.core.global_hydra import GlobalHydra

    before = dict(os.environ)
    mtl("experiment=headline")
    mtl("experiment=headlin")
    after = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    before.pop("TF_CPP_MIN_LOG_LEVEL", None)
    assert after == before
    assert not GlobalHydra.instance().is_initialized()


def test_cfg_job_prints_the_config_and_trains_nothing(mtl, trainer):
    done = mtl("--cfg job experiment=headline optimizer=adam")
    assert done.status == 0
    assert "name: adam" in done.out
    assert trainer.calls == []
    assert "lstm_units: 32" in mtl("--cfg job -p model experiment=headline").out


def test_a_users_experiment_is_trained_and_hidden_files_are_named(mtl, trainer, write):
    write("experiments/own.yaml", "defaults:\n  - headline\ntraining: {epochs: 2}\n")
    write("conf/training/default.yaml", "epochs: 7\nseed: 3\n")
    done = mtl("experiment=own")
    assert trainer.calls[0].config["name"] == "own"
    training = trainer.calls[0].config["training"]
    assert (training["epochs"], training["seed"]) == (2, 3)
    assert "batch_size" not in training
    assert "training=default: using" in done.err


def test_an_own_root_config_is_refused(mtl, trainer, write):
    write("conf/mtl.yaml", "defaults: []")
    assert "would replace the root" in mtl("experiment=headline").err


def test_a_run_is_the_base(mtl, trainer, trained):
    assert mtl("run=runs/headline/first training.epochs=2").status == 0
    [call] = trainer.calls
    assert call.config["training"]["epochs"] == 2
    assert call.config["model"]["lstm_units"] == 32
    assert call.config["run"] == str(trained)
    assert "lstm_units: 32" in mtl("--cfg job run=runs/headline/first").out


def test_a_choice_beside_a_run_is_refused(mtl, trainer, trained):
    done = mtl("run=runs/headline/first optimizer=adam")
    assert "optimizer=adam cannot be combined with run=" in done.err
    assert "has no key 'epoch'" in mtl("run=runs/headline/first training.epoch=2").err
    assert "Did you mean 'first'" in mtl("run=runs/headline/frist").err


def test_a_run_in_a_folder_with_a_space_and_quotes(mtl, trainer, trained):
    odd = trained.rename(trained.with_name("a 'b'"))
    assert main([f"run={odd}"]) == 0
    assert trainer.calls[0].config["run"] == str(odd)


def sweep_folder(user_folder, name="headline"):
    [folder] = (user_folder / "runs" / name).iterdir()
    return folder


def test_the_flag_of_a_sweep_may_stand_among_the_overrides(mtl, trainer, user_folder):
    for flag in ("--multirun", "-m"):
        trainer.calls.clear()
        done = mtl(f"experiment=headline {flag} tasks.aux_output.weight=0.1,0.7 training.epochs=1")
        assert done.status == 0, done.err
        assert len(trainer.calls) == 2


def test_a_sweep_gives_each_run_a_folder_and_ends_with_one_table(mtl, trainer, user_folder):
    done = mtl("--multirun experiment=headline tasks.aux_output.weight=0.1,0.7,0.4")
    assert done.status == 0
    folder = sweep_folder(user_folder)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", folder.name)
    assert [call.folder for call in trainer.calls] == [folder / str(n) for n in range(3)]
    assert trainer.calls[1].command == ["mtl", "experiment=headline", "tasks.aux_output.weight=0.7"]
    rows = list(csv.DictReader((folder / "runs.csv").open()))
    assert [row["overrides"] for row in rows] == [
        f"experiment=headline tasks.aux_output.weight={weight}" for weight in (0.7, 0.4, 0.1)
    ]
    assert done.out.rindex("0.3000") < done.out.rindex("0.6000") < done.out.rindex("0.9000")


def test_a_failed_run_of_a_sweep_is_logged_and_the_others_go_on(mtl, trainer, user_folder):
    done = mtl("--multirun experiment=headline tasks.aux_output.weight=0.1,-1,0.4")
    assert done.status == 1
    assert len(trainer.calls) == 3
    assert "Run 1 of the sweep failed: tasks.aux_output.weight: found a negative" in done.err
    assert "Traceback" not in done.err
    folder = sweep_folder(user_folder)
    left = json.loads((folder / "1/results.json").read_text())
    assert left["status"] == "failed"
    assert "negative number\nand more" in left["error"]
    rows = list(csv.DictReader((folder / "runs.csv").open()))
    assert [row["status"] for row in rows] == ["completed", "completed", "failed"]


def test_a_bug_in_a_run_of_a_sweep_is_logged_with_its_traceback(mtl, trainer, user_folder):
    trainer.error = ZeroDivisionError("a bug")
    done = mtl("--multirun experiment=headline training.seed=1")
    assert done.status == 1
    assert "ZeroDivisionError: a bug" in done.err
    assert "Traceback" in done.err


def test_ctrl_c_in_a_run_ends_the_whole_sweep(mtl, trainer, user_folder):
    trainer.status = "interrupted"
    done = mtl("--multirun experiment=headline training.seed=1,2,3")
    assert done.status == 130
    assert len(trainer.calls) == 1
    assert (sweep_folder(user_folder) / "runs.csv").exists()


def test_a_sweep_over_experiments_has_a_folder_of_its_own(mtl, trainer, write, user_folder):
    write("experiments/own.yaml", "defaults:\n  - headline\n")
    assert mtl("--multirun experiment=headline,own").status == 0
    assert [call.config["name"] for call in trainer.calls] == ["headline", "own"]
    assert sweep_folder(user_folder, "sweep")


def test_a_sweep_of_one_run(mtl, trainer, trained, user_folder):
    assert mtl("--multirun run=runs/headline/first training.seed=1,2").status == 0
    assert [call.config["training"]["seed"] for call in trainer.calls] == [1, 2]


def test_the_root_of_runs_holds_for_sweeps_too(mtl, trainer, user_folder):
    mtl("--multirun experiment=headline training.seed=1 runs=elsewhere")
    assert trainer.calls[0].folder.is_relative_to(user_folder / "elsewhere/headline")


def test_sweeps_of_one_second_have_folders_of_their_own(mtl, trainer, user_folder):
    for _ in range(3):
        mtl("--multirun experiment=headline training.seed=1")
    assert len({call.folder for call in trainer.calls}) == 3
    assert len(list((user_folder / "runs/headline").iterdir())) == 3


@pytest.mark.parametrize("name", ["../x", "/tmp/x"])
def test_a_sweeps_name_does_not_lead_out_of_the_folder_of_runs(mtl, trainer, user_folder, name):
    done = mtl(f"--multirun experiment=headline name={name} training.seed=1,2")
    assert done.status == 1
    assert f"{name!r} cannot name a run's folder" in done.err
    assert trainer.calls == []
    assert list(user_folder.iterdir()) == []


def test_the_table_of_a_sweep_is_written_whole_or_not_at_all(mtl, trainer, monkeypatch):
    written = []
    monkeypatch.setattr("mtl.reporting.files.write_text", lambda path, text: written.append(path))
    mtl("--multirun experiment=headline training.seed=1")
    assert [path.name for path in written] == ["runs.csv"]


def test_output_is_no_setting_of_a_run(mtl, trainer):
    done = mtl("train experiment=headline output=x")
    assert done.status == 1
    assert "has no key 'output'" in done.err
    assert trainer.calls == []


def test_a_folder_for_sweeps_that_cannot_be_made(mtl, trainer, write):
    write("runs", "a file")
    done = mtl("--multirun experiment=headline training.seed=1,2")
    assert done.status == 1
    assert "runs" in done.err
    assert "Traceback" not in done.err


def test_the_monitored_figure_is_what_a_sweeper_gets(trainer, monkeypatch):
    from hydra.core.utils import JobReturn

    seen = []
    original = JobReturn.return_value.fget

    def spy(self):
        seen.append(original(self))
        return seen[-1]

    monkeypatch.setattr(JobReturn, "return_value", property(spy, JobReturn.return_value.fset))
    main(["experiment=headline", "tasks.aux_output.weight=0.25"])
    assert seen == [0.75]


@pytest.mark.parametrize("section", ["training", "optimizer", "balancing", "model"])
def test_a_group_set_to_null_is_left_to_the_check(mtl, trainer, section):
    done = mtl(f"experiment=headline {section}=null")
    assert "Config group override" not in done.err
    assert "Traceback" not in done.err


def test_a_schedule_set_to_null_is_none(mtl, trainer):
    assert mtl("experiment=headline optimizer/schedule=null").status == 0
    assert trainer.calls[0].config["optimizer"].get("schedule") is None
    assert trainer.calls[0].command[-1] == "optimizer/schedule=null"


def test_a_sweep_over_seeds_ends_with_means(mtl, trainer, user_folder):
    done = mtl("--multirun experiment=headline tasks.aux_output.weight=0.1,0.4 training.seed=1,2")
    assert done.status == 0
    assert "mean over training.seed" in done.out
    folder = sweep_folder(user_folder)
    assert len(list(csv.DictReader((folder / "runs.csv").open()))) == 4
    rows = list(csv.DictReader((folder / "averages.csv").open()))
    assert {row["choice"] for row in rows} == {
        "tasks.aux_output.weight=0.1",
        "tasks.aux_output.weight=0.4",
    }

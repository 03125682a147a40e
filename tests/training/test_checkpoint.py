"""Runs that go on after their end, or after a kill, as if they had never stopped."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import mtl
from mtl.config.compose import from_run
from mtl.data.generated.headlines import headlines
from mtl.errors import ConfigError, MtlError
from mtl.reporting.balancing import BalancingLog
from mtl.reporting.collect import collect
from mtl.reporting.folder import RunFolder
from mtl.training import checkpoint as checkpoint_module
from mtl.training import loop as loop_module
from mtl.training import runner as runner_module
from mtl.training.checkpoint import CHECKPOINT
from tests.training.test_runner import SMALL, interrupt_after, small

# Of the epoch's time, not of what was trained.
OF_TIME = {"seconds", "examples_per_second"}


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def resumed(run: mtl.Run | Path, *overrides: str) -> mtl.Run:
    folder = run if isinstance(run, Path) else run.folder
    return mtl.train(from_run(folder, ["training.resume=true", *overrides]))


def assert_alike(run: mtl.Run, other: mtl.Run) -> None:
    """Everything that training changed is the same, bit for bit, and the run says the same."""
    with np.load(run.folder / CHECKPOINT) as ours, np.load(other.folder / CHECKPOINT) as theirs:
        assert set(ours.files) == set(theirs.files)
        for name in set(ours.files) - {"progress"}:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    for value, expected in zip(run.graph.get_weights(), other.graph.get_weights(), strict=True):
        np.testing.assert_array_equal(value, expected)
    ours, theirs = (pl.read_csv(each.folder / "history.csv") for each in (run, other))
    assert ours.drop(OF_TIME).equals(theirs.drop(OF_TIME), null_equal=True)
    ours, theirs = ((each.folder / "balancing.csv").read_text() for each in (run, other))
    assert ours == theirs
    assert run.results["metrics"] == other.results["metrics"]
    assert run.results["best_epoch"] == other.results["best_epoch"]


def case(*overrides: str, slow: bool = False) -> Any:
    marks = [pytest.mark.slow] if slow else []
    return pytest.param(overrides, id=overrides[0], marks=marks)


@pytest.mark.parametrize(
    "overrides",
    [
        case("balancing=upgrad", "balancing.every=4", "optimizer.gradient_accumulation_steps=5"),
        case(
            "balancing=alternating", "balancing.optimizers=own", "optimizer.momentum=0.5", slow=True
        ),
        case("balancing=famo", slow=True),
        case(
            *("balancing=uncertainty", "optimizer=adam", "training.precision=mixed_float16"),
            slow=True,
        ),
        case("balancing=moco", "training.steps_per_execution=3", slow=True),
        case(
            *("balancing=graddrop", "optimizer/schedule=polynomial"),
            *("+optimizer.schedule.decay_steps=30", "optimizer.schedule.end_learning_rate=0.001"),
            slow=True,
        ),
    ],
)
def test_a_run_that_goes_on_ends_as_one_that_never_stopped(overrides: tuple[str, ...]) -> None:
    """Nine steps an epoch, so that groups of five batches and turns cross the stop."""
    whole = mtl.train(small("training.epochs=4", *overrides))
    first = mtl.train(small("training.epochs=2", *overrides))
    second = resumed(first, "training.epochs=4")
    assert second.folder == first.folder
    assert second.results["epochs"] == 4
    assert_alike(second, whole)


def test_dropout_and_moving_statistics_go_on(write: Any, user_folder: Path) -> None:
    write(
        "plugins/noisy.py",
        "import keras, mtl\n"
        "@mtl.builder('test_noisy')\n"
        "def noisy(*, inputs, tasks, units=(), activation=None):\n"
        "    x = {n: keras.Input(s.shape, dtype=s.dtype, name=n) for n, s in inputs.items()}\n"
        "    z = keras.layers.Dense(6)(keras.layers.Concatenate()(list(x.values())))\n"
        "    z = keras.layers.Dropout(0.5)(keras.layers.BatchNormalization()(z))\n"
        "    return keras.Model(x, {n: keras.layers.Dense(t.units, t.activation, name=n)(z)\n"
        "                           for n, t in tasks.items()})\n",
    )
    write("conf/model/test_noisy.yaml", "name: test_noisy\n")
    words = ["model=test_noisy", "data.generator.rows=200", "runs=runs"]
    whole = mtl.train(mtl.compose("balancing_conflict", [*words, "training.epochs=3"]))
    first = mtl.train(mtl.compose("balancing_conflict", [*words, "training.epochs=1"]))
    assert_alike(resumed(first, "training.epochs=3"), whole)


def test_a_run_that_was_interrupted_in_an_epoch_repeats_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = mtl.train(small("balancing=gradnorm", "training.epochs=3"))
    original, interrupting = loop_module.training_batches, interrupt_after(4)

    def batches(*arguments: Any, epoch: int, **options: Any) -> Any:
        chosen = interrupting if epoch == 2 else original
        return chosen(*arguments, epoch=epoch, **options)

    with monkeypatch.context() as patched:
        patched.setattr(loop_module, "training_batches", batches)
        first = mtl.train(small("balancing=gradnorm", "training.epochs=3"))
    assert first.results["status"] == "interrupted"
    assert pl.read_csv(first.folder / "history.csv")["epoch"].to_list() == [1, 2]
    assert_alike(resumed(first), whole)
    environment = json.loads((first.folder / "environment.json").read_text())
    assert len(environment["resumed"]) == 1
    assert mtl.load(first.folder).config["training"]["resume"] is False
    assert "The run goes on after epoch 1." in (first.folder / "run.log").read_text()


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on(tmp_path: Path) -> None:
    """Killed at a moment that is not chosen, once its first epoch has left a checkpoint."""
    words = [*SMALL, "balancing=cagrad", "training.epochs=40", "training.patience=null"]
    command = [sys.executable, "-m", "mtl", "experiment=headline", *words, "runs=killed"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(f"killed/headline/*/{CHECKPOINT}")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (folder,) = tmp_path.glob("killed/headline/*")
    second = resumed(folder)
    assert second.results["status"] == "completed"
    assert_alike(second, mtl.train(small(*words[len(SMALL) :])))
    assert not list(folder.rglob(".state*"))


def test_what_is_left_when_nothing_is_left_is_said() -> None:
    run = mtl.train(small("training.patience=1", "training.minimum_improvement=100"))
    assert run.results["epochs"] == 2
    before = {path.name: path.stat().st_mtime_ns for path in run.folder.iterdir()}
    with pytest.raises(MtlError, match=r"trained 2 of 2 epochs.*training.epochs above 2"):
        resumed(run)
    with pytest.raises(MtlError, match=r"stopped after epoch 2, 1 .*training.patience above 1"):
        resumed(run, "training.epochs=9")
    assert {path.name: path.stat().st_mtime_ns for path in run.folder.iterdir()} == before
    assert resumed(run, "training.epochs=3", "training.patience=2").results["epochs"] == 3


def test_a_resumed_run_keeps_its_config() -> None:
    run = mtl.train(small("training.epochs=1"))
    changed = ["training.epochs=2", "model.dense_units=9", "optimizer.learning_rate=0.5"]
    with pytest.raises(ConfigError) as caught:
        resumed(run, *changed)
    assert [problem.path for problem in caught.value.problems] == [
        "model.dense_units",
        "optimizer.learning_rate",
    ]
    assert "found 9, and the run has 8" in str(caught.value)
    with pytest.raises(ConfigError, match=r"training\.resume: found true without a run\. Expected"):
        mtl.train(small("training.resume=true"))


def test_a_run_that_ended_before_its_model_was_saved_is_finished(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = mtl.train(small())

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(runner_module, "_save_model", killed)
        with pytest.raises(KeyboardInterrupt):
            mtl.train(small())
    (folder,) = (each for each in whole.folder.parent.iterdir() if each != whole.folder)
    assert not (folder / "model.keras").exists()
    second = resumed(folder)
    assert second.results["status"] == "completed"
    assert_alike(second, whole)


def test_a_stop_while_an_epoch_is_measured_keeps_the_epoch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = loop_module.Loop.evaluate

    def interrupted(loop: loop_module.Loop, split: str) -> dict[str, float]:
        if split == "validation" and loop.last_epoch == 2 and loop.status == "completed":
            os.kill(os.getpid(), signal.SIGINT)
        return original(loop, split)

    with monkeypatch.context() as patched:
        patched.setattr(loop_module.Loop, "evaluate", interrupted)
        first = mtl.train(small("training.epochs=3"))
    assert first.results["status"] == "interrupted"
    assert_alike(resumed(first), mtl.train(small("training.epochs=3")))


def test_one_process_trains_in_a_folder() -> None:
    run = mtl.train(small("training.epochs=1"))
    with RunFolder.open(run.folder).log(), pytest.raises(MtlError, match="Another process is"):
        resumed(run, "training.epochs=2")
    assert resumed(run, "training.epochs=2").results["epochs"] == 2


def test_a_schedule_over_all_epochs_keeps_their_number() -> None:
    schedule = ["optimizer/schedule=cosine", "training.epochs=1"]
    with pytest.raises(ConfigError, match=r"training\.epochs: found 2, and the run has 1\..*sched"):
        resumed(mtl.train(small(*schedule)), "training.epochs=2")


def test_a_resumed_run_is_compared_by_its_new_overrides() -> None:
    run = mtl.train(small("training.epochs=1"), command=["mtl", "training.epochs=1", "a=2"])
    config = from_run(run.folder, ["training.resume=true", "training.epochs=2"])
    words = ["mtl", f"run={run.folder}", "training.resume=true", "training.epochs=2"]
    mtl.train(config, command=words)
    (found,) = collect([run.folder])
    assert found.overrides == ["a=2", "training.epochs=2"]


def test_the_weights_that_a_run_began_with_are_not_asked_for_again() -> None:
    source = mtl.train(small("training.epochs=1"))
    run = mtl.train(small("training.epochs=1", f"training.initial_weights={source.folder}"))
    shutil.rmtree(source.folder)
    assert resumed(run, "training.epochs=2").results["epochs"] == 2


def test_data_may_move_and_not_change(tmp_path: Path) -> None:
    headlines(rows=200, seed=5).table.write_csv("first.csv")
    run = mtl.train(small("training.epochs=1", "data.path=first.csv"))
    Path("first.csv").rename("moved.csv")
    second = resumed(run, "training.epochs=2", f"data.path={tmp_path / 'moved.csv'}")
    assert second.results["epochs"] == 2
    headlines(rows=200, seed=6).table.write_csv("moved.csv")
    with pytest.raises(MtlError, match=r"The data are prepared to .*and the run had others\."):
        resumed(second, "training.epochs=3")


def test_another_graph_is_no_continuation() -> None:
    run = mtl.train(small("training.epochs=1"))
    path = run.folder / CHECKPOINT
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    names = arrays["names"].tolist()
    assert "lstm/lstm_cell/kernel" in names  # without what Keras counts on: lstm_3/…
    changed = ["other/kernel" if name == "lstm/lstm_cell/kernel" else name for name in names]
    np.savez(path, **arrays | {"names": np.array(changed)})
    with pytest.raises(
        MtlError, match=r"has lstm/lstm_cell/kernel where .* has other/kernel\. Exp"
    ):
        resumed(run, "training.epochs=2")


def test_other_data_are_no_continuation() -> None:
    run = mtl.train(small("training.epochs=1", "data.generator.rows=300"))
    path = run.folder / CHECKPOINT
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    progress = json.loads(str(arrays["progress"]))
    progress["examples"]["training"] += 1
    progress["digests"]["training"] = ""
    np.savez(path, **arrays | {"progress": np.array(json.dumps(progress))})
    with pytest.raises(
        MtlError, match=r"The data are prepared to .*and the run had {.*Expected the"
    ):
        resumed(run, "training.epochs=2")


def test_rows_of_steps_that_come_again_are_dropped(tmp_path: Path) -> None:
    log = BalancingLog(tmp_path)
    for step in (1, 11, 21):
        log.append(step, {"balancing/weight/a": 0.5})
    with log.path.open("a") as file:
        file.write("\n3")  # a line of nothing, and a row that a kill cut off
    again = BalancingLog(tmp_path)
    again.go_on(11)
    again.append(21, {"balancing/weight/a": 0.25})
    expected = "step,balancing/weight/a\n1,0.5\n11,0.5\n21,0.25\n"
    assert log.path.read_text() == expected
    BalancingLog(tmp_path / "other").go_on(5)  # there is none to continue


def test_checkpoints_that_are_none() -> None:
    run = mtl.train(small("training.epochs=1"))
    path = run.folder / CHECKPOINT
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(MtlError, match=r"Cannot read .*state\.npz.*can only be started anew"):
        resumed(run, "training.epochs=2")
    path.write_bytes(b"")
    with pytest.raises(MtlError, match=r"Cannot read .*state\.npz"):
        resumed(run, "training.epochs=2")
    path.unlink()
    with pytest.raises(MtlError, match=r"has no checkpoint/state\.npz\. Expected a run whose"):
        resumed(run, "training.epochs=2")
    other = mtl.train(small("training.epochs=1", "training.checkpoint=false"))
    assert not (other.folder / CHECKPOINT).exists()


def test_a_full_disk_leaves_the_training_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(path: Path, **arrays: Any) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint_module.np, "savez", full)
    run = mtl.train(small("training.epochs=2"))
    assert run.results["status"] == "completed"
    assert list((run.folder / "checkpoint").iterdir()) == []
    log = (run.folder / "run.log").read_text()
    assert log.count("leaves no checkpoint: Cannot write") == 2
    assert "the disk is full" in log

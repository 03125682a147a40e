"""The runner from a config to a run folder, on generated headlines with a small model."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import polars as pl
import pytest

import mtl
import mtl.config.compose
from mtl.balancing.base import GramianBalancer
from mtl.errors import ConfigError, DataError, DivergenceError, MtlError
from mtl.graph.calls import output_names
from mtl.reporting.tensorboard import Board
from mtl.training import loop as loop_module
from mtl.training import runner as runner_module

SMALL = [
    "data.generator.rows=400",
    "data.columns.link_name.vocabulary_size=300",
    "data.columns.link_name.length=12",
    "model.embedding_size=8",
    "model.lstm_units=4",
    "model.dense_units=8",
    "model.dense_layers=1",
    "training.epochs=2",
    "training.xla=false",
]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def small(*overrides: str) -> Any:
    return mtl.compose("headline", [*SMALL, *overrides])


def weights_of(run: mtl.Run) -> list[np.ndarray]:
    return run.graph.get_weights()


def posts(rows: int = 40, seed: int = 5) -> pl.DataFrame:
    """New posts of the generator's columns."""
    from mtl.data.generated.headlines import headlines

    return headlines(rows=rows, seed=seed).table


def test_a_run_leaves_its_folder(tmp_path: Path) -> None:
    run = mtl.train(small())
    assert run.folder.parent == tmp_path / "runs" / "headline"
    names = {path.name for path in run.folder.iterdir()}
    assert names == {
        "config.yaml",
        "environment.json",
        "history.csv",
        "balancing.csv",
        "checkpoint",
        "results.json",
        "model.keras",
        "tensorboard",
        "run.log",
    }
    history = pl.read_csv(run.folder / "history.csv")
    assert history["epoch"].to_list() == [1, 2]
    assert {
        "training/loss",
        "validation/main_output/auc",
        "learning_rate",
        "balancing/weight/aux_output",
    } <= set(history.columns)
    results = json.loads((run.folder / "results.json").read_text())
    assert results["status"] == "completed"
    assert results["examples"] == {"training": 280, "validation": 60, "test": 60}
    assert set(results["metrics"]) == {"training", "validation", "test"}
    assert 0.5 < results["best_possible"]["test"]["main_output"]["auc"] < 1


def test_the_balancing_of_single_steps_is_recorded() -> None:
    """Nine steps an epoch; the mean of all steps of an epoch is the history's."""
    run = mtl.train(small("balancing=pcgrad", "training.balancing_log_every=1"))
    steps = pl.read_csv(run.folder / "balancing.csv")
    history = pl.read_csv(run.folder / "history.csv")
    assert steps["step"].to_list() == list(range(1, 19))
    assert set(steps.columns) - {"step"} == {
        "balancing/weight/main_output",
        "balancing/weight/aux_output",
        "balancing/gradient_norm/main_output",
        "balancing/gradient_norm/aux_output",
        "balancing/cosine/main_output,aux_output",
        "balancing/conflict_rate",
    }
    for name in set(steps.columns) - {"step"}:
        assert steps[name][9:].mean() == pytest.approx(history[name][1], rel=1e-4)
    for every, expected in (("4", [1, 5, 9, 13, 17]), ("auto", [1, 11]), ("null", None)):
        run = mtl.train(small(f"training.balancing_log_every={every}"))
        path = run.folder / "balancing.csv"
        found = pl.read_csv(path)["step"].to_list() if path.exists() else None
        assert found == expected


def test_what_a_strategy_learned_is_in_the_history() -> None:
    history = pl.read_csv(mtl.train(small("balancing=uncertainty")).folder / "history.csv")
    for task in ("main_output", "aux_output"):
        first, second = history[f"balancing/state/log_variance/{task}"]
        assert 0 != first != second


def test_batches_of_one_source_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts without reactions of their own carry the label of one task alone."""
    table = posts(400).with_row_index("row")
    table = table.with_columns(
        pl.when(pl.col("row") % 4 == 0).then(pl.lit("few")).otherwise(pl.lit("many")).alias("from"),
        pl.when(pl.col("row") % 4 == 0).then(pl.col("num_reactions")).alias("others"),
    )
    seen: list[set[bool]] = []
    original = loop_module.training_batches

    def watched(*arguments: Any, **options: Any) -> Any:
        for batch in original(*arguments, **options):
            seen.append(set(np.isnan(batch[1]["aux_output"].numpy()).tolist()))
            yield batch

    monkeypatch.setattr(loop_module, "training_batches", watched)
    config = small(
        "training.sources.column=from",
        "training.sources.distribution=uniform",
        "tasks.aux_output.target=others",
        "balancing=pcgrad",
        "training.batch_size=20",
    )
    run = mtl.train(config, table=table)
    assert len(seen) == 2 * -(-280 // 20)
    assert all(len(each) == 1 for each in seen)
    assert {True in each for each in seen} == {True, False}
    assert any(
        "one source: few (" in note for note in (run.folder / "run.log").read_text().splitlines()
    )
    config = small("training.sources.column=form", "training.sources.alpha=-1")
    with pytest.raises(ConfigError) as caught:
        mtl.train(config, table=table)
    assert {problem.path for problem in caught.value.problems} == {
        "training.sources.column",
        "training.sources.alpha",
    }
    holes = table.with_columns(pl.when(pl.col("row") % 3 > 0).then(pl.col("from")).alias("from"))
    with pytest.raises(MtlError, match=r"'from' is empty in \d+ of the 280 training rows"):
        mtl.train(small("training.sources.column=from"), table=holes)


def test_steps_made_together_leave_the_same_run() -> None:
    """Nine steps an epoch, the last of them smaller, in executions of four."""
    first = mtl.train(small("balancing=pcgrad"))
    second = mtl.train(small("balancing=pcgrad", "training.steps_per_execution=4"))
    for value, same in zip(weights_of(first), weights_of(second), strict=True):
        np.testing.assert_array_equal(value, same)
    varies = ["examples_per_second", "seconds"]
    histories = [pl.read_csv(run.folder / "history.csv").drop(varies) for run in (first, second)]
    assert histories[0].equals(histories[1])
    logs = [(run.folder / "balancing.csv").read_text() for run in (first, second)]
    assert logs[0] == logs[1]


def test_weighted_losses_add_up_to_the_total() -> None:
    run = mtl.train(small("tasks.aux_output.weight=0.3", "training.restore_best=false"))
    history = pl.read_csv(run.folder / "history.csv").row(-1, named=True)
    for split in ("training", "validation"):
        total = history[f"{split}/main_output/loss"] + 0.3 * history[f"{split}/aux_output/loss"]
        assert history[f"{split}/loss"] == pytest.approx(total, rel=1e-6)


def test_learning_beats_chance_on_generated_data() -> None:
    run = mtl.train(
        small("data.generator.rows=4000", "training.epochs=8", "optimizer.learning_rate=0.005")
    )
    found = run.results["metrics"]["test"]["main_output"]["auc"]
    assert 0.7 < found < run.results["best_possible"]["test"]["main_output"]["auc"]


def test_one_seed_is_one_result_and_another_is_another() -> None:
    first, again = mtl.train(small()), mtl.train(small())
    other = mtl.train(small("training.seed=1"))
    for value, same in zip(weights_of(first), weights_of(again), strict=True):
        np.testing.assert_array_equal(value, same)
    assert not np.allclose(weights_of(first)[0], weights_of(other)[0])


def test_two_runs_in_one_second_have_two_folders() -> None:
    config = small("debug=true")
    assert mtl.train(config).folder != mtl.train(config).folder


def test_the_best_epoch_is_restored() -> None:
    run = mtl.train(small("training.epochs=6", "optimizer.learning_rate=0.3"))
    history = pl.read_csv(run.folder / "history.csv")
    losses = history["validation/loss"].to_numpy()
    assert run.results["best_epoch"] == 1 + losses.argmin()
    assert run.results["metrics"]["validation"]["total"]["loss"] == pytest.approx(
        losses.min(), rel=1e-5
    )


@pytest.mark.parametrize("restored", [True, False])
def test_the_cosines_that_are_shown_are_those_of_their_epoch(
    monkeypatch: pytest.MonkeyPatch, restored: bool
) -> None:
    shown: dict[int, list[bytes]] = {}

    def image(self: Board, epoch: int, name: str, pixels: np.ndarray) -> None:
        if name == "balancing/cosine":
            shown.setdefault(epoch, []).append(pixels.tobytes())

    monkeypatch.setattr(Board, "image", image)
    # The worst epoch is taken for the best, so that it is not the last.
    worst = "training.monitor_mode=max", f"training.restore_best={str(restored).lower()}"
    run = mtl.train(small("balancing=pcgrad", "training.epochs=3", *worst))
    best = run.results["best_epoch"]
    assert best < 3
    assert len({each for maps in shown.values() for each in maps}) == 3
    assert {epoch: len(set(maps)) for epoch, maps in shown.items()} == {1: 1, 2: 1, 3: 1}
    kept = keras.utils.load_img(run.folder / "plots/balancing_cosine.png")
    assert np.asarray(kept).tobytes() == shown[best if restored else 3][0]


def test_patience_stops_early() -> None:
    run = mtl.train(
        small("training.epochs=9", "training.patience=1", "training.minimum_improvement=100")
    )
    assert run.results["status"] == "stopped_early"
    assert run.results["epochs"] == 2


def test_a_task_of_weight_zero_changes_nothing() -> None:
    without = mtl.train(small("tasks.aux_output.weight=0"))
    untrained = mtl.train(small("tasks.aux_output.untrained=true"))
    for value, same in zip(weights_of(without), weights_of(untrained), strict=True):
        np.testing.assert_array_equal(value, same)
    assert "aux_output" in without.results["metrics"]["test"]


def test_a_task_may_be_removed() -> None:
    with pytest.raises(ConfigError, match="aux_output"):
        mtl.train(small("tasks.aux_output=null"))


def interrupt_after(steps: int) -> Callable[..., Any]:
    """Batches that send the process Ctrl-C after some steps."""
    original = loop_module.training_batches

    def batches(*arguments: Any, **options: Any) -> Any:
        for number, batch in enumerate(original(*arguments, **options), start=1):
            yield batch
            if number == steps:
                os.kill(os.getpid(), signal.SIGINT)

    return batches


def test_control_c_writes_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "training_batches", interrupt_after(3))
    run = mtl.train(small("training.epochs=50"))
    assert run.results["status"] == "interrupted"
    assert run.results["epochs"] == 1
    assert run.predict(posts(3))["main_output"].shape == (3,)


@pytest.fixture
def linear(clean_registry: None) -> str:
    """The name of a builder of one linear head a task."""

    @mtl.builder("linear_for_tests")
    def build(tasks: Any, *, width: int = 5) -> keras.Model:
        given = keras.Input((width,), name="aux_input")
        heads = {n: keras.layers.Dense(task.units, name=n)(given) for n, task in tasks.items()}
        return keras.Model({"aux_input": given}, heads)

    return "linear_for_tests"


def test_a_loss_that_is_no_number_names_task_epoch_and_step(tmp_path: Path, linear: str) -> None:
    config = small("optimizer=sgd", "optimizer.learning_rate=10", "training.monitor=training/loss")
    config = mtl.config.compose.plain(config) | {
        "model": {"name": linear},
        "inputs": {"aux_input": ["status_published", "page"]},
        "tasks": {
            "calm": {"target": "num_shares", "kind": "regression", "weight": 0.0},
            "wild": {"target": "num_reactions", "kind": "regression"},
        },
    }
    config["data"]["columns"]["page"]["of"] = "wild"
    with pytest.raises(DivergenceError, match=r"The loss of .*'wild'.* in epoch \d at step \d+"):
        mtl.train(config)
    (folder,) = (tmp_path / "runs" / "headline").iterdir()
    assert json.loads((folder / "results.json").read_text())["status"] == "diverged"
    assert "NaN or infinite" in (folder / "run.log").read_text()


def test_weights_that_are_no_numbers_end_the_training_though_losses_are(
    tmp_path: Path, clean_registry: None
) -> None:
    """The model's ReLU makes 0 of NaN, so that no loss shows what happened to the weights."""

    @mtl.balancer("nan_for_tests")
    class Nothing(GramianBalancer):
        def solve(self, gramian: np.ndarray, observed: Any) -> np.ndarray:
            return np.full(len(gramian), np.nan)

    config = mtl.config.compose.plain(
        mtl.compose("balancing_conflict", ["data.generator.rows=200", "training.epochs=2"])
    )
    config |= {"balancing": {"name": "nan_for_tests"}, "runs": str(tmp_path)}
    config["model"]["activation"] = "relu"
    with pytest.raises(DivergenceError) as caught:
        mtl.train(config)
    assert "Weights became NaN or infinite in epoch 1, although losses are finite" in str(
        caught.value
    )
    assert "change balancing, whose weights of the tasks balancing.csv has" in str(caught.value)
    (folder,) = (tmp_path / "balancing_conflict").iterdir()
    assert not (folder / "model.keras").exists()
    assert not (folder / "checkpoint").exists()


def test_the_model_takes_raw_columns_and_agrees_with_predict() -> None:
    run = mtl.train(small())
    table = posts()
    loaded = keras.models.load_model(run.folder / "model.keras", safe_mode=True)
    raw = {
        name: table[name].fill_null("").to_numpy().astype(object)
        for name in ("link_name", "page", "status_published")
    }
    outputs = loaded.predict(raw, verbose=0)
    predicted = mtl.load(run.folder).predict(table)
    np.testing.assert_allclose(
        outputs["main_output"][:, 0], predicted["main_output_probability"], rtol=1e-5
    )
    assert predicted["main_output"].dtype == bool


def test_evaluating_the_test_rows_again_gives_the_test_figures() -> None:
    run = mtl.train(small())
    table = posts(400, seed=0).sort("status_published")
    again = mtl.load(run.folder).evaluate(table[-60:])
    for name, figures in run.results["metrics"]["test"].items():
        if name in again:
            assert again[name] == pytest.approx(figures, rel=1e-4)
    assert set(again) == {"main_output", "aux_output"}


def test_evaluation_without_labels_says_what_to_do() -> None:
    run = mtl.train(small("debug=true"))
    with pytest.raises(DataError, match="num_reactions"):
        run.evaluate(posts().drop("num_reactions"))


def test_a_broken_model_file_is_a_message() -> None:
    run = mtl.train(small("debug=true"))
    (run.folder / "model.keras").write_text("x")
    with pytest.raises(MtlError, match=r"Cannot load .*model\.keras"):
        mtl.load(run.folder).predict(posts(3))


def test_the_saved_config_says_where_the_rows_came_from(tmp_path: Path) -> None:
    from_table = mtl.train(small("debug=true"), table=posts(200))
    assert from_table.config["data"]["path"] is None
    assert from_table.config["data"]["generator"] is None
    posts(200).write_csv("posts.csv")
    from_file = mtl.train(small("debug=true", "data.path=posts.csv"))
    assert from_file.config["data"]["path"] == str(tmp_path / "posts.csv")


def test_debug_takes_rows_from_everywhere() -> None:
    table = posts(1000).sort("num_reactions")
    run = mtl.train(small("debug=true", "data.split.by=random"), table=table)
    assert run.results["examples"]["training"] == 96


def test_a_monitored_task_needs_labels_in_its_split() -> None:
    table = posts(200).with_columns(
        pl.when(pl.int_range(pl.len()) < 140).then(pl.col("num_reactions")).alias("num_reactions")
    )
    with pytest.raises(ConfigError, match=r"no example of validation has a label"):
        mtl.train(small("debug=true"), table=table)


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        (
            "1e38",
            r"Weights became NaN or infinite in epoch 1, .*: wild/kernel, wild/bias\. Expected",
        ),
        ("1e25", "measuring validation after epoch 1"),  # finite ones, whose squares are not
    ],
)
def test_weights_that_end_infinite_are_no_finished_run(
    rate: str, message: str, tmp_path: Path, linear: str
) -> None:
    config = mtl.config.compose.plain(small("optimizer=sgd", f"optimizer.learning_rate={rate}"))
    config |= {
        "model": {"name": linear},
        "inputs": {"aux_input": ["status_published", "page"]},
        "tasks": {"wild": {"target": "num_reactions", "kind": "regression"}},
    }
    config["training"] |= {"monitor": "training/loss", "epochs": 1, "batch_size": 512}
    with pytest.raises(DivergenceError, match=message):
        mtl.train(config)
    (folder,) = (tmp_path / "runs" / "headline").iterdir()
    assert json.loads((folder / "results.json").read_text())["status"] == "diverged"
    assert not (folder / "model.keras").exists()


@pytest.mark.parametrize("precision", ["float64", "mixed_float16"])
def test_every_precision_trains(precision: str) -> None:
    exact = mtl.train(small()).results["metrics"]["test"]["main_output"]["loss"]
    run = mtl.train(small(f"training.precision={precision}"))
    assert run.results["metrics"]["test"]["main_output"]["loss"] == pytest.approx(exact, rel=0.15)


def test_control_c_while_measuring_keeps_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    original = loop_module.Loop.evaluate
    seen = []

    def evaluate(loop: loop_module.Loop, split: str) -> dict[str, float]:
        seen.append(split)
        if split == "test":
            os.kill(os.getpid(), signal.SIGINT)
        return original(loop, split)

    monkeypatch.setattr(loop_module.Loop, "evaluate", evaluate)
    run = mtl.train(small("debug=true"))
    assert "test" in seen
    assert run.results["status"] == "completed"
    assert "auc" in run.results["metrics"]["test"]["main_output"]


def failing_on(split: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the evaluations of one split fail."""
    original = runner_module._evaluate_further

    def evaluate_further(assembly: object, measured: str) -> object:
        if measured == split:
            raise MtlError("the map has no goal")
        return original(assembly, measured)

    monkeypatch.setattr(runner_module, "_evaluate_further", evaluate_further)


def failed_on(
    split: str, override: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[mtl.Run, str]:
    """Return the run whose evaluations of one split failed, all of it there, and its log."""
    failing_on(split, monkeypatch)
    with pytest.raises(MtlError, match="the map has no goal"):
        mtl.train(small(override))
    (folder,) = (tmp_path / "runs" / "headline").iterdir()
    run = mtl.load(folder)
    assert run.results["status"] == "failed"
    assert run.results["error"] == "the map has no goal"
    for each in ("training", "validation", "test"):
        assert run.results["metrics"][each]["main_output"]["loss"] > 0
    return run, (folder / "run.log").read_text()


def test_a_trained_model_is_kept_where_the_test_split_cannot_be_evaluated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run, log = failed_on("test", "debug=true", monkeypatch, tmp_path)
    assert "the map has no goal" in log
    assert set(run.tasks) == {"main_output", "aux_output"}
    assert run.evaluate(posts(50))["main_output"]["loss"] > 0


def test_a_run_goes_on_where_the_validation_split_cannot_be_evaluated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run, log = failed_on("validation", "training.epochs=2", monkeypatch, tmp_path)
    assert run.results["epochs"] == 2
    assert "Epoch 1: the map has no goal" in log


def test_a_model_is_kept_whatever_goes_wrong_when_it_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    original = loop_module.Loop.evaluate

    def evaluate(loop: loop_module.Loop, split: str) -> dict[str, float]:
        if split == "test":
            raise MemoryError
        return original(loop, split)

    monkeypatch.setattr(loop_module.Loop, "evaluate", evaluate)
    with pytest.raises(MemoryError):
        mtl.train(small("debug=true"))
    (folder,) = (tmp_path / "runs" / "headline").iterdir()
    assert mtl.load(folder).results["metrics"]["validation"]["main_output"]["loss"] > 0
    assert mtl.load(folder).evaluate(posts(50))


def test_an_evaluation_that_fails_does_not_hide_that_a_loss_diverged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failing_on("test", monkeypatch)
    original = loop_module.Loop._train_epoch

    def train_epoch(loop: loop_module.Loop, epoch: int, interruption: object) -> None:
        if epoch == 2:
            raise DivergenceError("The loss became NaN")
        original(loop, epoch, interruption)

    monkeypatch.setattr(loop_module.Loop, "_train_epoch", train_epoch)
    with pytest.raises(DivergenceError, match="became NaN"):
        mtl.train(small())
    (folder,) = (tmp_path / "runs" / "headline").iterdir()
    run = mtl.load(folder)
    assert run.results["status"] == "diverged"
    assert run.results["metrics"]["validation"]["main_output"]["loss"] > 0
    assert run.evaluate(posts(50))


def test_two_keys_may_stand_for_one_output() -> None:
    given = keras.Input((3,), name="given")
    head = keras.layers.Dense(1)(given)
    assert output_names(keras.Model(given, {"b": head, "a": head})) == ["a", "b"]


def test_a_table_from_python_takes_the_datas_place() -> None:
    table = posts(200)
    run = mtl.train(small(), table=table)
    assert sum(run.results["examples"].values()) == 200
    assert run.results["best_possible"] == {}


def test_missing_labels_are_left_out() -> None:
    table = posts(300).with_columns(
        pl.when(pl.int_range(pl.len()) % 2 == 0)
        .then(pl.col("num_reactions"))
        .alias("num_reactions")
    )
    run = mtl.train(small(), table=table)
    assert np.isfinite(run.results["metrics"]["test"]["main_output"]["loss"])


def test_every_problem_comes_at_once() -> None:
    config = small(
        "model.lstm_units=many",
        "tasks.main_output.loss=crossentropi",
        "tasks.aux_output.weight=-1",
        "tasks.aux_output.target=num_reaction",
        "training.epochs=0",
        "training.monitor=validation/los",
        "inputs.main_input=link_nam",
        "optimizer.rho=much",
    )
    with pytest.raises(ConfigError) as caught:
        mtl.train(config)
    assert {problem.path for problem in caught.value.problems} == {
        "model.lstm_units",
        "tasks.main_output.loss",
        "tasks.aux_output.weight",
        "tasks.aux_output.target",
        "training.epochs",
        "training.monitor",
        "inputs.main_input",
        "optimizer.rho",
    }
    assert not Path("runs").exists()


def test_values_of_the_balancing_come_with_all_other_problems() -> None:
    config = small(
        "balancing=cagrad",
        "balancing.every=0",
        "balancing.c=-1",
        "balancing.heads=none",
        "tasks.aux_output.weight=-1",
        "inputs.main_input=link_nam",
    )
    with pytest.raises(ConfigError) as caught:
        mtl.train(config)
    found = {problem.path: str(problem) for problem in caught.value.problems}
    assert set(found) == {
        "balancing.every",
        "balancing.c",
        "balancing.heads",
        "tasks.aux_output.weight",
        "inputs.main_input",
    }
    assert found["balancing.every"] == "balancing.every: found 0. Expected 1 step or more."


def test_a_task_that_the_balancing_names_wrongly_comes_with_wrong_tasks() -> None:
    config = small(
        "balancing=alternating",
        "balancing.ratio={main_output: 1, aux: 2}",
        "tasks.aux_output.target=num_reaction",
    )
    with pytest.raises(ConfigError) as caught:
        mtl.train(config)
    paths = {problem.path for problem in caught.value.problems}
    assert paths == {"balancing.ratio", "tasks.aux_output.target"}


def test_outputs_and_inputs_are_held_against_the_graph_in_the_same_round() -> None:
    config = mtl.config.compose.plain(small("tasks.main_output.weight=-1"))
    config["tasks"]["man_output"] = config["tasks"].pop("main_output")
    config["inputs"]["aux_inputs"] = config["inputs"].pop("aux_input")
    config["training"]["monitor"] = "validation/loss"
    with pytest.raises(ConfigError) as caught:
        mtl.train(config)
    text = str(caught.value)
    assert "-1" in text
    assert "Did you mean 'main_output'" in text
    assert "aux_inputs" in text


def test_a_graph_that_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(ConfigError) as caught:
        mtl.train(small("model.auxiliary_size=4", "training.monitor=validation/main_output/acu"))
    text = str(caught.value)
    assert "aux_input" in text
    assert "validation/main_output/auc" in text


def test_mixed_precision_trains() -> None:
    run = mtl.train(small("training.precision=mixed_bfloat16"))
    assert np.isfinite(run.results["metrics"]["test"]["main_output"]["loss"])
    assert keras.config.dtype_policy().name == "float32"


def test_too_small_a_disk_is_refused_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(MtlError, match=r"1\.0 kB free, and the model alone takes .* kB"):
        mtl.train(small("debug=true"))


def test_a_disk_that_fills_up_leaves_results_that_say_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(model: keras.Model, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keras.Model, "save", full)
    with pytest.raises(MtlError, match="the disk is full"):
        mtl.train(small("debug=true"))
    (folder,) = (tmp_path / "runs" / "headline").iterdir()
    assert json.loads((folder / "results.json").read_text())["status"] == "failed"
    assert len((folder / "history.csv").read_text().splitlines()) == 3


def test_debug_is_a_run_of_seconds() -> None:
    run = mtl.train(small("debug=true", "training.epochs=50"))
    assert run.results["epochs"] <= 2
    assert run.results["examples"]["training"] == 96


def test_a_builder_that_fails_is_told_of_with_its_line_and_its_inputs(clean_registry: None) -> None:
    @mtl.builder("failing_for_tests")
    def build(inputs: Any) -> keras.Model:
        raise KeyError("x")

    config = mtl.config.compose.plain(small()) | {"model": {"name": "failing_for_tests"}}
    with pytest.raises(MtlError) as caught:
        mtl.train(config)
    text = str(caught.value)
    assert re.search(r"fails at .*test_runner\.py:\d+: KeyError: 'x'", text)
    assert "aux_input (features, shape (5,))" in text


def test_training_wants_a_config() -> None:
    with pytest.raises(
        MtlError, match=r"Expected a config from mtl\.compose\. Received: str 'headl"
    ):
        mtl.train("headline")

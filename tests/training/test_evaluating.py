"""Evaluations, pairs and weights of earlier runs in whole runs of small models."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np
import polars as pl
import pytest

import mtl
from mtl.config.compose import plain
from mtl.data.dataset import load_dataset
from mtl.errors import ConfigError, MtlError
from mtl.evaluations.base import Evaluation, Findings
from mtl.models.handed_in import Head, Specification
from mtl.training.changed_parameters import check_changes_take_effect
from mtl.training.initial_weights import give_weights, take_weights

CONFIG = {
    "model": {"name": "test_dense", "scale": 1.0},
    "data": {
        "path": None,
        "generator": None,
        "columns": {"x": {"kind": "numeric", "standardize": False}},
        "pairs": None,
        "split": {"by": "random", "validation": 0.25, "test": 0.25, "seed": 0},
    },
    "inputs": {"x": "x"},
    "tasks": {"y": {"target": "y", "kind": "regression"}},
}


@pytest.fixture(autouse=True)
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_registry: None) -> None:
    monkeypatch.chdir(tmp_path)

    @mtl.builder("test_dense")
    def dense(
        inputs: dict[str, Specification], tasks: dict[str, Head], *, scale: float = 1.0
    ) -> keras.Model:
        given = {name: keras.Input(spec.shape, name=name) for name, spec in inputs.items()}
        scaled = keras.layers.Rescaling(scale, name="scale")(next(iter(given.values())))
        heads = {
            name: keras.layers.Dense(task.units, activation=task.activation, name=name)(scaled)
            for name, task in tasks.items()
        }
        return keras.Model(given, heads)

    @mtl.builder("test_training_mean")
    def training_mean(training: object, *, units: int = 1) -> keras.Model:
        """Build y = w · x + the mean of the training rows' x, which is a weight."""
        mean = 0.0 if training is None else float(training.inputs["x"].mean())
        x = keras.Input((1,), name="x")
        kept = keras.layers.Dense(
            units,
            name="kept",
            trainable=False,
            kernel_initializer="zeros",
            bias_initializer=keras.initializers.Constant(mean),
        )(x)
        return keras.Model({"x": x}, {"y": keras.layers.Dense(1, name="last")(x) + kept})

    @mtl.evaluation("test_slope")
    class Slope(Evaluation):
        directions: ClassVar = {"slope": "max", "rows": "min"}

        def __init__(self, output: str, *, factor: float = 1.0) -> None:
            super().__init__(output)
            self.factor = factor

        def __call__(self, graph: keras.Model, table: pl.DataFrame, inputs) -> Findings:
            assert len(inputs["x"]) == table.height
            ends = graph({"x": np.array([[0.0], [1.0]], np.float32)})[self.output].numpy()
            image = np.full((4, 5, 3), 7, np.uint8)
            slope = self.factor * float(ends[1, 0] - ends[0, 0])
            return Findings({"slope": slope, "rows": table.height}, {"line": image})


def table(rows: int = 80) -> pl.DataFrame:
    x = np.random.default_rng(0).normal(1, 1, rows)
    return pl.DataFrame({"x": x, "y": 3 * x})


def config(**changes: object) -> dict[str, object]:
    base = plain(mtl.compose(None, ["optimizer.learning_rate=0.05"]))
    base["training"]["epochs"] = 3
    return {**base, **CONFIG, **changes}


EVALUATIONS = {"line": {"name": "test_slope", "output": "y", "factor": 2.0}}


def test_figures_and_images_of_an_evaluation_are_kept() -> None:
    run = mtl.train(config(evaluations=EVALUATIONS), table=table())
    kernel = run.graph.get_layer("y").get_weights()[0][0, 0]
    for split, rows in (("validation", 20), ("test", 20)):
        assert run.results["metrics"][split]["y"]["slope"] == pytest.approx(2 * kernel, rel=1e-5)
        assert run.results["metrics"][split]["y"]["rows"] == rows
    assert "slope" not in run.results["metrics"]["training"]["y"]
    history = pl.read_csv(run.folder / "history.csv")
    assert history["validation/y/slope"].is_sorted()
    plot = (run.folder / "plots" / "line_line.png").read_bytes()
    assert plot.startswith(b"\x89PNG")


def test_an_evaluations_figure_can_be_monitored_with_its_own_direction() -> None:
    changed = config(evaluations=EVALUATIONS)
    changed["training"] |= {"monitor": "validation/y/slope"}
    run = mtl.train(changed, table=table())
    assert run.results["monitor"]["mode"] == "max"
    assert run.results["best_epoch"] == 3
    changed["training"] |= {"monitor": "validation/y/rows"}
    assert mtl.train(changed, table=table()).results["best_epoch"] == 1


def test_evaluate_puts_evaluations_to_new_rows() -> None:
    run = mtl.train(config(evaluations=EVALUATIONS), table=table())
    assert run.evaluate(table(7))["y"]["rows"] == 7


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"name": "test_slop", "output": "y"}, "line.name: .*Did you mean 'test_slope'"),
        ({"name": "test_slope", "output": "z"}, "evaluations.line.output: .*'z'"),
        ({"name": "test_slope"}, "evaluations.line.output: missing"),
        ({"output": "y"}, "evaluations.line.name: missing"),
        ({"name": "test_slope", "output": "y", "facto": 1}, "evaluations.line.facto: .*'factor'"),
        ("test_slope", "evaluations.line: found 'test_slope'. Expected a mapping"),
    ],
)
def test_wrong_evaluations(section: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        mtl.train(config(evaluations={"line": section}), table=table())


def test_two_evaluations_may_not_have_one_figure_of_one_output() -> None:
    both = {**EVALUATIONS, "again": {"name": "test_slope", "output": "y"}}
    with pytest.raises(
        ConfigError, match=r"evaluations.again: its figure 'y/slope' is that of eval"
    ):
        mtl.train(config(evaluations=both), table=table())

    @mtl.evaluation("test_loss")
    class Loss(Evaluation):
        directions: ClassVar = {"loss": "min"}

        def __call__(self, graph: keras.Model, table: pl.DataFrame, inputs) -> Findings:
            return Findings({"loss": 123.0})

    with pytest.raises(ConfigError, match="'y/loss' is that of a metric too"):
        mtl.train(config(evaluations={"l": {"name": "test_loss", "output": "y"}}), table=table())


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (ZeroDivisionError("boom"), "evaluations.broken fails: ZeroDivisionError: boom"),
        (
            Findings({}),
            r"returned the figures \[\]. Expected those of its `directions`: \['good'\]",
        ),
    ],
)
def test_an_evaluation_that_fails_is_named(returned: object, words: str) -> None:
    @mtl.evaluation("test_broken")
    class Broken(Evaluation):
        directions: ClassVar = {"good": "max"}

        def __call__(self, graph: keras.Model, table: pl.DataFrame, inputs) -> Findings:
            if isinstance(returned, Exception):
                raise returned
            return returned

    asked = {"broken": {"name": "test_broken", "output": "y"}}
    with pytest.raises(MtlError, match=words):
        mtl.train(config(evaluations=asked), table=table())


def test_an_evaluation_that_fails_on_the_monitored_figure_keeps_the_model() -> None:
    @mtl.evaluation("test_late")
    class Late(Evaluation):
        """Fails from the second time on."""

        directions: ClassVar = {"late": "max"}
        times = 0

        def __call__(self, graph: keras.Model, table: pl.DataFrame, inputs) -> Findings:
            Late.times += 1
            if Late.times > 1:
                raise RuntimeError("too late")
            return Findings({"late": 1.0})

    given = config(evaluations={"late": {"name": "test_late", "output": "y"}})
    given["training"]["monitor"] = "validation/y/late"
    with pytest.raises(MtlError, match=r"evaluations.late fails: RuntimeError: too late"):
        mtl.train(given, table=table())
    (folder,) = Path("runs").glob("*/*")
    results = mtl.load(folder).results
    assert (results["status"], results["epochs"], results["best_epoch"]) == ("failed", 3, 1)


def test_findings_take_only_images() -> None:
    with pytest.raises(MtlError, match=r"'flat' has the shape \(4, 5\) and the type float64"):
        Findings({}, {"flat": np.zeros((4, 5))})


def test_something_else_that_is_registered_is_no_evaluation() -> None:
    @mtl.evaluation("test_function")
    def function(output: str) -> None:
        """Stand for a mistake."""

    with pytest.raises(
        MtlError, match=r"'test_function' in .* is no evaluation. Expected a subclass"
    ):
        mtl.train(
            config(evaluations={"f": {"name": "test_function", "output": "y"}}), table=table()
        )


def test_without_other_splits_nothing_is_evaluated() -> None:
    alone = {**CONFIG["data"], "split": {"by": "random", "validation": 0, "test": 0, "seed": 0}}
    changed = config(evaluations=EVALUATIONS, data=alone)
    changed["training"] |= {"monitor": "training/loss"}
    run = mtl.train(changed, table=table())
    assert "slope" not in run.results["metrics"]["training"]["y"]
    assert not (run.folder / "plots").exists()


def test_the_results_say_whether_more_of_a_figure_is_better() -> None:
    from mtl.reporting.collect import collect
    from mtl.reporting.compare import rank

    run = mtl.train(config(evaluations=EVALUATIONS), table=table())
    assert run.results["directions"] == {"y/slope": "max", "y/rows": "min"}
    assert rank(collect([run.folder]), by="test/y/rows").mode == "min"


def test_changed_evaluations_of_a_trained_run_are_checked() -> None:
    run = mtl.train(config(evaluations=EVALUATIONS), table=table())
    run.config["evaluations"] = {"line": {"name": "test_slope", "output": "y", "factor": "abc"}}
    with pytest.raises(ConfigError, match=r"evaluations.line.factor: found 'abc'"):
        run.evaluate(table(5))
    run.config["evaluations"] = {"line": 3}
    with pytest.raises(ConfigError, match=r"evaluations.line: found 3. Expected a mapping"):
        run.evaluate(table(5))


def test_a_builder_may_read_the_training_examples() -> None:
    model = {"name": "test_training_mean", "units": 1}
    run = mtl.train(config(model=model), table=table())
    rows = run.results["examples"]["training"]
    assert rows == 40
    from mtl.data.dataset import load_dataset

    training = load_dataset(CONFIG["data"], table()).part("training")
    assert run.graph.get_layer("kept").get_weights()[1][0] == pytest.approx(
        training["x"].mean(), rel=1e-5
    )


def test_parameters_of_a_trained_model_may_change_where_its_weights_do_not() -> None:
    run = mtl.train(config(), table=table())
    before = run.predict({"x": [1.0, 2.0]})["y"]
    bias = run.graph.get_layer("y").get_weights()[1][0]
    changed = mtl.load(run.folder)
    changed.config["model"]["scale"] = 2.0
    np.testing.assert_allclose(
        changed.predict({"x": [1.0, 2.0]})["y"], bias + 2 * (before - bias), rtol=1e-5
    )
    kept = mtl.train(config(model={"name": "test_training_mean", "units": 1}), table=table())
    other = mtl.load(kept.folder)
    other.config["model"] = {"name": "test_training_mean", "units": 2}
    with pytest.raises(ConfigError, match=r"tasks.y: the output has shape \(2,\)"):
        other.predict({"x": [1.0]})


def test_parameters_that_only_set_weights_are_refused_once_they_are_trained() -> None:
    @mtl.builder("test_parameters")
    def parameters(
        training: object,
        *,
        factor: float = 1.0,
        start: float = 0.0,
        seed: int = 0,
        first: int = 1,
        power: int = 1,
    ) -> keras.Model:
        """Build y = factor · mean · x ^ power + bias, with the mean of the first rows' x."""
        mean = 1.0 if training is None else float(training.inputs["x"][:first].mean())
        x = keras.Input((1,), name="x")
        fixed = keras.layers.Dense(
            1,
            use_bias=False,
            trainable=False,
            kernel_initializer=keras.initializers.Constant(factor * mean),
            name="fixed",
        )
        drawn = keras.layers.Dense(
            1,
            trainable=False,
            kernel_initializer=keras.initializers.GlorotUniform(seed),
            name="drawn",
        )
        bias = keras.initializers.Constant(start)
        last = keras.layers.Dense(1, bias_initializer=bias, name="last")
        return keras.Model({"x": x}, {"y": last(drawn(fixed(keras.ops.power(x, power))))})

    model = {"name": "test_parameters", "factor": 1.0, "start": 0.0, "seed": 0}
    model |= {"first": 1, "power": 1}
    run = mtl.train(config(model=model), table=table())
    for change, words in {
        "factor": "model.factor: found 3, which sets the weights fixed/kernel",
        "start": "model.start: found 3, which sets the weights last/bias",
        "seed": "model.seed: found 3, which sets the weights drawn/kernel",
        "first": "model.first: found 3, which changes nothing in the graph but weights",
    }.items():
        changed = mtl.load(run.folder)
        changed.config["model"] |= {change: 3, "power": 2}
        with pytest.raises(ConfigError, match=words) as caught:
            changed.predict({"x": [1.0]})
        assert len(caught.value.problems) == 1
    changed = mtl.load(run.folder)
    changed.config["model"]["power"] = 2
    np.testing.assert_allclose(
        changed.predict({"x": [2.0]})["y"], run.predict({"x": [4.0]})["y"], rtol=1e-5
    )


@pytest.mark.parametrize(
    ("name", "kept", "change", "words"),
    [
        ("exemplar", {"c": 2.0}, {"c": 3.0}, "model.c: .* sets the weights weights/c"),
        ("exemplar", {}, {"c_scale": 3.0}, "model.c_scale: .* changes nothing"),
        ("exemplar", {"c": 2.0}, {"function": "gaussian"}, None),
        ("product", {"w": [1.0, 2.0, 3.0]}, {"w": [2.0, 2.0, 3.0]}, "model.w: .* product/w"),
        ("vector_matrix", {}, {"vector": [1.0, 2.0, 4.0]}, "model.vector: .* vector/value"),
        ("vin", {"iterations": 2}, {"iterations": 3}, None),
        ("tweets", {"length": 5}, {"encoding": "one_hot"}, None),
    ],
)
def test_which_parameters_of_the_shipped_models_may_change(
    name: str, kept: dict[str, object], change: dict[str, object], words: str | None
) -> None:
    from types import SimpleNamespace

    image = SimpleNamespace(kind="array", shape=(6,), dtype="float32")
    label = SimpleNamespace(name="label", units=2, activation="softmax")
    trained = {"name": name, **kept} | ({"exemplars": 2} if name == "exemplar" else {})
    found = check_changes_take_effect(
        {
            "model": {**trained, **change},
            "training": {"seed": 0, "precision": "float32"},
        },
        trained,
        {"image": image},
        {"label": label},
    )
    assert bool(found) == bool(words)
    if words:
        assert re.match(words, str(found[0]))


def test_a_trained_model_with_its_other_encoding_has_the_same_figures() -> None:
    small = ["data.generator.rows=200", "data.generator.authors=8", "data.pairs.rows=64"]
    sizes = ["data.columns.text.length=12", "model.lstm_units=4", "model.dense_units=[4]"]
    trained = mtl.train(mtl.compose("tweets", [*small, *sizes, "training.epochs=1"]))
    rows = load_dataset(trained.config["data"]).part("test")
    changed = mtl.load(trained.folder)
    changed.config["model"]["encoding"] = "one_hot"
    assert changed.evaluate(rows)["same"] == pytest.approx(trained.evaluate(rows)["same"], rel=1e-5)


def test_a_trained_model_cannot_have_another_number_of_layers() -> None:
    trained = mtl.train(mtl.compose("mlp", ["training.epochs=1", "data.generator.rows=200"]))
    rows = load_dataset(trained.config["data"]).part("test")
    for count, weights in (
        (3, "dense_3/kernel, dense_3/bias"),
        (1, "dense_2/kernel, dense_2/bias"),
    ):
        changed = mtl.load(trained.folder)
        changed.config["model"]["hidden"] = count
        with pytest.raises(ConfigError, match=f"model: .* not the trained ones: {weights}"):
            changed.evaluate(rows)


def test_initial_weights_come_from_another_run() -> None:
    first = mtl.train(config(), table=table())
    frozen = config()
    frozen["training"] |= {"initial_weights": str(first.folder), "epochs": 1}
    frozen["optimizer"] |= {"learning_rate": 1e-12}
    second = mtl.train(frozen, table=table())
    for before, after in zip(first.graph.get_weights(), second.graph.get_weights(), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-5)
    assert "2 of 2 weights start as those of" in (second.folder / "run.log").read_text()


def test_initial_weights_that_do_not_fit() -> None:
    first = mtl.train(config(), table=table())
    wider = config(tasks={"y": {"target": ["y", "x2"], "kind": "regression"}})
    wider["training"] |= {"initial_weights": str(first.folder)}
    two = table().with_columns(x2=pl.col("x") * 2)
    with pytest.raises(
        ConfigError, match=r"y/kernel has the shape \(1, 1\) there and \(1, 2\) here"
    ):
        mtl.train(wider, table=two)
    other = config(tasks={"z": {"target": "y", "kind": "regression"}})
    other["training"] |= {"initial_weights": str(first.folder)}
    with pytest.raises(
        ConfigError, match=r"no layer is the same in .*, which has y/kernel, y/bias; here z/kernel"
    ):
        mtl.train(other, table=table())
    nowhere = config()
    nowhere["training"] |= {"initial_weights": "runs/gone"}
    with pytest.raises(mtl.MtlError, match="There is no run folder runs/gone"):
        mtl.train(nowhere, table=table())


def test_pairs_are_drawn_anew_for_each_epoch_and_the_same_for_one_seed() -> None:
    rows = pl.DataFrame(
        {"x": np.random.default_rng(1).normal(size=60), "g": [f"g{i % 12}" for i in range(60)]}
    )
    paired = config(
        inputs={"x": ["x_a", "x_b"]},
        tasks={"same": {"target": "same", "kind": "binary"}},
        data={
            **CONFIG["data"],
            "pairs": {"group": "g", "rows": 40, "seed": 3},
        },
    )
    first, second = mtl.train(paired, table=rows), mtl.train(paired, table=rows)
    assert first.results["examples"] == {"training": 40, "validation": 15, "test": 15}
    for one, other in zip(first.graph.get_weights(), second.graph.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.results["metrics"] == second.results["metrics"]
    assert "x_a" not in rows.columns
    assert first.evaluate(rows)["same"]["loss"] > 0  # pairs of single rows are drawn
    with pytest.raises(MtlError, match="'x_a'"):
        first.predict(rows)
    prediction = first.predict({"x_a": [1.0], "x_b": [2.0]})
    assert prediction["same_probability"].shape == (1,)


def test_each_epoch_trains_its_own_pairs_prepared_as_one_column(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mtl.training.step import TrainingStep

    rows = pl.DataFrame(
        {
            "city": [f"c{i % 7}" for i in range(70)],
            "n": np.arange(70.0),
            "g": [f"g{i % 10}" for i in range(70)],
        }
    )
    seen: list[np.ndarray] = []
    original = TrainingStep.__call__

    def recorded(self, inputs, targets, weights):
        seen.append(np.asarray(inputs["x"]))
        return original(self, inputs, targets, weights)

    monkeypatch.setattr(TrainingStep, "__call__", recorded)
    changed = config(
        inputs={"x": ["city_a", "n_a", "city_b", "n_b"]},
        tasks={"same": {"target": "same", "kind": "binary"}},
        data={
            **CONFIG["data"],
            "columns": {
                "city": {"kind": "categorical", "encoding": "one_hot"},
                "n": {"kind": "numeric"},
            },
            "pairs": {"group": "g", "rows": 30, "seed": 0},
        },
    )
    changed["training"] |= {"epochs": 2, "shuffle": False, "batch_size": 30}
    run = mtl.train(changed, table=rows)
    assert len(seen) == 2
    assert (seen[0] != seen[1]).any()
    same = pl.DataFrame({"city_a": ["c1"], "n_a": [5.0], "city_b": ["c1"], "n_b": [5.0]})
    prepared = run.preparation.transform(same)["x"][0]
    np.testing.assert_array_equal(prepared[: len(prepared) // 2], prepared[len(prepared) // 2 :])


def test_a_graph_built_anew_needs_all_its_weights() -> None:
    def deep(width: int) -> keras.Model:
        x = keras.Input((2,), name="x")
        hidden = keras.layers.Dense(width, name="hidden")(x)
        return keras.Model({"x": x}, {"y": keras.layers.Dense(1, name="y")(hidden)})

    with pytest.raises(
        ConfigError, match="not the trained ones: hidden/kernel, hidden/bias, y/ker"
    ):
        give_weights(deep(3), deep(4))


def test_initial_weights_are_taken_layer_by_layer_where_they_fit() -> None:
    def deep(units: int) -> keras.Model:
        x = keras.Input((2,), name="x")
        hidden = keras.layers.Dense(3, name="hidden")(x)
        return keras.Model({"x": x}, {"y": keras.layers.Dense(units, name="y")(hidden)})

    graph, source = deep(4), deep(2)
    before = graph.get_layer("y").get_weights()
    notes = take_weights(graph, source, "runs/a")
    for own, other in zip(
        graph.get_layer("hidden").get_weights(),
        source.get_layer("hidden").get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(own, other)
    for own, other in zip(graph.get_layer("y").get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, other)
    assert notes[0] == "2 of 4 weights start as those of runs/a."
    assert notes[1] == "New, as y/kernel has the shape (3, 2) there and (3, 4) here: y."


def test_initial_weights_leave_the_runs_own_plugins_in_place(write, user_folder) -> None:
    first = mtl.train({**config(), "plugins": []}, table=table())
    write(
        "own/b.py",
        "import mtl\nfrom mtl.balancing.fixed import Fixed\n"
        "@mtl.balancer('test_mine')\nclass Mine(Fixed): ...\n",
    )
    second = {**config(), "plugins": ["own/b.py"], "balancing": {"name": "test_mine"}}
    second["training"] |= {"initial_weights": str(first.folder)}
    run = mtl.train(second, table=table())
    assert Path(run.config["training"]["initial_weights"]).is_absolute()


def test_a_graph_without_trainable_weights_is_measured() -> None:
    @mtl.builder("test_absolute")
    def absolute(*, width: int = 1) -> keras.Model:
        x = keras.Input((width,), name="x")
        return keras.Model({"x": x}, {"y": keras.ops.absolute(x)})

    negative = table().with_columns(y=pl.col("x").abs())
    run = mtl.train(config(model={"name": "test_absolute", "width": 1}), table=negative)
    assert run.results["metrics"]["test"]["y"]["loss"] == pytest.approx(0, abs=1e-12)
    assert run.results["status"] == "completed"

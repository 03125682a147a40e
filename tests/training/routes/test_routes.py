"""Every way to a step's gradients against one pass a task through Keras's own model."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.alternating import Alternating
from mtl.balancing.base import Balancer, GramianBalancer, Observed, RowBalancer, TurnBalancer
from mtl.balancing.fixed import Fixed
from mtl.balancing.task_sampling import TaskSampling
from mtl.balancing.uncertainty import Uncertainty
from mtl.graph.branches import branches
from mtl.training.balance import Balance, figures_of_step
from mtl.training.optimizers import Clipping
from mtl.training.step import StepSettings, TrainingStep
from tests.training.routes.graphs import (
    BATCH,
    GRAPHS,
    SquaredError,
    batches,
    build,
    gradients_by_task,
)

CONFIG_WEIGHTS = {"a": 1.0, "b": 0.3, "c": 2.0}
FACTORS = {"a": 0.7, "b": 1.9, "c": 0.2}
RATE = 0.1


class Given(GramianBalancer):
    """Gives the same weights whatever the Gramian, and keeps what it was handed."""

    scale = "sum"

    def __init__(self, weights: Any, **options: Any) -> None:
        super().__init__(weights, **options)
        self.seen: list[np.ndarray] = []

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        self.seen.append(gramian)
        return np.array([FACTORS[self.names[i]] for i in observed.tasks])


class Halves(Given):
    reads = "halves"


class WeightedRows(RowBalancer):
    """Adds the rows up with given weights."""

    keeps_rows = False

    def combine(self, rows: Any, features: Any, losses: Any, present: Any) -> Any:
        factors = tf.constant([FACTORS[name] for name in self.names])
        factors = tf.where(present, factors, tf.zeros_like(factors))
        return [tf.tensordot(factors, each, axes=1) for each in rows], factors


def config_weights(model: keras.Model) -> dict[str, float]:
    return {name: CONFIG_WEIGHTS[name] for name in sorted(model.output)}


def step_for(
    model: keras.Model,
    balancer: Balancer,
    optimizer: keras.optimizers.Optimizer | None = None,
    clipping: Clipping | None = None,
    **settings: Any,
) -> TrainingStep:
    return TrainingStep(
        model,
        {name: SquaredError() for name in sorted(model.output)},
        balancer,
        optimizer or keras.optimizers.SGD(RATE),
        clipping or Clipping(),
        StepSettings(batch_size=BATCH, **settings),
    )


def is_shared(model: keras.Model) -> list[bool]:
    shared = {id(w) for w in branches(model, list(model.output)).shared}
    return [id(weight) in shared for weight in model.trainable_weights]


def expected_gramian(model: keras.Model, batch: Any, *, across: Any = None) -> np.ndarray:
    """The Gramian of the tasks' gradients by the shared weights, from a pass for each task."""
    rows = []
    for each in (batch, across or batch):
        found = gradients_by_task(model, each, config_weights(model))
        chosen = [
            np.concatenate(
                [g.ravel() for g, s in zip(found[n], is_shared(model), strict=True) if s]
            )
            for n in sorted(model.output)
        ]
        rows.append(np.stack(chosen))
    return rows[0] @ rows[1].T


@pytest.mark.parametrize("gradients", ["features", "parameters"])
@pytest.mark.parametrize("graph", GRAPHS)
def test_the_update_is_the_weighted_sum_of_the_tasks_gradients(graph: str, gradients: str) -> None:
    """Shared weights move by w_k g_k, heads by their own gradient or by that times w_k."""
    for heads in ("own", "weighted"):
        model = build(graph)
        batch, *_ = batches(model)
        names = sorted(model.output)
        rows = gradients_by_task(model, batch, config_weights(model))
        added = _regularising(model, batch)
        before = model.get_weights()
        kept = [weight.numpy() for weight in model.trainable_weights]
        balancer = Given(config_weights(model), heads=heads, gradients=gradients)
        served = branches(model, names).served
        trunk = {id(w) for call in branches(model, names).trunk for w in _weights(call.operation)}
        step_for(model, balancer)(*batch)
        assert len(before) >= len(kept)
        for i, weight in enumerate(model.trainable_weights):
            own = heads == "own" and id(weight) not in trunk
            total = sum((1.0 if own else FACTORS[n]) * rows[n][i] for n in names) + added[i]
            assert served[id(weight)]
            np.testing.assert_allclose(
                weight.numpy(), kept[i] - RATE * total, atol=2e-6, err_msg=weight.path
            )


def _weights(operation: Any) -> list[Any]:
    return list(getattr(operation, "trainable_weights", ()))


def _regularising(model: keras.Model, batch: Any) -> list[np.ndarray]:
    with tf.GradientTape() as tape:
        model(batch[0], training=True)
        added = tf.add_n([tf.zeros(()), *model.losses])
    gradients = tape.gradient(
        added,
        [w.value for w in model.trainable_weights],
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    return [tf.convert_to_tensor(g).numpy() for g in gradients]


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_gramian_of_the_parameters_is_that_of_a_pass_a_task(graph: str) -> None:
    model = build(graph)
    batch, *_ = batches(model)
    expected = expected_gramian(model, batch)
    balancer = Given(config_weights(model), gradients="parameters")
    *_, balance = step_for(model, balancer)(*batch)
    np.testing.assert_allclose(balance["gramian"], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(balancer.seen[0], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("graph", ["trunk_and_heads", "words", "words_from_the_right"])
def test_the_gramian_of_a_smaller_last_batch_is_its_own(graph: str) -> None:
    model = build(graph)
    full, other, *_ = batches(model)
    last = tuple({name: value[:5] for name, value in part.items()} for part in other)
    balancer = Given(config_weights(model), gradients="parameters")
    step = step_for(model, balancer, keras.optimizers.SGD(0.0), xla=True)
    for batch in (full, last):
        *_, balance = step(*batch)
        expected = expected_gramian(model, batch)
        np.testing.assert_allclose(balance["gramian"], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("graph", "tapped"),
    [(name, True) for name in ("words", "words_from_the_right", "words_in_two_layers")]
    + [(name, False) for name in ("masked_words", "words_read_twice", "words_inside_the_graph")],
)
def test_a_lookup_with_one_reader_has_a_tap(graph: str, tapped: bool) -> None:
    model = build(graph)
    step = step_for(model, Given(config_weights(model), gradients="parameters"))
    assert bool(step.graph._tappable) is tapped


def test_the_gramian_of_the_features_is_that_by_the_tensors_where_paths_part() -> None:
    model = build("trunk_and_heads")
    batch, *_ = batches(model)
    inputs, labels, weights = batch
    inner = keras.Model(model.input, model.get_layer("second").output)(inputs)
    rows = []
    for name, factor in config_weights(model).items():
        with tf.GradientTape() as tape:
            tape.watch(inner)
            z = model.get_layer("own")(inner) if name == "b" else inner
            output = model.get_layer(name)(z)
            value, count = SquaredError().loss(labels[name], output, weights[name])
            loss = factor * value / count
        rows.append(tape.gradient(loss, inner).numpy().ravel())
    balancer = Given(config_weights(model))
    *_, balance = step_for(model, balancer)(*batch)
    np.testing.assert_allclose(balance["gramian"], np.stack(rows) @ np.stack(rows).T, rtol=1e-4)


def test_tasks_that_read_no_features_in_common_are_told_of_and_not_said_to_agree() -> None:
    """Each task has the shared layer on a path of its own: at the features nothing can be seen."""
    model = build("one_layer_on_two_paths")
    batch, *_ = batches(model)
    balancer = Given(config_weights(model))
    step = step_for(model, balancer)
    (note,) = [each for each in step.notes if "features" in each]
    assert note == (
        "No features are read by both a and b, a and c, b and c: a conflict there is not seen."
        " balancing.gradients=parameters measures it by the weights that the tasks share."
    )
    *_, balance = step(*batch)
    np.testing.assert_array_equal(np.isnan(balance["gramian"]), ~np.eye(3, dtype=bool))
    assert (balancer.seen[0] == np.diag(np.diag(balancer.seen[0]))).all()
    figures = figures_of_step(balancer.names, balance)
    assert np.isnan(figures["balancing/cosine/a,b"])
    assert np.isnan(figures["balancing/conflict_rate"])
    mean = Balance(balancer.names)
    mean.add(balance)
    assert mean.figures()["balancing/gradient_norm/a"] == figures["balancing/gradient_norm/a"] > 0
    assert np.isnan(mean.figures()["balancing/conflict_rate"])
    other = step_for(model, Given(config_weights(model), gradients="parameters"))
    assert not [each for each in other.notes if "features" in each]
    assert np.isfinite(other(*batch)[2]["gramian"]).all()


def test_a_single_task_is_told_that_there_is_nothing_to_balance() -> None:
    model = build("trunk_and_heads")
    for kind, told in ((Given, True), (Alternating, True), (Fixed, False), (Uncertainty, False)):
        step = step_for(model, kind({"a": 1.0}))
        said = "One task is trained, by its plain gradient: the balancing has nothing to balance."
        assert (said in step.notes) is told


def test_features_that_two_of_three_tasks_share_compare_these_two() -> None:
    model = build("several_features")
    step = step_for(model, Given(config_weights(model)))
    assert step.graph.branches.apart(("a", "b", "c")) == [("b", "c")]
    assert not step_for(model, Fixed(config_weights(model), heads="own")).notes[1:]


def test_what_a_strategy_learns_of_an_absent_task_stays() -> None:
    """Adam's momentum would move it on."""
    model = build("trunk_and_heads")
    balancer = Uncertainty(config_weights(model))
    step = step_for(model, balancer, keras.optimizers.Adam(0.1))
    for batch in batches(model, 3):
        step(*batch)
    before = balancer.state()["log_variance"]
    assert (before != 0).all()
    for inputs, labels, weights in batches(model, 5, seed=1):
        step(inputs, labels | {"c": tf.fill(BATCH, np.nan)}, weights)
    after = balancer.state()["log_variance"]
    assert after[2] == before[2]
    assert (after[:2] != before[:2]).all()


@pytest.mark.parametrize("graph", ["trunk_and_heads", "words", "one_layer_on_two_paths"])
def test_the_gramian_of_halves_is_of_the_two_halves_of_the_batch(graph: str) -> None:
    model = build(graph)
    batch, *_ = batches(model)
    inputs, labels, weights = batch
    masks = [np.arange(BATCH) < BATCH // 2, np.arange(BATCH) >= BATCH // 2]
    first, second = (
        (inputs, labels, {n: w * mask.astype("f") for n, w in weights.items()}) for mask in masks
    )
    expected = expected_gramian(model, first, across=second)
    balancer = Halves(config_weights(model), gradients="parameters")
    step_for(model, balancer)(*batch)
    np.testing.assert_allclose(balancer.seen[0], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("gradients", ["features", "parameters"])
@pytest.mark.parametrize(
    "graph",
    [
        *("trunk_and_heads", "several_features", "words", "regularised"),
        *("words_of_one_head", "words_under_regularised_heads"),
    ],
)
def test_rows_that_are_added_up_move_weights_as_weights_do(graph: str, gradients: str) -> None:
    """The route by rows agrees with the route by the Gramian where both give weighted sums."""
    trained = []
    for kind in (Given, WeightedRows):
        model = build(graph)
        step = step_for(
            model,
            kind(config_weights(model), gradients=gradients, heads="weighted"),
            keras.optimizers.Adam(0.01),
        )
        for batch in batches(model):
            step(*batch)
        trained.append(model.get_weights())
    for value, other in zip(*trained, strict=True):
        np.testing.assert_allclose(value, other, atol=2e-6)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
@pytest.mark.parametrize(
    "graph",
    [
        *("several_features", "words", "words_inside_the_graph"),
        *("words_of_one_head", "words_under_regularised_heads"),
    ],
)
def test_heads_of_their_own_or_a_monitor_change_nothing_for_fixed_weights(
    graph: str, optimizer: str
) -> None:
    trained = []
    for options in ({}, {"heads": "own"}, {"monitor": True, "gradients": "parameters"}):
        model = build(graph)
        step = step_for(
            model, Fixed(config_weights(model), **options), keras.optimizers.get(optimizer)
        )
        assert step.in_parts is bool(options)
        for batch in batches(model):
            step(*batch)
        trained.append(model.get_weights())
    for others in trained[1:]:
        for value, other in zip(trained[0], others, strict=True):
            np.testing.assert_allclose(value, other, atol=1e-5)


def test_a_task_without_labels_in_a_batch_has_weight_0_and_leaves_the_rest_alone() -> None:
    model = build("trunk_and_heads")
    (inputs, labels, weights), *_ = batches(model)
    labels = {**labels, "c": tf.fill(BATCH, np.nan)}
    balancer = Given(config_weights(model), gradients="parameters", heads="weighted")
    c_before = [w.numpy() for w in model.get_layer("c").weights]
    *_, balance = step_for(model, balancer)(inputs, labels, weights)
    assert balancer.seen[0].shape == (2, 2)
    np.testing.assert_allclose(balance["weights"], [0.7, 1.9 * 0.3, 0.0], rtol=1e-6)
    for weight, before in zip(model.get_layer("c").weights, c_before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), before)


def test_weights_stay_for_some_steps() -> None:
    model = build("trunk_and_heads")
    balancer = Given(config_weights(model), every=3)
    step = step_for(model, balancer)
    shown = [step(*batch)[2] for batch in batches(model, 7)]
    assert [("gramian" in balance) for balance in shown] == [True, False, False] * 2 + [True]
    assert len(balancer.seen) == 3
    for balance in shown:
        np.testing.assert_allclose(balance["weights"], [0.7, 1.9 * 0.3, 0.4], rtol=1e-6)


def test_a_task_that_was_absent_when_weights_were_computed_keeps_its_earlier_one() -> None:
    model = build("trunk_and_heads")
    step = step_for(model, Given(config_weights(model), every=2))
    shown = []
    for number, (inputs, labels, weights) in enumerate(batches(model, 4)):
        absent = {"b": tf.fill(BATCH, np.nan)} if number % 2 == 0 else {}
        shown.append(step(inputs, labels | absent, weights)[2]["weights"].numpy())
    fresh, later = [0.7, 0.0, 0.4], [0.7, CONFIG_WEIGHTS["b"], 0.4]
    np.testing.assert_allclose(shown, [fresh, later] * 2, rtol=1e-6)


def test_an_absent_task_has_an_even_weight_at_first_and_one_alone_its_plain_gradient() -> None:
    model = build("trunk_and_heads")
    step = step_for(model, Given(config_weights(model), every=3, normalise="mean"))
    shown = []
    for (inputs, labels, weights), missing in zip(batches(model, 3), ["b", "", "ac"], strict=True):
        absent = {name: tf.fill(BATCH, np.nan) for name in missing}
        shown.append(step(inputs, labels | absent, weights)[2]["weights"].numpy())
    factors = np.array([0.7 / 2, 1 / 3, 0.2 / 2])  # of two tasks that were present, and of three
    for found, expected in zip(
        shown, [factors * [1, 0, 1], factors, np.array([0, 1, 0])], strict=True
    ):
        np.testing.assert_allclose(found, expected * [1.0, 0.3, 2.0], rtol=1e-6)


def test_weights_that_are_not_finite_are_not_kept() -> None:
    model = build("trunk_and_heads")
    balancer = Given(config_weights(model), every=3)
    step = step_for(model, balancer)
    (first, _second) = batches(model, 2)
    inputs, labels, weights = first
    overflowing = {name: each * 1e30 for name, each in labels.items()}
    assert not np.isfinite(step(inputs, overflowing, weights)[2]["weights"]).all()
    np.testing.assert_array_equal(balancer.state()["weights"], np.ones(3))


@pytest.mark.parametrize("kind", [Alternating, TaskSampling])
def test_no_step_is_spent_on_a_task_without_labels(kind: type[TurnBalancer]) -> None:
    """Only b has labels, and only b's head and the trunk move, in every step."""
    model = build("trunk_and_heads")
    step = step_for(model, kind(config_weights(model)))
    for inputs, labels, weights in batches(model, 6):
        absent = {name: tf.fill(BATCH, np.nan) for name in "ac"}
        before = {w.path: w.numpy() for w in model.trainable_weights}
        *_, balance = step(inputs, labels | absent, weights)
        np.testing.assert_allclose(balance["weights"], [0.0, CONFIG_WEIGHTS["b"], 0.0])
        moved = {w.path for w in model.trainable_weights if np.any(w.numpy() != before[w.path])}
        assert {path.split("/")[0] for path in moved} == {"first", "second", "own", "b"}


class SecondLook(Fixed):
    """Keeps the losses before and after each update."""

    second_look = True

    def __init__(self, weights: Any, **options: Any) -> None:
        super().__init__(weights, **options)
        self.before = self.remember("before", np.zeros(len(weights)))
        self.after = self.remember("after", np.zeros(len(weights)))

    def after_update(self, before: tf.Tensor, after: tf.Tensor, present: tf.Tensor) -> None:
        self.before.assign(before)
        self.after.assign(after)


def noisy() -> keras.Model:
    """Dropout and a layer with moving statistics in the shared part."""
    x = keras.Input((5,), name="x")
    z = keras.layers.Dense(6, name="trunk")(x)
    z = keras.layers.Dropout(0.5, seed=3)(keras.layers.BatchNormalization()(z))
    return keras.Model({"x": x}, {n: keras.layers.Dense(1, name=n)(z) for n in "abc"})


@pytest.mark.parametrize("xla", [True, False])
@pytest.mark.parametrize("heads", ["own", "weighted"])
def test_a_second_look_sees_the_batch_as_the_first_and_leaves_no_trace(
    heads: str, *, xla: bool
) -> None:
    models = []
    for kind, rate in ((SecondLook, 0.0), (SecondLook, RATE), (Fixed, RATE)):
        keras.utils.set_random_seed(0)
        model = noisy()
        balancer = kind(config_weights(model), heads=heads)
        step = step_for(model, balancer, keras.optimizers.SGD(rate), xla=xla)
        for batch in batches(model, 2):
            step(*batch)
        if isinstance(balancer, SecondLook):
            same = np.allclose(balancer.before, balancer.after, rtol=1e-6)
            assert same is (rate == 0.0)
        models.append(model)
    _, looked, plain = models
    values = zip(looked.non_trainable_variables, plain.non_trainable_variables, strict=True)
    for value, expected in values:
        np.testing.assert_array_equal(value, expected)
    assert len(plain.non_trainable_variables) == 3


@pytest.mark.parametrize("gradients", ["features", "parameters"])
def test_regularisation_reaches_what_no_trained_task_does_by_every_route(gradients: str) -> None:
    """As in Keras, whose loss has the regularisation of all layers: w (1 - 2 rate 0.01) of L2."""
    x = keras.Input((5,), name="x")
    z = keras.layers.Dense(6, name="trunk")(x)
    c = keras.layers.Dense(1, kernel_regularizer="l2", name="c")(z)
    outputs = {n: keras.layers.Dense(1, name=n)(z) for n in "ab"} | {"c": c}
    model = keras.Model({"x": x}, outputs)
    kernel, bias = model.get_layer("c").weights
    for balancer in (
        Fixed({"a": 1.0, "b": 1.0}),
        Fixed({"a": 1.0, "b": 1.0}, heads="own", gradients=gradients),
        Given({"a": 1.0, "b": 1.0}, gradients=gradients),
        WeightedRows({"a": 1.0, "b": 1.0}, gradients=gradients),
    ):
        before = kernel.numpy()
        step_for(model, balancer)(*next(iter(batches(model))))
        np.testing.assert_allclose(kernel.numpy(), before * (1 - RATE * 0.02), rtol=1e-6)
        np.testing.assert_array_equal(bias, [0.0])


@pytest.mark.parametrize("optimizers", ["shared", "own"])
def test_a_schedule_follows_the_steps_of_the_training(optimizers: str) -> None:
    """Each turn moves its task's head by the gradient times the rate of that step."""
    schedule = keras.optimizers.schedules.PolynomialDecay(
        RATE, decay_steps=6, end_learning_rate=0.0
    )
    model = build("trunk_and_heads")
    balancer = Alternating(config_weights(model), optimizers=optimizers)
    step = step_for(model, balancer, keras.optimizers.SGD(schedule))
    for number, batch in enumerate(batches(model, 7)):
        rows = gradients_by_task(model, batch, config_weights(model))
        before = [w.numpy() for w in model.trainable_weights]
        step(*batch)
        rate = RATE * max(0.0, 1 - number / 6)
        for i, weight in enumerate(model.trainable_weights):
            expected = before[i] - rate * rows["abc"[number % 3]][i]
            np.testing.assert_allclose(weight.numpy(), expected, atol=1e-6)
        assert float(step.optimizer.learning_rate) == pytest.approx(
            RATE * max(0.0, 1 - (number + 1) / 6), abs=1e-7
        )


def test_tasks_with_optimizers_of_their_own_may_have_learning_rates_of_their_own() -> None:
    factors = {"a": 3.0, "c": 0.25}
    for rate in (RATE, keras.optimizers.schedules.PolynomialDecay(RATE, 6, 0.0)):
        model = build("trunk_and_heads")
        balancer = Alternating(
            config_weights(model), optimizers="own", learning_rate_factors=factors
        )
        step = step_for(model, balancer, keras.optimizers.SGD(rate))
        for number, batch in enumerate(batches(model, 5)):
            rows = gradients_by_task(model, batch, config_weights(model))
            before = [w.numpy() for w in model.trainable_weights]
            step(*batch)
            task = "abc"[number % 3]
            now = factors.get(task, 1.0) * (RATE if rate is RATE else RATE * (1 - number / 6))
            for i, weight in enumerate(model.trainable_weights):
                np.testing.assert_allclose(
                    weight.numpy(), before[i] - now * rows[task][i], atol=1e-6
                )


def test_every_step_runs_the_function_that_was_traced_first() -> None:
    model = build("words")
    step = step_for(model, Given(config_weights(model), gradients="parameters", every=2))
    for batch in batches(model, 6):
        step(*batch)
    assert [each.experimental_get_tracing_count() for each in step._functions] == [1, 1]


def test_eager_and_compiled_steps_are_equal() -> None:
    trained = []
    for eager in (False, True):
        tf.config.run_functions_eagerly(eager)
        try:
            model = build("words")
            step = step_for(model, Given(config_weights(model), gradients="parameters"), xla=False)
            for batch in batches(model, 3):
                step(*batch)
        finally:
            tf.config.run_functions_eagerly(False)
        trained.append(model.get_weights())
    for value, other in zip(*trained, strict=True):
        np.testing.assert_allclose(value, other, atol=1e-6)


@pytest.mark.parametrize("gradients", ["features", "parameters"])
def test_the_gramian_of_a_scaled_loss_is_unscaled(gradients: str) -> None:
    shown = []
    for scaled in (False, True):
        optimizer = keras.optimizers.SGD(RATE)
        if scaled:
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=2.0**15)
        model = build("trunk_and_heads")
        balancer = Given(config_weights(model), gradients=gradients)
        step = step_for(model, balancer, optimizer)
        for batch in batches(model, 3):
            step(*batch)
        shown.append((balancer.seen, model.get_weights()))
    for value, other in zip(*(seen for seen, _ in shown), strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-3)
    for value, other in zip(*(weights for _, weights in shown), strict=True):
        np.testing.assert_allclose(value, other, atol=1e-6)


def test_gradients_are_clipped_after_they_are_combined() -> None:
    model = build("trunk_and_heads")
    batch, *_ = batches(model)
    before = [w.numpy() for w in model.trainable_weights]
    balancer = Given(config_weights(model))
    step_for(model, balancer, clipping=Clipping(global_clipnorm=0.01))(*batch)
    moved = [w.numpy() - b for w, b in zip(model.trainable_weights, before, strict=True)]
    norm = np.sqrt(sum((m**2).sum() for m in moved))
    assert norm == pytest.approx(0.01 * RATE, rel=1e-3)


@pytest.mark.parametrize("loops", ["auto", True, False])
def test_loops_compiled_by_xla_train_alike(loops: bool | str) -> None:
    expected = build("words")
    given = Given(config_weights(expected), gradients="parameters")
    reference = step_for(expected, given, xla=False)
    model = build("words")
    step = step_for(model, Given(config_weights(model), gradients="parameters"), xla=loops)
    assert step.compilation.loops_apart is bool(loops)
    for batch in batches(model, 3):
        reference(*batch)
        step(*batch)
    for value, other in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(value, other, atol=1e-5)

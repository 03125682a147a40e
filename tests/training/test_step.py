"""The training step against Keras's optimizers fed densified gradients."""

from __future__ import annotations

import keras
import numpy as np
import polars as pl
import pytest
import tensorflow as tf

from mtl.balancing.fixed import Fixed
from mtl.layers.lstm import LSTM
from mtl.models.headline import headline
from mtl.tasks.fit import fit_tasks
from mtl.training import building
from mtl.training.optimizers import Clipping, build_optimizer
from mtl.training.step import StepSettings, TrainingStep
from tests.training.routes.graphs import SquaredError

BATCH, LENGTH, WORDS = 8, 6, 12
WEIGHTS = {"main_output": 1.0, "aux_output": 0.2}


def small_headline(**arguments: object) -> keras.Model:
    keras.utils.set_random_seed(3)
    return headline(
        vocabulary_size=WORDS,
        length=LENGTH,
        embedding_size=7,
        lstm_units=4,
        dense_units=5,
        dense_layers=1,
        **arguments,
    )


def batches(count: int, seed: int = 0) -> list[tuple[dict, dict, dict]]:
    """Batches in which most ids repeat and some labels are missing."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        ids = random.integers(0, WORDS, (BATCH, LENGTH)) * (random.random((BATCH, LENGTH)) < 0.5)
        inputs = {"main_input": ids.astype("int32"), "aux_input": random.normal(size=(BATCH, 5))}
        labels = {name: random.normal(size=BATCH) for name in WEIGHTS}
        labels["aux_output"][:3] = np.nan
        weights = {name: random.random(BATCH) + 0.5 for name in WEIGHTS}
        found.append(
            tuple(
                {
                    k: tf.constant(v, tf.int32 if v.dtype == np.int32 else tf.float32)
                    for k, v in part.items()
                }
                for part in (inputs, labels, weights)
            )
        )
    return found


def reference_training(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, steps: list[tuple]
) -> list[np.ndarray]:
    """Train with Keras's model and optimizer, summing repeated rows first."""
    for inputs, labels, weights in steps:
        with tf.GradientTape() as tape:
            outputs = model(inputs, training=True)
            total = 0.0
            for name, weight in WEIGHTS.items():
                value, count = SquaredError().loss(labels[name], outputs[name], weights[name])
                total += weight * value / count
            total += sum(model.losses)
        gradients = tape.gradient(total, model.trainable_variables)
        optimizer.apply([tf.convert_to_tensor(g) for g in gradients], model.trainable_variables)
    return model.get_weights()


def step_for(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    clipping: Clipping | None = None,
    **settings: object,
) -> TrainingStep:
    return TrainingStep(
        model,
        {name: SquaredError() for name in WEIGHTS},
        Fixed(WEIGHTS),
        optimizer,
        clipping or Clipping(),
        StepSettings(batch_size=BATCH, **settings),
    )


OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "sgd with momentum": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.01),
    "rmsprop centered": lambda: keras.optimizers.RMSprop(0.01, centered=True),
    "rmsprop with momentum": lambda: keras.optimizers.RMSprop(0.01, momentum=0.5),
    "adagrad": lambda: keras.optimizers.Adagrad(0.1),
    "adam": lambda: keras.optimizers.Adam(0.01),
    "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
    "schedule": lambda: keras.optimizers.RMSprop(
        keras.optimizers.schedules.CosineDecay(0.05, decay_steps=6)
    ),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("xla", [False, True])
def test_weights_are_those_of_keras_with_summed_rows(optimizer: str, xla: bool) -> None:
    steps = batches(8)
    expected = reference_training(small_headline(lstm="keras"), OPTIMIZERS[optimizer](), steps)
    model = small_headline()
    step = step_for(model, OPTIMIZERS[optimizer](), xla=xla)
    assert step.compilation.graph is xla
    for batch in steps:
        step(*batch)
    for value, other in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(value, other, atol=3e-5)


@pytest.mark.parametrize(
    ("optimizer", "by_row"),
    [
        ("sgd", True),
        ("rmsprop", True),
        ("adagrad", True),
        ("adam", False),
        ("adamw", False),
        ("sgd with momentum", False),
        ("rmsprop with momentum", False),
    ],
)
def test_rows_are_updated_alone_only_where_that_is_exact(optimizer: str, by_row: bool) -> None:
    step = step_for(small_headline(), OPTIMIZERS[optimizer]())
    assert set(step.updates.rows) == ({"embedding"} if by_row else set())
    assert any("embedding" in note.lower() for note in step.notes)


@pytest.mark.parametrize(
    ("ours", "keras_arguments"),
    [
        (Clipping(clipnorm=0.05), {"clipnorm": 0.05}),
        (Clipping(global_clipnorm=0.1), {"global_clipnorm": 0.1}),
        (Clipping(clipvalue=0.01), {"clipvalue": 0.01}),
    ],
)
def test_clipping_sees_summed_rows(ours: Clipping, keras_arguments: dict[str, float]) -> None:
    steps = batches(5)
    reference = keras.optimizers.SGD(1.0, **keras_arguments)
    expected = reference_training(small_headline(lstm="keras"), reference, steps)
    model = small_headline()
    step = step_for(model, keras.optimizers.SGD(1.0), ours)
    for batch in steps:
        step(*batch)
    for value, other in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(value, other, atol=2e-6)
    unclipped = small_headline()
    step = step_for(unclipped, keras.optimizers.SGD(1.0))
    for batch in steps:
        step(*batch)
    assert np.abs(unclipped.get_weights()[0] - expected[0]).max() > 0.01


def test_a_row_that_comes_back_has_the_moments_it_would_have() -> None:
    """Row 5 is touched at the first and the last of 20 steps only."""
    steps = batches(20)
    for number, (inputs, _, _) in enumerate(steps):
        ids = inputs["main_input"].numpy()
        ids[ids == 5] = 4
        if number in (0, 19):
            ids[0, 0] = 5
        inputs["main_input"] = tf.constant(ids)
    optimizer = keras.optimizers.RMSprop(0.01, rho=0.7)
    expected = reference_training(small_headline(lstm="keras"), optimizer, steps)
    model = small_headline()
    step = step_for(model, keras.optimizers.RMSprop(0.01, rho=0.7), xla=False)
    for batch in steps:
        step(*batch)
    np.testing.assert_allclose(model.get_weights()[0][5], expected[0][5], atol=1e-6)


def test_lazy_adam_leaves_untouched_rows_where_they_are() -> None:
    model = small_headline()
    step = step_for(model, keras.optimizers.Adam(0.1), embedding_updates="lazy", xla=False)
    first, second = batches(2)
    for ids, (inputs, _, _) in zip(([1, 2], [2, 3]), (first, second), strict=True):
        inputs["main_input"] = tf.constant(np.resize(ids, (BATCH, LENGTH)), tf.int32)
    step(*first)
    after_first = model.get_weights()[0].copy()
    step(*second)
    moved = np.abs(model.get_weights()[0] - after_first).max(axis=1) > 0
    assert moved.tolist() == [number in (2, 3) for number in range(WORDS)]


def test_lazy_adam_is_adam_while_every_row_is_touched() -> None:
    steps = batches(4)
    for inputs, _, _ in steps:
        ids = np.resize(np.arange(WORDS), (BATCH, LENGTH))
        inputs["main_input"] = tf.constant(ids, tf.int32)
    expected = reference_training(small_headline(lstm="keras"), keras.optimizers.Adam(0.01), steps)
    model = small_headline()
    step = step_for(model, keras.optimizers.Adam(0.01), embedding_updates="lazy", xla=False)
    for batch in steps:
        step(*batch)
    for value, other in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(value, other, atol=2e-6)


def test_sums_and_outputs_are_those_of_the_model() -> None:
    ((inputs, labels, weights),) = batches(1)
    model = small_headline()
    before = model(inputs)
    sums, outputs, _ = step_for(model, keras.optimizers.SGD(0.1))(inputs, labels, weights)
    for name in WEIGHTS:
        np.testing.assert_allclose(outputs[name], before[name], atol=1e-6)
    expected = SquaredError().loss(
        labels["aux_output"], before["aux_output"], weights["aux_output"]
    )
    np.testing.assert_allclose(sums[:, 1], expected, rtol=1e-5)


def test_outputs_without_training_are_those_of_the_model() -> None:
    ((inputs, labels, weights),) = batches(1)
    model = small_headline()
    step = step_for(model, keras.optimizers.SGD(0.1))
    _, outputs = step.measure(inputs, labels, weights)
    for name, value in outputs.items():
        np.testing.assert_allclose(value, model(inputs)[name], atol=1e-6)


def test_a_batch_without_any_label_changes_nothing() -> None:
    ((inputs, labels, weights),) = batches(1)
    labels = {name: tf.fill((BATCH,), np.nan) for name in labels}
    model = small_headline()
    before = model.get_weights()
    sums, _, _ = step_for(model, keras.optimizers.SGD(0.1))(inputs, labels, weights)
    assert sums.numpy().tolist() == [[0.0, 0.0], [0.0, 0.0]]
    for value, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, other)


def shared_and_masked() -> keras.Model:
    """Two inputs through one embedding with masks and one LSTM; dropout and batch normalisation."""
    keras.utils.set_random_seed(5)
    left, right = (keras.Input((LENGTH,), dtype="int32", name=n) for n in ("left", "right"))
    embed = keras.layers.Embedding(WORDS, 6, mask_zero=True, name="words")
    read = LSTM(4, kernel_regularizer="l2", name="read")
    a, b = read(embed(left)), read(embed(keras.ops.flip(right, axis=1)))
    pooled = keras.layers.GlobalAveragePooling1D()(embed(left))
    hidden = keras.layers.BatchNormalization()(keras.layers.Concatenate()([a, b, pooled]))
    return keras.Model(
        {"left": left, "right": right},
        {n: keras.layers.Dense(1, name=n, bias_regularizer="l2")(hidden) for n in WEIGHTS},
    )


def test_shared_layers_masks_and_regularisers() -> None:
    steps = batches(4)
    for inputs, _, _ in steps:
        ids = inputs.pop("main_input")
        del inputs["aux_input"]
        inputs["left"], inputs["right"] = ids, tf.reverse(ids, (0,))
    expected = reference_training(shared_and_masked(), keras.optimizers.SGD(0.1), steps)
    model = shared_and_masked()
    step = step_for(model, keras.optimizers.SGD(0.1), xla=True)
    assert set(step.graph.tables) == {"words"}
    for batch in steps:
        step(*batch)
    for weight, value, other in zip(model.weights, model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(value, other, atol=5e-5, err_msg=weight.path)


def test_float16_scales_the_loss_and_stays_near_float32() -> None:
    steps = batches(4)
    expected = reference_training(small_headline(lstm="keras"), keras.optimizers.SGD(0.1), steps)
    try:
        keras.config.set_dtype_policy("mixed_float16")
        model = small_headline()
    finally:
        keras.config.set_dtype_policy("float32")
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    step = step_for(model, optimizer, xla=False)
    assert not step.updates.rows
    for batch in steps:
        step(*batch)
    for value, other in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(value, other, atol=0.01)


def test_partial_batches_do_not_compile_again() -> None:
    step = step_for(small_headline(), keras.optimizers.SGD(0.1), xla=True)
    (batch,) = batches(1)
    partial = tuple({k: v[:3] for k, v in part.items()} for part in batch)
    step(*batch)
    (plan,) = step._plans
    compiled = plan.route.core_compiled.experimental_get_tracing_count()
    step(*partial)
    assert plan.route.core_compiled.experimental_get_tracing_count() == compiled == 1


@pytest.mark.parametrize(
    "clipping", [{"clipnorm": 0.05}, {"global_clipnorm": 0.1}, {"clipvalue": 0.01}]
)
def test_scaled_gradients_are_clipped_once_they_are_unscaled(clipping: dict[str, float]) -> None:
    moved = []
    for precision in ("float32", "mixed_float16"):
        config = {"name": "sgd", "learning_rate": 1.0, **clipping}
        scaled = precision == "mixed_float16"
        optimizer, bounds = build_optimizer(config, 10, scale_loss=scaled)
        with building.precision(precision):
            model = small_headline()
        before = model.get_weights()
        step = step_for(model, optimizer, bounds, xla=False)
        for batch in batches(3):
            step(*batch)
        changes = zip(model.get_weights(), before, strict=True)
        moved.append(sum(np.abs(after - start).sum() for after, start in changes))
    assert moved[1] == pytest.approx(moved[0], rel=0.05)


def test_a_model_of_tables_alone_counts_its_steps() -> None:
    """Without a dense weight Keras's optimizer has nothing to apply, and would not count."""

    def factorisation() -> keras.Model:
        keras.utils.set_random_seed(1)
        left, right = (keras.Input((1,), dtype="int32", name=n) for n in ("left", "right"))
        vectors = [
            keras.layers.Embedding(WORDS, 3, name=f"table_{t.name}")(t) for t in (left, right)
        ]
        product = keras.layers.Flatten()(keras.layers.Dot(axes=2)(vectors))
        return keras.Model({"left": left, "right": right}, dict.fromkeys(WEIGHTS, product))

    def optimizer() -> keras.optimizers.Optimizer:
        decay = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=1, decay_rate=0.5)
        return keras.optimizers.RMSprop(decay)

    steps = batches(4)
    for inputs, _, _ in steps:
        ids = inputs.pop("main_input")
        del inputs["aux_input"]
        inputs["left"], inputs["right"] = ids[:, :1], ids[:, 1:2]
    expected = reference_training(factorisation(), optimizer(), steps)
    model = factorisation()
    step = step_for(model, optimizer())
    for batch in steps:
        step(*batch)
    assert int(step.optimizer.iterations) == 4
    for value, other in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(value, other, atol=1e-6)


def test_xla_that_cannot_compile_a_graph_is_done_without() -> None:
    inputs = keras.Input((LENGTH,), dtype="int32", name="main_input")
    vectors = keras.layers.Embedding(WORDS, 4)(inputs)
    hashed = keras.ops.cast(NoXLA()(inputs), "float32")
    joined = keras.layers.Concatenate()([LSTM(3)(vectors), hashed])
    outputs = {name: keras.layers.Dense(1, name=name)(joined) for name in WEIGHTS}
    step = step_for(keras.Model({"main_input": inputs}, outputs), keras.optimizers.SGD(0.1))
    assert step.compilation.graph
    ((given, labels, weights),) = batches(1)
    step({"main_input": given["main_input"]}, labels, weights)
    assert not step.compilation.graph
    assert "XLA cannot compile the graph" in step.notes[-1]


class NoXLA(keras.layers.Layer):
    """Goes by way of strings, which XLA does not have."""

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        return tf.strings.to_number(tf.strings.as_string(ids), tf.int32)


@pytest.mark.parametrize("options", [{}, {"heads": "own"}])
def test_training_is_that_of_keras_step_for_step(options: dict[str, str]) -> None:
    """Words come several times in a batch; with SGD Keras's unsummed rows make no difference."""
    random = np.random.default_rng(0)
    table = pl.DataFrame({name: random.integers(0, 2, 12 * BATCH) for name in WEIGHTS})
    tasks = fit_tasks(
        {name: {"target": name, "kind": "binary", "weight": w} for name, w in WEIGHTS.items()},
        table,
    )
    inputs = {
        "main_input": random.integers(0, WORDS, (12 * BATCH, LENGTH)).astype("int32"),
        "aux_input": random.normal(size=(12 * BATCH, 5)).astype("float32"),
    }
    labels = {name: table[name].to_numpy().astype("float32") for name in WEIGHTS}
    stock = small_headline(lstm="keras")
    stock.compile(
        optimizer=keras.optimizers.SGD(0.5),
        loss=dict.fromkeys(WEIGHTS, "binary_crossentropy"),
        loss_weights=WEIGHTS,
    )
    model = small_headline()
    step = TrainingStep(
        model,
        tasks,
        Fixed(WEIGHTS, **options),
        keras.optimizers.SGD(0.5),
        Clipping(),
        StepSettings(True, "exact", BATCH),
    )
    for start in range(0, 12 * BATCH, BATCH):
        rows = slice(start, start + BATCH)
        given = {k: v[rows] for k, v in inputs.items()}
        ids = given["main_input"]
        assert len(np.unique(ids)) < ids.size / 3
        stock.train_on_batch(given, {k: v[rows, np.newaxis] for k, v in labels.items()})
        step(
            {k: tf.constant(v) for k, v in given.items()},
            {k: tf.constant(v[rows]) for k, v in labels.items()},
            {k: tf.ones(BATCH) for k in labels},
        )
        for weight, other in zip(model.weights, stock.weights, strict=True):
            np.testing.assert_allclose(weight, other, atol=1e-6, err_msg=f"{start} {weight.path}")


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_measuring_sees_the_logits_that_training_sees(precision: str) -> None:
    """A confident wrong probability rounds to 0 or 1 in half precision; its logit does not."""
    table = pl.DataFrame({"y": [0, 1] * 4})
    tasks = fit_tasks({"y": {"target": "y", "kind": "binary"}}, table)
    with building.precision(precision):
        given = keras.Input((1,), name="x")
        head = keras.layers.Dense(1, activation="sigmoid", name="y", kernel_initializer="ones")
        model = keras.Model({"x": given}, {"y": head(given)})
    optimizer = keras.optimizers.SGD(0.0)
    step = TrainingStep(model, tasks, Fixed({"y": 1.0}), optimizer, Clipping(), StepSettings(False))
    x = np.array([[25.0], [-25.0]] * 4, "float32")
    batch = {"x": tf.constant(x)}, {"y": tf.constant([0.0, 1.0] * 4)}, {"y": tf.ones(8)}
    measured, _ = step.measure(*batch)
    trained, _, _ = step(*batch)
    np.testing.assert_allclose(measured, [[8 * 25.0], [8.0]], rtol=1e-2)
    np.testing.assert_allclose(trained, measured, rtol=1e-6)

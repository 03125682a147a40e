"""Gradients of several batches for one update, against Keras's own optimizers and by hand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.alternating import Alternating
from mtl.balancing.base import Balancer
from mtl.balancing.famo import Famo
from mtl.balancing.fixed import Fixed
from mtl.balancing.uncertainty import Uncertainty
from mtl.training.optimizers import Clipping
from mtl.training.step import StepSettings, TrainingStep
from tests.training.routes.graphs import BATCH, SquaredError, batches, build
from tests.training.routes.test_routes import Given, Halves, WeightedRows, config_weights
from tests.training.routes.test_routes import step_for as single_step_for

GROUP = 3


def step_for(
    model: keras.Model,
    balancer: Balancer,
    optimizer: keras.optimizers.Optimizer,
    group: int = GROUP,
    clipping: Clipping | None = None,
    **settings: Any,
) -> TrainingStep:
    settings |= {"xla": False, "gradient_accumulation_steps": group}
    return single_step_for(model, balancer, optimizer, clipping, **settings)


def keras_step(model: keras.Model, optimizer: keras.optimizers.Optimizer, batch: Any) -> None:
    """Make a step with Keras's model and optimizer alone, repeated rows summed."""
    inputs, labels, weights = batch
    with tf.GradientTape() as tape:
        outputs = model(inputs, training=True)
        total = tf.add_n([tf.zeros(()), *model.losses])
        for name, factor in config_weights(model).items():
            value, count = SquaredError().loss(labels[name], outputs[name], weights[name])
            total += factor * value / count
    gradients = tape.gradient(total, [w.value for w in model.trainable_variables])
    optimizer.apply([tf.convert_to_tensor(g) for g in gradients], model.trainable_variables)


def schedule() -> keras.optimizers.schedules.LearningRateSchedule:
    return keras.optimizers.schedules.CosineDecay(0.1, decay_steps=8)


OPTIMIZERS = {
    "sgd": lambda **k: keras.optimizers.SGD(0.1, **k),
    "sgd with momentum": lambda **k: keras.optimizers.SGD(0.1, momentum=0.9, **k),
    "adam": lambda **k: keras.optimizers.Adam(0.01, **k),
    "adamw": lambda **k: keras.optimizers.AdamW(0.01, weight_decay=0.1, **k),
    "rmsprop": lambda **k: keras.optimizers.RMSprop(0.01, rho=0.7, **k),
    "adagrad": lambda **k: keras.optimizers.Adagrad(0.1, **k),
    "schedule": lambda **k: keras.optimizers.SGD(schedule(), **k),
}


@pytest.mark.parametrize(
    ("optimizer", "graph"),
    [
        *((name, "trunk_and_heads") for name in ("sgd", "sgd with momentum", "adam", "schedule")),
        *((name, "words") for name in ("sgd", "adamw", "rmsprop", "adagrad")),
    ],
)
def test_every_step_is_that_of_keras(optimizer: str, graph: str) -> None:
    """Eight batches in groups of three: the last group stays incomplete, as in Keras."""
    reference, model = build(graph), build(graph)
    theirs = OPTIMIZERS[optimizer](gradient_accumulation_steps=GROUP)
    theirs.build(reference.trainable_variables)
    step = step_for(model, Fixed(config_weights(model)), OPTIMIZERS[optimizer]())
    exact = graph != "words" and optimizer in ("sgd", "adam")
    moves = []
    for batch in batches(model, 8):
        before = model.get_weights()
        keras_step(reference, theirs, batch)
        step(*batch)
        for value, other in zip(model.get_weights(), reference.get_weights(), strict=True):
            np.testing.assert_allclose(value, other, atol=1e-7 if exact else 3e-6)
        moves.append(not np.array_equal(before[0], model.get_weights()[0]))
    assert moves == [False, False, True] * 2 + [False, False]


@pytest.mark.parametrize(
    "bounds", [{"clipnorm": 0.05}, {"global_clipnorm": 0.05}, {"clipvalue": 0.01}]
)
def test_the_mean_is_clipped(bounds: dict[str, float]) -> None:
    reference, model = build("words"), build("words")
    theirs = keras.optimizers.SGD(1.0, gradient_accumulation_steps=GROUP, **bounds)
    theirs.build(reference.trainable_variables)
    step = step_for(
        model,
        Fixed(config_weights(model)),
        keras.optimizers.SGD(1.0),
        clipping=Clipping(**bounds),
    )
    for batch in batches(model, 6):
        keras_step(reference, theirs, batch)
        step(*batch)
    for value, other in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(value, other, atol=3e-6)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_a_group_is_a_batch_as_large_where_labels_are_spread_evenly(optimizer: str) -> None:
    """Each batch lacks three of b's labels; weights of 1 make each loss a plain mean."""
    trained = []
    for size in (1, GROUP):
        model = build("words")
        step = TrainingStep(
            model,
            {name: SquaredError() for name in sorted(model.output)},
            Fixed(config_weights(model)),
            OPTIMIZERS[optimizer](),
            Clipping(),
            StepSettings(
                batch_size=BATCH * size, xla=False, gradient_accumulation_steps=GROUP // size
            ),
        )
        given = [
            (inputs, labels, {name: tf.ones_like(each) for name, each in weights.items()})
            for inputs, labels, weights in batches(model, 6)
        ]
        for start in range(0, 6, size):
            parts = zip(*given[start : start + size], strict=True)
            step(*({n: tf.concat([each[n] for each in p], 0) for n in p[0]} for p in parts))
        trained.append(model.get_weights())
    for value, other in zip(*trained, strict=True):
        np.testing.assert_allclose(value, other, atol=3e-6)


def test_a_group_differs_from_a_batch_as_large_where_labels_are_not_spread_evenly() -> None:
    """A group is the mean of its batches' means: a batch with few labels counts as much."""
    moved = []
    for size in (1, 2):
        model = build("trunk_and_heads")
        (inputs, labels, weights), second = batches(model, 2)
        few = tf.constant([0.5] + [np.nan] * (BATCH - 1), tf.float32)
        given = [(inputs, labels | {"a": few}, weights), second]
        step = step_for(
            model, Fixed(config_weights(model)), keras.optimizers.SGD(0.1), group=2 // size
        )
        step.settings = StepSettings()
        for start in range(0, 2, size):
            parts = zip(*given[start : start + size], strict=True)
            step(*({n: tf.concat([each[n] for each in p], 0) for n in p[0]} for p in parts))
        moved.append(model.get_layer("a").get_weights()[0])
    assert np.abs(moved[0] - moved[1]).max() > 1e-3


STRATEGIES = {
    "fixed": Fixed,
    "heads of their own": lambda w: Fixed(w, heads="own"),
    "gramian": Given,
    "gramian of parameters": lambda w: Given(w, gradients="parameters"),
    "now and then": lambda w: Given(w, every=2),
    "halves": Halves,
    "rows of features": WeightedRows,
    "rows of parameters": lambda w: WeightedRows(w, gradients="parameters"),
    "uncertainty": Uncertainty,
    "uncertainty with heads of their own": lambda w: Uncertainty(w, heads="own"),
    "famo": Famo,
}


@pytest.mark.parametrize(
    ("strategy", "graph"),
    [*((name, "trunk_and_heads") for name in STRATEGIES), ("gramian", "words")],
)
def test_a_group_moves_the_weights_by_the_mean_of_its_batches_moves(
    strategy: str, graph: str
) -> None:
    rate, moves = 0.1, []
    model = build(graph)
    start = model.get_weights()
    for batch in batches(model, GROUP):
        model.set_weights(start)
        step_for(
            model,
            STRATEGIES[strategy](config_weights(model)),
            keras.optimizers.SGD(rate),
            group=1,
        )(*batch)
        moves.append(
            [after - before for after, before in zip(model.get_weights(), start, strict=True)]
        )
    model.set_weights(start)
    balancer = STRATEGIES[strategy](config_weights(model))
    step = step_for(model, balancer, keras.optimizers.SGD(rate))
    for batch in batches(model, GROUP):
        np.testing.assert_array_equal(model.get_weights()[0], start[0])
        step(*batch)
    for value, before, *each in zip(model.get_weights(), start, *moves, strict=True):
        np.testing.assert_allclose(value - before, np.mean(each, axis=0), atol=2e-6)


def test_lazy_adam_moves_the_rows_that_any_batch_of_a_group_touched() -> None:
    model = build("words")
    step = step_for(
        model,
        Fixed(config_weights(model)),
        keras.optimizers.Adam(0.1),
        group=2,
        embedding_updates="lazy",
    )
    assert step.updates.rows
    for ids, expected in (([1, 2], []), ([2, 3], [1, 2, 3]), ([4], []), ([4], [4])):
        ((inputs, *rest),) = batches(model, 1)
        inputs["ids"] = tf.constant(np.resize(ids, inputs["ids"].shape), tf.int32)
        before = model.get_weights()[0]
        step(inputs, *rest)
        moved = np.abs(model.get_weights()[0] - before).max(axis=1) > 0
        assert np.flatnonzero(moved).tolist() == expected


@pytest.mark.parametrize("optimizers", ["shared", "own"])
def test_a_task_counts_its_own_turns(optimizers: str) -> None:
    """In groups of two of three tasks' turns, each moves at its second one by both together."""
    model = build("trunk_and_heads")
    given = batches(model, 6)
    start = model.get_weights()
    alone = {}
    for number, batch in enumerate(given):
        model.set_weights(start)
        names = config_weights(model)
        turns = Alternating(names, optimizers=optimizers)
        turns.step.assign(number)
        step_for(model, turns, keras.optimizers.SGD(0.1), group=1)(*batch)
        alone[number] = [b - a for a, b in zip(start, model.get_weights(), strict=True)]
    model.set_weights(start)
    balancer = Alternating(config_weights(model), optimizers=optimizers)
    step = step_for(model, balancer, keras.optimizers.SGD(0.1), group=2)
    assert any("2 batches of a task's own turns" in note for note in step.notes)
    for batch in given[:4]:
        step(*batch)
    # Turns a, b, c, a: by now a alone has moved anything, by what both its batches gave at first.
    for value, before, *each in zip(model.get_weights(), start, alone[0], alone[3], strict=True):
        np.testing.assert_allclose(value - before, np.mean(each, axis=0), atol=2e-6)


def test_famo_looks_again_only_after_an_update() -> None:
    model = build("trunk_and_heads")
    balancer = Famo(config_weights(model))
    step = step_for(model, balancer, keras.optimizers.SGD(0.1))
    found = []
    for batch in batches(model, 7):
        step(*batch)
        found.append(int(balancer.moves.numpy()[0]))
    assert found == [0, 0, 1, 1, 1, 2, 2]


def test_a_scaled_loss_is_accumulated_unscaled() -> None:
    """As without scaling, also while the scale changes; what overflows does not count."""
    trained = []
    for scaled in (False, True):
        model = build("trunk_and_heads")
        optimizer = keras.optimizers.Adam(
            0.01, gradient_accumulation_steps=GROUP if scaled else None
        )
        if scaled:
            optimizer = keras.optimizers.LossScaleOptimizer(
                optimizer, initial_scale=8.0, dynamic_growth_steps=2
            )
        step = step_for(model, Fixed(config_weights(model)), optimizer)
        given = batches(model, 6)
        if scaled:
            inputs, labels, weights = given[1]
            huge = {**labels, "a": tf.fill(BATCH, 1e38)}  # its gradient overflows
            given.insert(1, (inputs, huge, weights))
        for batch in given:
            step(*batch)
        trained.append(model.get_weights())
    for value, other in zip(*trained, strict=True):
        np.testing.assert_allclose(value, other, atol=1e-6)

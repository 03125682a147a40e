"""A task as the runner uses it."""

import json

import keras
import numpy as np
import polars as pl
import pytest
import tensorflow as tf

from mtl.errors import ConfigError, MtlError
from mtl.registry import kinds
from mtl.tasks.fit import fit_tasks
from mtl.tasks.kinds.binary import Binary
from mtl.tasks.task import Task

NAN = float("nan")


def test_the_loss_is_that_of_plain_keras_where_all_labels_are_there(fit):
    labels = np.array([0, 1, 1, 0], np.float32)
    predictions = np.array([[0.1], [0.7], [0.4], [0.2]], np.float32)
    task = fit({"kind": "binary"}, y=[0, 1])

    total, weight = task.loss(tf.constant(labels), tf.constant(predictions))

    expected = keras.losses.BinaryCrossentropy()(labels[:, None], predictions)
    assert float(total / weight) == pytest.approx(float(expected), rel=1e-6)


def test_training_gives_the_weights_of_plain_keras(fit):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(64, 5)).astype(np.float32)
    labels = (inputs[:, 0] > 0).astype(np.float32)

    def model():
        keras.utils.set_random_seed(1)
        return keras.Sequential([keras.Input((5,)), keras.layers.Dense(1, activation="sigmoid")])

    plain, ours = model(), model()
    plain.compile(keras.optimizers.SGD(0.5), "binary_crossentropy")
    plain.fit(inputs, labels, batch_size=16, epochs=3, shuffle=False, verbose=0)
    task, optimizer = fit({"kind": "binary"}, y=[0, 1]), keras.optimizers.SGD(0.5)
    for start in list(range(0, 64, 16)) * 3:
        with tf.GradientTape() as tape:
            total, weight = task.loss(
                tf.constant(labels[start : start + 16]), ours(inputs[start : start + 16])
            )
            mean = total / weight
        optimizer.apply(tape.gradient(mean, ours.trainable_weights), ours.trainable_weights)

    for expected, found in zip(plain.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_mixed_precision(fit):
    task = fit({"kind": "categorical"}, y=["a", "b", "c"])
    dense = keras.layers.Dense(3, activation="softmax", dtype="mixed_float16")
    inputs = tf.random.stateless_normal((4, 2), (1, 2))
    with tf.GradientTape() as tape:
        total, weight = task.loss(tf.constant([0.0, NAN, 2.0, 1.0]), dense(inputs))
    gradients = tape.gradient(total, dense.trainable_weights)

    assert (total.dtype, float(weight)) == (tf.float32, 3)
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_metrics_are_new_each_time_and_updated_in_a_graph(fit):
    task = fit({"kind": "binary", "metrics": ["accuracy", "auc"]}, y=[0, 1])
    metrics = task.metrics()

    @tf.function(reduce_retracing=True)
    def update(labels, predictions):
        for metric in metrics.values():
            task.update_metric(metric, labels, predictions)

    update(tf.constant([0.0, 1.0, NAN]), tf.constant([[0.2], [0.3], [0.9]]))
    update(tf.constant([1.0]), tf.constant([[0.8]]))

    assert list(metrics) == ["accuracy", "auc"]
    assert float(metrics["accuracy"].result()) == pytest.approx(2 / 3)
    assert float(metrics["auc"].result()) == 1
    assert np.isnan(task.metrics()["auc"].result())


def test_only_weighted_metrics_heed_weights(fit):
    task = fit({"kind": "binary", "metrics": ["accuracy", "weighted_accuracy"]}, y=[0, 1])
    metrics = task.metrics()
    labels, predictions = tf.constant([0.0, 1.0]), tf.constant([[0.2], [0.3]])
    for metric in metrics.values():
        task.update_metric(metric, labels, predictions, tf.constant([3.0, 1.0]))

    assert float(metrics["accuracy"].result()) == 0.5
    assert float(metrics["weighted_accuracy"].result()) == 0.75
    with pytest.raises(ValueError, match="Expected weights"):
        task.update_metric(metrics["weighted_accuracy"], labels, predictions)


def test_loss_and_metrics_of_the_config(fit):
    config = {"kind": "regression", "loss": {"name": "huber", "delta": 0.5}, "metrics": ["mse"]}
    task = fit(config, y=[0.0, 1.0])

    total, weight = task.loss(tf.constant([0.0]), tf.constant([[2.0]]))

    assert (float(total), float(weight)) == (0.5 * 2 - 0.125, 1)
    assert task.metric_names == ("mse",)
    assert fit({"kind": "regression", "metrics": []}, y=[0.0, 1.0]).metrics() == {}
    assert fit({"kind": "regression", "loss": "poisson"}, y=[0, 1]).activation == "exponential"
    assert fit({"kind": "categorical", "loss": "focal"}, y=["a", "b"]).loss_name == (
        "categorical_focal_crossentropy"
    )


def test_the_state_keeps_loss_metrics_and_weights():
    config = {"target": "y", "kind": "binary", "loss": "focal", "metrics": ["f1"], "weight": 0.2}
    table = pl.DataFrame({"y": ["no", "yes"]})
    task = fit_tasks({"out": config}, table)["out"]

    restored = Task.from_state(config, json.loads(json.dumps(task.state())))

    assert (restored.name, restored.weight, restored.kind) == ("out", 0.2, "binary")
    assert restored.metric_names == ("f1",)
    assert restored.loss_name == "binary_focal_crossentropy"
    with pytest.raises(ConfigError, match=r"tasks\.out\.weight"):
        Task.from_state({**config, "weight": -1}, task.state())


def test_a_plugins_kind():
    @kinds.add("test_task_reversed")
    class Reversed(Binary):
        def encode(self, targets):
            return 1 - super().encode(targets)

    table = pl.DataFrame({"y": [0, 1, None]})
    config = {"target": "y", "kind": "test_task_reversed"}

    task = fit_tasks({"out": config}, table)["out"]

    np.testing.assert_array_equal(task.encode(table), [1, 0, NAN])


def test_a_plugins_kind_that_is_none():
    kinds.add("test_task_nonsense")(lambda: None)

    with pytest.raises(ConfigError, match="no kind of task"):
        fit_tasks({"out": {"target": "y", "kind": "test_task_nonsense"}}, pl.DataFrame({"y": [1]}))


def test_a_plugins_loss_that_cannot_be_made_is_a_problem_of_the_task():
    @keras.saving.register_keras_serializable(package="test_task")
    class Choosy(keras.losses.Loss):
        def __init__(self):
            super().__init__()

    config = {"target": "y", "kind": "binary", "loss": {"name": "Choosy", "size": 3}}
    with pytest.raises(MtlError, match=r"tasks\.out: .*'Choosy' refuses its parameters"):
        fit_tasks({"out": config}, pl.DataFrame({"y": [0, 1]}))

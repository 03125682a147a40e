"""Metrics against scikit-learn, over labelled examples, in blocks of any length."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn import metrics as reference

from mtl.errors import MtlError
from mtl.tasks.measures.build import MEASURES, build_measure
from mtl.tasks.names import BINARY, CATEGORICAL, KINDS, MULTILABEL, REGRESSION
from mtl.tasks.options import Choice

NAN = float("nan")
RNG = np.random.default_rng(5)
ROWS = 1200


def measured(name, names, labels, predictions, weights=None, *, blocks=5, **parameters):
    exclusive = names is CATEGORICAL
    units = predictions.shape[1]
    metric = build_measure(Choice(name, parameters), names, exclusive=exclusive, units=units)
    update = tf.function(metric.update_state, reduce_retracing=True)
    arrays = [labels, predictions] if weights is None else [labels, predictions, weights]
    for block in zip(*(np.array_split(array, blocks) for array in arrays), strict=True):
        update(*(tf.constant(part, tf.float32) for part in block))
    return float(metric.result())


@pytest.fixture(scope="module")
def decisions():
    labels = RNG.integers(0, 2, ROWS).astype(float)
    predictions = 1 / (1 + np.exp(-(RNG.normal(0, 1.5, ROWS) + labels)))
    with_gaps = np.where(RNG.random(ROWS) < 0.3, NAN, labels)
    return with_gaps, predictions[:, None], ~np.isnan(with_gaps)


@pytest.fixture(scope="module")
def classes():
    labels = RNG.integers(0, 4, ROWS).astype(float)
    logits = RNG.normal(0, 1, (ROWS, 4))
    logits[np.arange(ROWS), labels.astype(int)] += 1
    with_gaps = np.where(RNG.random(ROWS) < 0.3, NAN, labels)
    predictions = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return with_gaps, predictions, ~np.isnan(with_gaps)


@pytest.fixture(scope="module")
def labels_and_probabilities():
    labels = RNG.integers(0, 2, (ROWS, 3)).astype(float)
    predictions = 1 / (1 + np.exp(-(RNG.normal(0, 1, (ROWS, 3)) + labels)))
    return np.where(RNG.random((ROWS, 3)) < 0.3, NAN, labels), predictions


BINARY_REFERENCES = {
    "accuracy": lambda y, p: reference.accuracy_score(y, p > 0.5),
    "auc": reference.roc_auc_score,
    "pr_auc": reference.average_precision_score,
    "precision": lambda y, p: reference.precision_score(y, p > 0.5),
    "recall": lambda y, p: reference.recall_score(y, p > 0.5),
    "f1": lambda y, p: reference.f1_score(y, p > 0.5),
    "mse": reference.mean_squared_error,
    "binary_crossentropy": reference.log_loss,
}


@pytest.mark.parametrize("name", BINARY_REFERENCES)
def test_binary_metrics(decisions, name):
    labels, predictions, there = decisions

    found = measured(name, BINARY, labels, predictions)

    expected = BINARY_REFERENCES[name](labels[there], predictions[there, 0])
    assert found == pytest.approx(expected, abs=1e-3 if "auc" in name else 1e-5)


@pytest.mark.parametrize("scale", [1e-3, 1e-2, 1.0, 10.0])
@pytest.mark.parametrize("center", [-6.0, 0.0])
def test_area_under_the_curve_of_probabilities_close_together(scale, center):
    labels = RNG.integers(0, 2, 4000).astype(float)
    predictions = 1 / (1 + np.exp(-(center + scale * (RNG.normal(0, 1, 4000) + labels))))
    predictions = predictions.astype(np.float32)

    found = measured("auc", BINARY, labels, predictions[:, None])

    expected = reference.roc_auc_score(labels, predictions)
    assert found == pytest.approx(expected, abs=0.005)


def test_probabilities_of_zero_and_one_have_an_area():
    labels, predictions = np.array([1.0, 0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0, 1.0])

    assert measured("auc", BINARY, labels, predictions[:, None]) == 0.5


@pytest.mark.parametrize("threshold", [0.3, 0.8])
def test_thresholds(decisions, threshold):
    labels, predictions, there = decisions

    found = measured("f1", BINARY, labels, predictions, threshold=threshold)

    expected = reference.f1_score(labels[there], predictions[there, 0] > threshold)
    assert found == pytest.approx(expected, abs=1e-6)


CATEGORICAL_REFERENCES = {
    "accuracy": lambda y, p: reference.accuracy_score(y, p.argmax(axis=1)),
    "auc": lambda y, p: reference.roc_auc_score(y, p, multi_class="ovr"),
    "precision": lambda y, p: reference.precision_score(y, p.argmax(axis=1), average="macro"),
    "recall": lambda y, p: reference.recall_score(y, p.argmax(axis=1), average="macro"),
    "f1": lambda y, p: reference.f1_score(y, p.argmax(axis=1), average="macro"),
    "crossentropy": reference.log_loss,
}


@pytest.mark.parametrize("name", CATEGORICAL_REFERENCES)
def test_categorical_metrics(classes, name):
    labels, predictions, there = classes

    found = measured(name, CATEGORICAL, labels, predictions)

    expected = CATEGORICAL_REFERENCES[name](labels[there], predictions[there])
    assert found == pytest.approx(expected, abs=1e-3 if name == "auc" else 1e-5)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_accuracy(classes, k):
    labels, predictions, there = classes

    found = measured("top_k_accuracy", CATEGORICAL, labels, predictions, k=k)

    expected = reference.top_k_accuracy_score(labels[there], predictions[there], k=k)
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", ["auc", "pr_auc", "precision", "recall", "f1"])
def test_multilabel_metrics_are_means_over_labels(labels_and_probabilities, name):
    labels, predictions = labels_and_probabilities
    columns = []
    for column, probability in zip(labels.T, predictions.T, strict=True):
        there = ~np.isnan(column)
        columns.append(BINARY_REFERENCES[name](column[there], probability[there]))

    found = measured(name, MULTILABEL, labels, predictions)

    assert found == pytest.approx(np.mean(columns), abs=1e-3 if "auc" in name else 1e-5)


def test_multilabel_accuracy_counts_every_entry(labels_and_probabilities):
    labels, predictions = labels_and_probabilities
    there = ~np.isnan(labels)

    found = measured("accuracy", MULTILABEL, labels, predictions)

    assert found == pytest.approx(np.mean((predictions > 0.5)[there] == labels[there]))


@pytest.mark.parametrize("offset", [0.0, 2000.0])
def test_r2_also_where_labels_are_large_beside_their_variation(offset):
    labels = RNG.normal(offset, 1, ROWS)
    predictions = labels + RNG.normal(0, 0.5, ROWS)
    labels[::7] = NAN
    there = ~np.isnan(labels)

    found = measured("r2", REGRESSION, labels, predictions[:, None])

    expected = reference.r2_score(labels[there], predictions[there])
    assert found == pytest.approx(expected, abs=1e-3)


def test_regression_metrics_of_several_columns():
    labels = np.array([[1.0, 10.0], [2.0, NAN], [NAN, 30.0], [4.0, 20.0]])
    predictions = np.array([[1.0, 12.0], [3.0, 0.0], [0.0, 30.0], [4.0, 16.0]])
    first = reference.r2_score([1, 2, 4], [1, 3, 4])
    second = reference.r2_score([10, 30, 20], [12, 30, 16])

    assert measured("r2", REGRESSION, labels, predictions, blocks=2) == pytest.approx(
        (first + second) / 2, abs=1e-5
    )
    errors = np.array([0, 1, 0, 2, 0, 4])
    assert measured("mae", REGRESSION, labels, predictions) == pytest.approx(errors.mean())
    assert measured("rmse", REGRESSION, labels, predictions) == pytest.approx(
        np.sqrt((errors**2).mean()), abs=1e-6
    )


@pytest.mark.parametrize("name", ["accuracy", "auc", "pr_auc", "precision", "recall", "f1"])
def test_sample_weights(decisions, name):
    labels, predictions, there = decisions
    weights = RNG.integers(0, 4, ROWS).astype(float)

    found = measured(f"weighted_{name}", BINARY, labels, predictions, weights)

    repeated = np.repeat(np.flatnonzero(there), weights[there].astype(int))
    expected = BINARY_REFERENCES[name](labels[repeated], predictions[repeated, 0])
    assert found == pytest.approx(expected, abs=1e-3)


ALL_METRICS = [
    (kind, name) for kind, names in KINDS.items() for name in sorted(names.metric_parameters())
]


@pytest.mark.parametrize(("kind", "name"), ALL_METRICS)
def test_a_metric_of_nothing_is_not_a_number_and_ignores_missing_labels(kind, name):
    exclusive = kind == "categorical"
    units = 1 if kind == "binary" else 3
    choice = Choice(name, {"k": 2} if name == "top_k_accuracy" else {})
    metric = build_measure(choice, KINDS[kind], exclusive=exclusive, units=units)
    shape = (4,) if exclusive or units == 1 else (4, units)
    rising = np.linspace(0.1, 0.9, 4 * units, dtype=np.float32).reshape(4, units)
    labels = np.zeros(shape, np.float32)
    labels[::2] = 1

    metric.update_state(np.full(shape, NAN, np.float32), np.full((4, units), NAN, np.float32))
    assert np.isnan(metric.result())
    metric.update_state(labels, rising)
    before = float(metric.result())
    assert np.isfinite(before)
    metric.update_state(np.full(shape, NAN, np.float32), rising)
    assert float(metric.result()) == before
    metric.reset_state()
    assert np.isnan(metric.result())


def test_one_class_alone_has_no_area():
    assert np.isnan(measured("auc", BINARY, np.ones(6), np.full((6, 1), 0.5)))


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_updates_compile_and_the_config_restores(name):
    kind = next(names for names in KINDS.values() if name in names.measures)
    exclusive, units = kind is CATEGORICAL, 3 if kind is CATEGORICAL else 1
    metric = build_measure(Choice(name), kind, exclusive=exclusive, units=units)
    labels = tf.constant([0.0, 1.0, NAN, 1.0])
    predictions = tf.constant(np.linspace(0.1, 0.9, 4 * units).reshape(4, units), tf.float16)

    tf.function(metric.update_state, jit_compile=True)(labels, predictions)
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    again.update_state(labels, predictions)

    assert again.name == name
    assert float(again.result()) == pytest.approx(float(metric.result()), rel=1e-6)


@keras.saving.register_keras_serializable(package="test_measures")
class LargestError(keras.metrics.Metric):
    direction = "min"

    def __init__(self, power=1, name=None):
        super().__init__(name=name)
        self.power = power
        self.largest = self.add_variable((), "zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        errors = tf.abs(y_true - y_pred)[:, 0] ** self.power * sample_weight
        self.largest.assign(tf.maximum(self.largest, tf.reduce_max(errors)))

    def result(self):
        return tf.convert_to_tensor(self.largest)


def test_a_plugins_metric_sees_labelled_examples_only():
    labels, predictions = np.array([1.0, NAN, 3.0]), np.array([[2.0], [99.0], [5.0]])

    assert measured("LargestError", REGRESSION, labels, predictions, blocks=1) == 2
    assert measured("LargestError", REGRESSION, labels, predictions, power=2) == 4
    assert np.isnan(measured("LargestError", REGRESSION, labels[1:2], predictions[1:2], blocks=1))


def test_a_metric_that_does_not_exist_or_refuses_its_parameters():
    with pytest.raises(
        MtlError, match=r"No metric is called 'acuracy'\. Did you mean 'accuracy'\?"
    ):
        build_measure(Choice("acuracy"), BINARY, exclusive=False, units=1)
    with pytest.raises(MtlError, match="'LargestError' refuses its parameters"):
        build_measure(Choice("LargestError", {"base": 1}), BINARY, exclusive=False, units=1)

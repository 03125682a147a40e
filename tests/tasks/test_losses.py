"""Losses over labelled examples: values by hand, no gradient where a label is missing."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.errors import MtlError
from mtl.tasks.losses import TaskLoss
from mtl.tasks.names import KINDS, SHIPPED_LOSSES
from mtl.tasks.options import Choice

NAN = float("nan")
ALL_LOSSES = [(kind, name) for kind, names in KINDS.items() for name in sorted(names.losses)]


def sums(name, labels, predictions, weights=None, *, exclusive=False, **parameters):
    loss = TaskLoss(Choice(name, parameters), exclusive=exclusive)
    weights = None if weights is None else tf.constant(weights, tf.float32)
    total, weight = loss.sums(tf.constant(labels), tf.constant(predictions), weights)
    return float(total), float(weight)


def test_a_missing_label_has_no_part():
    total, weight = sums("mean_squared_error", [1.0, NAN, 4.0], [[2.0], [9.0], [6.0]])

    assert (total, weight) == (1 + 4, 2)


def test_weights_count_in_both_sums():
    total, weight = sums("mean_squared_error", [1.0, 2.0, NAN], [2.0, 4.0, 0.0], [3.0, 0.5, 7.0])

    assert (total, weight) == (3 * 1 + 0.5 * 4, 3.5)


def test_missing_labels_of_several_columns_are_left_out_one_by_one():
    labels = [[1.0, NAN], [NAN, NAN], [0.0, 1.0]]
    predictions = [[0.5, 0.9], [0.5, 0.5], [0.25, 0.125]]

    total, weight = sums("binary_crossentropy", labels, predictions)

    assert total == pytest.approx(-math.log(0.5) - math.log(0.75) - math.log(0.125), rel=1e-5)
    assert weight == 3


def test_weights_by_column():
    labels, predictions = [[1.0, 2.0], [3.0, NAN]], [[0.0, 0.0], [0.0, 0.0]]

    by_row = sums("mean_absolute_error", labels, predictions, [1.0, 10.0])
    by_entry = sums("mean_absolute_error", labels, predictions, [[1.0, 2.0], [3.0, 4.0]])

    assert by_row == (1 + 2 + 30, 1 + 1 + 10)
    assert by_entry == (1 + 4 + 9, 1 + 2 + 3)


def test_a_weight_of_zero_is_as_good_as_a_missing_label():
    assert sums("mean_squared_error", [1.0, 1.0], [math.inf, 3.0], [0.0, 2.0]) == (8, 2)


@pytest.mark.parametrize(
    "name", ["sparse_categorical_crossentropy", "categorical_crossentropy", "kl_divergence"]
)
def test_categorical_losses_give_the_surprise_of_the_label(name):
    predictions = [[0.2, 0.3, 0.5], [0.1, 0.1, 0.8], [0.25, 0.5, 0.25]]

    total, weight = sums(name, [2.0, NAN, 0.0], predictions, [1.0, 1.0, 2.0], exclusive=True)

    assert total == pytest.approx(-math.log(0.5) - 2 * math.log(0.25), rel=1e-4)
    assert weight == 3


@pytest.mark.parametrize(
    ("name", "parameters", "label", "prediction", "expected"),
    [
        ("huber", {"delta": 0.5}, 0.0, 2.0, 0.5 * 2 - 0.125),
        ("log_cosh", {}, 0.0, 2.0, math.log(math.cosh(2))),
        ("poisson", {}, 3.0, 2.0, 2 - 3 * math.log(2)),
        ("mean_absolute_percentage_error", {}, 4.0, 3.0, 25.0),
        ("mean_squared_logarithmic_error", {}, 3.0, 1.0, math.log(2) ** 2),
        ("hinge", {}, 1.0, 0.75, 0.5),
        ("squared_hinge", {}, 0.0, 0.75, 2.25),
        ("binary_crossentropy", {"label_smoothing": 0.2}, 1.0, 0.8, None),
        ("binary_focal_crossentropy", {"gamma": 2.0}, 1.0, 0.75, 0.0625 * -math.log(0.75)),
    ],
)
def test_losses_by_hand(name, parameters, label, prediction, expected):
    if expected is None:
        expected = -0.9 * math.log(0.8) - 0.1 * math.log(0.2)

    total, weight = sums(name, [label], [prediction], **parameters)

    assert total == pytest.approx(expected, rel=1e-5)
    assert weight == 1


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("kind", "name"), ALL_LOSSES)
def test_gradients_see_labelled_examples_only(kind, name, compiled):
    exclusive = kind == "categorical"
    loss = TaskLoss(Choice(name), exclusive=exclusive)
    units = 3 if exclusive else 2
    labels = np.array([1, NAN, 0], np.float32)
    if not exclusive:
        labels = np.array([[1, NAN], [NAN, NAN], [NAN, 0]], np.float32)
    predictions = np.full((3, units), 1 / 3, np.float32)
    predictions[1] = [NAN, math.inf, 0.0][:units]

    @tf.function(jit_compile=compiled)
    def gradient(labels, predictions):
        with tf.GradientTape() as tape:
            tape.watch(predictions)
            total, weight = loss.sums(labels, predictions)
            mean = tf.math.divide_no_nan(total, weight)
        return mean, weight, tape.gradient(mean, predictions)

    mean, weight, found = gradient(tf.constant(labels), tf.constant(predictions))
    assert weight == 2
    assert np.isfinite(mean.numpy())
    assert np.isfinite(found.numpy()).all()
    missing = np.isnan(labels) if labels.ndim == 2 else np.isnan(labels)[:, None]
    assert not found.numpy()[np.broadcast_to(missing, found.shape)].any()
    assert found.numpy()[0, 0] != 0 or name == "categorical_hinge"

    nothing = tf.constant(np.full_like(labels, NAN))
    mean, weight, found = gradient(nothing, tf.constant(predictions))
    assert (mean, weight) == (0, 0)
    np.testing.assert_array_equal(found, np.zeros_like(predictions))


def test_gradients_of_a_mean_by_hand():
    loss = TaskLoss(Choice("mean_squared_error"), exclusive=False)
    predictions = tf.constant([[2.0], [9.0], [6.0]])
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        total, weight = loss.sums(
            tf.constant([1.0, NAN, 4.0]), predictions, tf.constant([1.0, 1.0, 3.0])
        )
        mean = total / weight

    found = tape.gradient(mean, predictions)

    np.testing.assert_allclose(found, [[2 * 1 / 4], [0], [3 * 2 * 2 / 4]])


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_logits_are_used_where_keras_keeps_them(activation):
    """A saturated probability has no gradient of its own; Keras takes the logits and so do we."""
    units, exclusive = (1, False) if activation == "sigmoid" else (2, True)
    name = "sparse_categorical_crossentropy" if exclusive else "binary_crossentropy"
    loss = TaskLoss(Choice(name), exclusive=exclusive)
    logits = tf.constant([[-60.0, 60.0][:units]] * 2)
    label = tf.constant([0.0 if exclusive else 1.0, NAN])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total, _ = loss.sums(label, keras.activations.get(activation)(logits))

    assert float(total) == pytest.approx(120 if exclusive else 60)
    found = tape.gradient(total, logits).numpy()
    np.testing.assert_allclose(found[0], [-1, 1][:units], atol=1e-6)
    assert not found[1].any()


def test_half_precision_predictions_give_a_float32_loss():
    loss = TaskLoss(Choice("mean_squared_error"), exclusive=False)
    total, weight = loss.sums(tf.constant([300.0]), tf.constant([[0.0]], tf.float16))

    assert total.dtype == weight.dtype == tf.float32
    assert float(total) == 90_000


def test_an_empty_batch_has_no_loss():
    assert sums("huber", np.zeros((0,), np.float32), np.zeros((0, 1), np.float32)) == (0, 0)


def test_labels_that_do_not_fit_the_output_are_refused():
    with pytest.raises(MtlError, match=r"Labels of shape \(2, 1\) .* output of shape \(2, 3\)"):
        sums("huber", [1.0, 2.0], [[1.0, 2.0, 3.0]] * 2)


def test_every_shipped_loss_exists_in_keras_with_its_parameters():
    for kind, name in ALL_LOSSES:
        for parameter in KINDS[kind].losses[name]:
            assert parameter in keras.losses.__dict__[name].__code__.co_varnames
    assert {name for _, name in ALL_LOSSES} == SHIPPED_LOSSES


@keras.saving.register_keras_serializable(package="test_losses")
def doubled_error(y_true, y_pred):
    return 2 * tf.abs(y_true - y_pred)[:, 0]


@keras.saving.register_keras_serializable(package="test_losses")
class PowerError(keras.losses.Loss):
    def __init__(self, power=3.0):
        super().__init__(name="power_error")
        self.power = power

    def call(self, y_true, y_pred):
        return tf.abs(y_true - y_pred) ** self.power


@keras.saving.register_keras_serializable(package="test_losses")
def careless(y_true, y_pred):
    return tf.reduce_mean(tf.abs(y_true - y_pred))


def test_losses_of_plugins_by_name():
    labels, predictions = [1.0, NAN], [[3.0], [0.0]]

    assert sums("doubled_error", labels, predictions) == (4, 1)
    assert sums("test_losses>doubled_error", labels, predictions) == (4, 1)
    assert sums("PowerError", labels, predictions) == (8, 1)
    assert sums("PowerError", labels, predictions, power=2.0) == (4, 1)


def test_a_plugins_loss_of_another_shape_is_refused():
    with pytest.raises(MtlError, match=r"'careless' returned shape \(\). Expected one loss for"):
        sums("careless", [1.0], [[3.0]])


def test_a_plugins_loss_that_refuses_its_parameters():
    with pytest.raises(MtlError, match="'PowerError' refuses its parameters"):
        sums("PowerError", [1.0], [[3.0]], exponent=2.0)

"""Calls of graphs with nested models unfolded: computing them one by one is the model."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from mtl.graph.calls import input_names, output_names
from mtl.graph.nested import unfolded_calls
from tests.training.routes import graphs


def computed(model: keras.Model, inputs: dict[str, tf.Tensor], training: bool | None = None):
    values = {
        id(tensor): inputs[name]
        for name, tensor in zip(input_names(model), model.inputs, strict=True)
    }
    for call in unfolded_calls(model):
        for tensor, value in zip(
            call.outputs, call.compute(values, training=training), strict=True
        ):
            values[id(tensor)] = value
    return dict(
        zip(output_names(model), (values[id(tensor)] for tensor in model.outputs), strict=True)
    )


def called(model: keras.Model) -> list[str]:
    return [call.name for call in unfolded_calls(model)]


@pytest.mark.parametrize("graph", graphs.GRAPHS)
def test_one_by_one_they_are_the_model(graph: str) -> None:
    model = graphs.build(graph)
    inputs, *_ = graphs.batches(model)[0]
    found, expected = computed(model, inputs), model(inputs)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-6)
    assert not any(isinstance(call.operation, keras.Model) for call in unfolded_calls(model))
    made = [id(tensor) for call in unfolded_calls(model) for tensor in call.outputs]
    assert len(made) == len(set(made))


def outer(call: Callable, shape: tuple[int, ...] = (4,), dtype: str = "float32") -> keras.Model:
    given = keras.Input(shape, dtype=dtype, name="given")
    return keras.Model({"given": given}, {"y": call(given)})


def inner(layer: keras.layers.Layer, shape: tuple[int, ...] = (4,)) -> keras.Model:
    given = keras.Input(shape, name="inside")
    return keras.Model(given, layer(given), name="inner")


class Doubled(keras.Model):
    """A functional model that is more than its graph."""

    def call(self, inputs, training=None, mask=None):
        return 2 * super().call(inputs, training=training, mask=mask)


def doubled() -> keras.Model:
    given = keras.Input((4,), name="inside")
    return Doubled(given, layers.Dense(2)(given), name="inner")


def masked(given: keras.KerasTensor) -> keras.KerasTensor:
    mask = keras.ops.greater(given, 0)
    return inner(layers.Reshape((4, 1)))(given, mask=mask)


@pytest.mark.parametrize(
    "model",
    [
        lambda: outer(layers.TimeDistributed(inner(layers.Dense(2)), name="inner"), (3, 4)),
        lambda: outer(doubled()),
        lambda: outer(masked),
        # Of another rank: Keras takes an axis of length 1 away.
        lambda: outer(inner(layers.Dense(2)), (4, 1)),
    ],
    ids=["wrapped", "a subclass", "a mask", "another rank"],
)
def test_a_model_that_is_more_than_its_graph_stays_one_call(
    model: Callable[[], keras.Model],
) -> None:
    model = model()
    assert "inner" in called(model)
    given = {"given": tf.random.stateless_normal((2, *model.inputs[0].shape[1:]), (1, 2))}
    np.testing.assert_allclose(computed(model, given)["y"], model(given)["y"], atol=1e-6)


def test_a_subclass_that_adds_nothing_to_calling_is_seen_through() -> None:
    class Named(keras.Model):
        pass

    given = keras.Input((4,), name="inside")
    assert called(outer(Named(given, layers.Dense(2, name="dense")(given), name="inner"))) == [
        "inner/dense"
    ]


def test_masks_go_into_nested_models_and_come_out() -> None:
    ids = keras.Input((5,), dtype="int32", name="ids")
    vectors = layers.Embedding(9, 3, mask_zero=True, name="words")(ids)
    steps = keras.Input((5, 3))
    reader = keras.Model(steps, layers.LSTM(3, return_sequences=True)(steps), name="reader")
    model = keras.Model(
        {"ids": ids}, {"y": layers.GlobalAveragePooling1D()(reader(vectors)), "z": reader(vectors)}
    )
    given = {"ids": tf.constant([[1, 2, 0, 3, 0], [4, 0, 0, 0, 0]])}
    found, expected = computed(model, given), model(given)
    np.testing.assert_allclose(found["y"], expected["y"], atol=1e-6)
    np.testing.assert_array_equal(found["z"]._keras_mask, given["ids"] != 0)


def test_a_nested_model_casts_what_it_is_handed() -> None:
    model = outer(inner(layers.Dense(2, name="dense")), dtype="int32")
    assert [name.rpartition("/")[2] for name in called(model)] == ["handing", "dense"]
    given = {"given": tf.constant([[1, 2, 3, 4]])}
    np.testing.assert_allclose(computed(model, given)["y"], model(given)["y"], atol=1e-6)


def test_policies_of_layers_stay_their_own() -> None:
    half = layers.Dense(3, dtype="mixed_float16", name="half")
    model = outer(lambda given: inner(layers.Dense(2, name="whole"), (3,))(half(given)))
    given = {"given": tf.random.stateless_normal((2, 4), (1, 2))}
    found, expected = computed(model, given)["y"], model(given)["y"]
    assert found.dtype == expected.dtype == tf.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("explicit", [None, False, True])
@pytest.mark.parametrize("training", [None, False, True])
def test_training_goes_into_nested_models_as_keras_hands_it_on(
    explicit: bool | None, training: bool | None
) -> None:
    chain = keras.Sequential([layers.Dropout(0.5, seed=1)], name="chain")
    nested = inner(chain)
    keywords = {} if explicit is None else {"training": explicit}
    model = outer(lambda given: nested(given, **keywords))
    ones = {"given": tf.ones((50, 4))}
    dropped = (tf.reduce_min(computed(model, ones, training)["y"]) == 0).numpy()
    assert dropped == (tf.reduce_min(model(ones, training=training)["y"]) == 0).numpy()
    assert dropped == bool(explicit if training is None else training)


def test_each_call_of_a_model_has_tensors_of_its_own_and_the_same_places() -> None:
    model = graphs.build("nested_model_on_two_paths")
    own = [call for call in unfolded_calls(model) if call.name == "encoder/shared"]
    assert len(own) == 2
    assert own[0].operation is own[1].operation
    assert own[0].place == own[1].place
    assert own[0].outputs[0] is not own[1].outputs[0]

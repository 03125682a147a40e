"""Reading calls and names from functional graphs."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from mtl.graph.calls import calls, graph_of, input_names, output_names, wrapped_graph


def shared_dense() -> keras.Model:
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    dense = keras.layers.Dense(2, name="dense")
    total = keras.ops.add(dense(left), dense(right))
    return keras.Model({"l": left, "r": right}, {"zeta": total, "alpha": dense(left)})


def test_each_call_of_a_shared_layer_is_a_call_of_its_own() -> None:
    found = calls(shared_dense())
    assert [call.operation.name for call in found].count("dense") == 3
    assert len(found) == 4


def test_calls_come_after_what_they_read() -> None:
    model = shared_dense()
    known = {id(tensor) for tensor in model.inputs}
    for call in calls(model):
        assert all(id(tensor) in known for tensor in call.inputs)
        known |= {id(tensor) for tensor in call.outputs}
    assert all(id(tensor) in known for tensor in model.outputs)


def test_computing_the_calls_in_order_is_the_model() -> None:
    model = shared_dense()
    given = {name: tf.random.stateless_normal((4, 3), (1, 2)) for name in ("l", "r")}
    values = {
        id(tensor): given[name]
        for name, tensor in zip(input_names(model), model.inputs, strict=True)
    }
    for call in calls(model):
        for tensor, value in zip(call.outputs, call.compute(values), strict=True):
            values[id(tensor)] = value
    expected = model(given)
    for name, tensor in zip(output_names(model), model.outputs, strict=True):
        np.testing.assert_allclose(values[id(tensor)], expected[name])


def test_training_reaches_layers_that_were_built_for_inference() -> None:
    given = keras.Input((1000,))
    model = keras.Model(given, keras.layers.Dropout(0.5, seed=1)(given))
    (call,) = calls(model)
    ones = {id(model.inputs[0]): tf.ones((1, 1000))}
    assert float(tf.reduce_mean(tf.cast(call.compute(ones)[0] == 1, tf.float32))) == 1.0
    dropped = call.compute(ones, training=True)[0]
    assert set(np.unique(dropped)) == {0.0, 2.0}


def test_names_of_a_dict_are_its_keys() -> None:
    model = shared_dense()
    named = dict(zip(output_names(model), model.outputs, strict=True))
    assert named["zeta"] is model.output["zeta"]
    assert named["alpha"] is model.output["alpha"]
    assert sorted(input_names(model)) == ["l", "r"]


def test_names_of_a_list_are_its_layers() -> None:
    given = keras.Input((3,), name="given")
    heads = [keras.layers.Dense(1, name=name)(given) for name in ("zeta", "alpha")]
    model = keras.Model(given, heads)
    assert output_names(model) == ["zeta", "alpha"]
    assert input_names(model) == ["given"]


def test_the_graph_in_a_model_a_wrapper_or_nothing() -> None:
    model = shared_dense()
    assert graph_of(model) is model
    chain = keras.Sequential([keras.layers.Dense(2, name="dense")])
    assert graph_of(chain) is None
    frames = keras.Input((5, 3))
    wrapper = keras.layers.TimeDistributed(chain)
    wrapper(frames)
    inside = wrapped_graph(wrapper)
    assert inside is graph_of(chain)
    assert [call.operation.name for call in calls(inside)] == ["dense"]
    assert wrapped_graph(keras.layers.TimeDistributed(keras.layers.Dense(2))) is None
    assert graph_of(keras.layers.Dense(2)) is None


def test_what_a_call_is_called_on_and_when() -> None:
    elsewhere, given = keras.Input((3,), name="elsewhere"), keras.Input((3,), name="given")
    dense = keras.layers.Dense(2)
    dense(elsewhere)
    (call,) = calls(keras.Model(given, dense(inputs=given)))
    assert call.argument is given
    assert call.position == 1

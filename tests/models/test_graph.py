"""What the graph builder can express, with numbers worked out by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import mtl
from mtl.config.check.signature import is_handed_in
from mtl.config.compose import plain
from mtl.errors import ConfigError
from mtl.models.graph import graph
from mtl.training.building import build_graph

MATRIX = np.arange(6, dtype="float32").reshape(2, 3)


def computed(expression: str, **values):
    """Return what a graph of one expression gives for inputs, whose first axis is the batch."""
    model = graph(
        inputs={n: {"shape": list(v.shape[1:]), "dtype": str(v.dtype)} for n, v in values.items()},
        outputs={"y": expression},
    )
    found = model(values)["y"]
    told = model.output["y"].shape
    assert [size or real for size, real in zip(told, found.shape, strict=True)] == [*found.shape]
    return keras.ops.convert_to_numpy(found)


def test_dot_multiplies_matrices():
    # (2, 3) · (3, 4): rows of x times columns of a constant matrix.
    product = computed("matmul(x, reshape(arange(12), (3, 4)))", x=MATRIX)
    assert product.tolist() == [[20, 23, 26, 29], [56, 68, 80, 92]]
    assert computed("dot(x, ones([3, 4]))", x=MATRIX).tolist() == [[3] * 4, [12] * 4]
    assert computed("x @ transpose(array([[1.0, 0.0, 2.0]]))", x=MATRIX).tolist() == [[4], [13]]


def test_dot_multiplies_a_tensor_of_three_axes_by_a_matrix():
    x = np.arange(2 * 3 * 4, dtype="float32").reshape(2, 3, 4)
    found = computed("dot(x, ones([4, 5]))", x=x)
    assert found.shape == (2, 3, 5)
    assert found[0, :, 0].tolist() == [6, 22, 38]


def test_batch_dot_of_vectors_is_their_scalar_product():
    x, y = (np.random.default_rng(seed).normal(size=(32, 20)).astype("float32") for seed in (0, 1))
    model = graph(
        inputs={"x": {"shape": [20]}, "y": {"shape": [20]}},
        layers={"product": {"type": "Dot", "axes": 1}},
        outputs={"layer": "product([x, y])", "operation": "sum(x * y, axis=1, keepdims=True)"},
    )
    found = model({"x": x, "y": y})
    assert found["layer"].shape == found["operation"].shape == (32, 1)
    np.testing.assert_allclose(found["layer"][:, 0], np.diag(x @ y.T), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["operation"], found["layer"], rtol=1e-4, atol=1e-5)


def test_batch_dot_over_chosen_axes():
    # Axis 1 of (100, 20) with axis 2 of (100, 30, 20).
    random = np.random.default_rng(0)
    x = random.normal(size=(100, 20)).astype("float32")
    y = random.normal(size=(100, 30, 20)).astype("float32")
    model = graph(
        inputs={"x": {"shape": [20]}, "y": {"shape": [30, 20]}},
        layers={"product": {"type": "Dot", "axes": [1, 2]}},
        outputs={"layer": "product([x, y])", "operation": "einsum('bi,bji->bj', x, y)"},
    )
    found = model({"x": x, "y": y})
    assert found["layer"].shape == (100, 30)
    expected = [[x[b] @ y[b, j] for j in range(30)] for b in range(100)]
    np.testing.assert_allclose(found["layer"], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["operation"], expected, rtol=1e-4, atol=1e-5)


def test_one_hot():
    ids = np.array([[0, 2], [1, 0]], "int32")
    assert computed("one_hot(ids, 3)", ids=ids).tolist() == [
        [[1, 0, 0], [0, 0, 1]],
        [[0, 1, 0], [1, 0, 0]],
    ]


def test_permute_dimensions():
    x = np.arange(24, dtype="float32").reshape(2, 3, 4)
    found = computed("transpose(x, (0, 2, 1))", x=x)
    assert found.shape == (2, 4, 3)
    assert found[1, 3].tolist() == [15, 19, 23]
    back = computed("transpose(transpose(x, [2, 0, 1]), [1, 2, 0])", x=x)
    assert back.tolist() == x.tolist()


def test_expand_dims_and_squeeze():
    assert computed("expand_dims(x, axis=1)", x=MATRIX).shape == (2, 1, 3)
    assert computed("x[..., None]", x=MATRIX).shape == (2, 3, 1)
    assert computed("squeeze(x, axis=1)", x=MATRIX[:, None]).tolist() == MATRIX.tolist()


def test_gather_of_rows_and_columns():
    x = np.array([[10, 11, 12], [20, 21, 22], [30, 31, 32]], "float32")
    rows = computed("take(x, [0, 2], axis=1)", x=x[None])
    assert rows.tolist() == [[[10, 11, 12], [30, 31, 32]]]
    assert computed("take(x, [2, 0], axis=1)", x=x).tolist() == [[12, 10], [22, 20], [32, 30]]
    assert computed("x[:, 1]", x=x).tolist() == [11, 21, 31]
    column = np.array([[2], [0], [1]], "int32")
    found = computed("take_along_axis(x, column, axis=1)", x=x, column=column)
    assert found.tolist() == [[12], [20], [31]]


def test_absolute_values_and_a_constant_vector_times_a_matrix():
    x, y = np.array([[1.0, -2.0]], "float32"), np.array([[-3.0, 4.0]], "float32")
    assert computed("abs(x)", x=x).tolist() == [[1, 2]]
    assert computed("abs(x) + abs(y)", x=x, y=y).tolist() == [[4, 6]]
    matrix = np.array([[[1, 2], [3, 4], [5, 6]]], "float32")
    assert computed("array([1.0, 10.0, 100.0]) @ matrix", matrix=matrix).tolist() == [[531, 642]]


def test_a_layer_that_is_named_twice_is_shared():
    model = graph(
        inputs={"x": {"shape": [3]}, "y": {"shape": [3]}},
        layers={"both": {"type": "Dense", "units": 2}},
        nodes={"first": "both(x)", "second": "both(y)"},
        outputs={"distance": "sum(square(first - second), axis=-1, keepdims=True)"},
    )
    assert [weight.path for weight in model.weights] == ["both/kernel", "both/bias"]
    assert model({"x": MATRIX, "y": MATRIX})["distance"].numpy().tolist() == [[0], [0]]


def test_nested_graphs_take_and_give_several_tensors_and_may_be_shared(tmp_path):
    pair = {
        "type": "graph",
        "inputs": {"left": {"shape": [3]}, "right": {"shape": [3]}},
        "layers": {"scale": {"type": "Dense", "units": 3, "kernel_initializer": "identity"}},
        "nodes": {"scaled_right": "2 * scale(right)"},
        "outputs": {"sum": "scale(left) + scaled_right", "difference": "left - scaled_right"},
    }
    model = graph(
        inputs={"x": {"shape": [3]}, "y": {"shape": [3]}},
        layers={"pair": pair},
        nodes={"one": "pair(x, y)", "other": "pair(right=x, left=y)"},
        outputs={"y_1": "one['sum'] + other['difference']", "y_2": "other['sum']"},
    )
    assert [weight.path for weight in model.weights] == ["scale/kernel", "scale/bias"]
    given = {"x": MATRIX, "y": np.ones((2, 3), "float32")}
    expected = {"y_1": (MATRIX + 2) + (1 - 2 * MATRIX), "y_2": 1 + 2 * MATRIX}
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    for each in (model, loaded):
        for name, value in each(given).items():
            np.testing.assert_allclose(value, expected[name])


def test_wrappers_hold_layers_by_name_or_inline():
    model = graph(
        inputs={"x": {"shape": [4, 3]}},
        layers={
            "dense": {"type": "Dense", "units": 2},
            "each": {"type": "TimeDistributed", "layer": "dense"},
            "both_ways": {"type": "Bidirectional", "layer": {"type": "mtl>LSTM", "units": 5}},
            "cells": {
                "type": "RNN",
                "cell": {"type": "StackedRNNCells", "cells": ["cell", "cell_2"]},
            },
            "cell": {"type": "GRUCell", "units": 3},
            "cell_2": {"type": "GRUCell", "units": 2},
        },
        outputs={"a": "each(x)", "b": "dense(x[:, 0])", "c": "both_ways(x)", "d": "cells(x)"},
    )
    assert {name: tensor.shape for name, tensor in model.output.items()} == {
        "a": (None, 4, 2),
        "b": (None, 2),
        "c": (None, 10),
        "d": (None, 2),
    }
    assert model.get_layer("each").layer is model.get_layer("dense")
    found = model({"x": np.ones((1, 4, 3), "float32")})
    np.testing.assert_allclose(found["a"][:, 0], found["b"], rtol=1e-6)


def test_layers_and_functions_of_a_plugin_are_found():
    @keras.saving.register_keras_serializable("shop")
    class Basket(keras.layers.Layer):
        def call(self, items):
            return keras.ops.sum(items, axis=-1, keepdims=True)

    @keras.saving.register_keras_serializable("shop")
    def with_tax(price):
        return price * 1.5

    try:
        model = graph(
            inputs={"items": {"shape": [3]}},
            layers={"basket": {"type": "shop>Basket"}},
            outputs={"price": "with_tax(basket(items))"},
        )
        assert model({"items": MATRIX})["price"].numpy().tolist() == [[4.5], [18]]
    finally:
        for name in ("shop>Basket", "shop>with_tax"):
            keras.saving.get_custom_objects().pop(name)


LAYER = """
import keras

@keras.saving.register_keras_serializable("mtl_test_basket")
class Basket(keras.layers.Layer):
    def call(self, items):
        return items * 2
"""


def test_layers_of_an_installed_package_need_no_import_before(install):
    def build():
        return graph(
            inputs={"items": {"shape": [3]}},
            layers={"basket": {"type": "mtl_test_basket>Basket"}},
            outputs={"price": "basket(items)"},
        )

    with pytest.raises(ConfigError, match="'mtl_test_basket>Basket' is not a layer"):
        build()
    install("mtl_test_broken", {"__init__.py": "1 / 0"})
    with pytest.raises(ConfigError, match=r"plugins: The plug-in mtl_test_broken .*ZeroDivision"):
        build()
    install("mtl_test_basket", {"__init__.py": LAYER})
    try:
        assert build()({"items": MATRIX})["price"].numpy().tolist() == (2 * MATRIX).tolist()
    finally:
        keras.saving.get_custom_objects().pop("mtl_test_basket>Basket")


def test_the_same_seed_gives_the_same_weights_before_and_after_a_plugin_is_imported(install):
    def weights():
        keras.utils.set_random_seed(3)
        model = graph(
            inputs={"items": {"shape": [3]}},
            layers={
                "before": {"type": "Dense", "units": 2},
                "basket": {"type": "mtl_test_seeds>Basket"},
                "after": {"type": "Dense", "units": 2},
            },
            outputs={"price": "after(basket(before(items)))"},
        )
        return [weight.numpy().tolist() for weight in model.weights]

    install("mtl_test_seeds", {"__init__.py": LAYER.replace("mtl_test_basket", "mtl_test_seeds")})
    try:
        assert weights() == weights()
    finally:
        keras.saving.get_custom_objects().pop("mtl_test_seeds>Basket")


def test_installed_packages_are_not_imported_for_a_graph_that_needs_none(install):
    install("mtl_test_needless", {"__init__.py": "1 / 0"})
    graph(inputs={"x": {"shape": [3]}}, outputs={"y": "abs(x)"})
    with pytest.raises(ConfigError) as caught:
        graph(inputs={"x": {"shape": [3]}}, outputs={"y": "x + z"})
    assert [problem.path for problem in caught.value.problems][-1] == "model.outputs.y"
    assert "mtl_test_needless" not in str(caught.value)


def test_operations_are_named_after_their_nodes():
    def named():
        model = graph(
            inputs={"x": {"shape": [3]}, "y": {"shape": [3]}},
            layers={"head": {"type": "Dense", "units": 1}},
            nodes={"both": "abs(x) + abs(y)", "parts": "split(both, 3, axis=1)"},
            outputs={"score": "head(both)", "part": "sigmoid(parts[1])", "same": "both"},
        )
        return [operation.name for operation in model.operations]

    assert set(named()) == {
        *("x", "y", "both_absolute", "both_absolute_2", "both"),
        *("parts", "part", "head"),
    }
    assert named() == named()


def test_initializers_and_regularizers_with_arguments():
    model = graph(
        inputs={"x": {"shape": [3]}},
        layers={
            "a": {
                "type": "Dense",
                "units": 2,
                "kernel_initializer": {"name": "constant", "value": 2.0},
                "bias_initializer": {"class_name": "Constant", "config": {"value": 3.0}},
                "kernel_regularizer": {"name": "l2", "l2": 0.5},
                "kernel_constraint": "non_neg",
                "activation": None,
            }
        },
        outputs={"y": "a(x)"},
    )
    assert model({"x": MATRIX})["y"].numpy().tolist() == [[9, 9], [27, 27]]
    assert float(sum(model.losses)) == 0.5 * 6 * 4


def test_a_graph_is_built_under_mixed_precision_and_with_sizes_that_are_open():
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_float16")
        model = graph(
            inputs={"x": {"shape": [None, 3]}},
            layers={"a": {"type": "Dense", "units": 2}},
            outputs={"y": "cast(mean(a(x), axis=1), 'float32')"},
        )
    finally:
        keras.config.set_dtype_policy(policy)
    assert model.output["y"].dtype == "float32"
    assert model({"x": np.ones((2, 7, 3), "float32")})["y"].shape == (2, 2)


def test_inputs_are_the_configs_and_not_handed_in():
    assert not is_handed_in(graph, "inputs")
    config = plain(mtl.compose("graph_headline"))
    model = build_graph(config, {"main_input": "not read"}, {"main_output": "not read"})
    assert model.count_params() == 5_200_610
    assert {name: tensor.shape for name, tensor in model.input.items()} == {
        "main_input": (None, 100),
        "aux_input": (None, 5),
    }


def test_a_description_that_is_empty_says_what_it_needs():
    with pytest.raises(ConfigError) as caught:
        graph()
    assert [problem.path for problem in caught.value.problems] == ["model.inputs", "model.outputs"]


@pytest.mark.slow
def test_the_experiment_trains(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = mtl.train(mtl.compose("graph_headline", ["debug=true", "data.generator.rows=600"]))
    assert run.results["status"] == "completed"


@pytest.mark.parametrize("expression", ["-(x > 0)", "bitwise_and(x, x)"])
def test_an_operation_that_refuses_the_types_is_a_problem(expression):
    with pytest.raises(ConfigError, match=r"model.outputs.y: .* fails for x .*(bool|float)"):
        graph(inputs={"x": {"shape": [3]}}, outputs={"y": expression})


def test_a_comparison_that_makes_no_numbers_is_a_problem():
    layers = {
        "kept": {"type": "mtl>Exemplars", "count": 2},
        "scores": {"type": "mtl>ElementwiseWeights", "function": "x > exemplar"},
    }
    with pytest.raises(ConfigError, match=r"model.layers.scores: .* which makes bool"):
        graph(inputs={"x": {"shape": [3]}}, layers=layers, outputs={"y": "scores(x, kept(x))"})

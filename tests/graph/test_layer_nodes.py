"""Each call of a layer as a node."""

from __future__ import annotations

import subprocess
import sys

import keras
import pytest
from keras import layers, ops

from mtl.errors import MtlError
from mtl.graph import nodes


@pytest.fixture(scope="module")
def two_sizes() -> keras.Model:
    """The guide's convolution on images of two sizes."""
    small = keras.Input((32, 32, 3), name="small")
    large = keras.Input((64, 64, 3), name="large")
    conv = layers.Conv2D(16, (3, 3), padding="same", name="conv")
    return keras.Model([small, large], [conv(small), conv(large)])


@pytest.fixture(scope="module")
def tweets() -> keras.Model:
    """The guide's shared LSTM, shortened."""
    left, right = keras.Input((28, 256), name="tweet_a"), keras.Input((28, 256), name="tweet_b")
    lstm = layers.LSTM(32, name="lstm")
    merged = layers.Concatenate(name="merged")([lstm(left), lstm(right)])
    return keras.Model(
        {"tweet_a": left, "tweet_b": right}, {"same": layers.Dense(1, name="same")(merged)}
    )


def test_input_shape_of_a_convolution_on_one_size() -> None:
    image = keras.Input((32, 32, 3))
    model = keras.Model(image, layers.Conv2D(16, (3, 3), padding="same", name="conv")(image))
    assert nodes(model).input_shape("conv") == (None, 32, 32, 3)
    assert nodes(model).output_shape("conv") == (None, 32, 32, 16)


def test_shapes_of_a_convolution_on_two_sizes(two_sizes: keras.Model) -> None:
    first, second = nodes(two_sizes).of("conv")
    assert first.input_shape == (None, 32, 32, 3)
    assert second.input_shape == (None, 64, 64, 3)
    assert (first.index, second.index) == (0, 1)
    assert (first.name, second.name) == ("conv[0]", "conv[1]")


@pytest.mark.parametrize("what", ["input_shape", "output_shape"])
def test_the_shape_of_a_convolution_on_two_sizes_is_an_error(
    two_sizes: keras.Model, what: str
) -> None:
    channels = {"input_shape": 3, "output_shape": 16}[what]
    with pytest.raises(MtlError) as caught:
        getattr(nodes(two_sizes), what)("conv")
    assert str(caught.value) == (
        "Layer 'conv' has 2 nodes, one for each call, hence the notion of "
        f'"layer {what.replace("_", " ")}" is ill-defined. Found: '
        f"conv[0] (None, 32, 32, {channels}), conv[1] (None, 64, 64, {channels}). "
        f"Ask for one of them: nodes(model).of('conv')[0].{what}."
    )


def test_the_output_of_a_layer_that_is_called_once() -> None:
    given = keras.Input((28, 256))
    lstm = layers.LSTM(32)
    encoded = lstm(given)
    model = keras.Model(given, encoded)
    assert nodes(model).output(lstm) is encoded
    assert nodes(model).input(lstm) is given


def test_the_output_of_a_layer_that_is_called_twice_is_an_error(tweets: keras.Model) -> None:
    found = nodes(tweets)
    with pytest.raises(MtlError, match=r'Layer \'lstm\' has 2 nodes.*"layer output" is ill-def'):
        found.output("lstm")
    with pytest.raises(MtlError, match=r"lstm\[0\] \(None, 28, 256\), lstm\[1\] .*\[0\].input"):
        found.input("lstm")
    first, second = found.of("lstm")
    assert [first.output, second.output] == list(found.of("merged")[0].input)
    assert first.input is tweets.input["tweet_a"]


def test_shapes_that_agree_are_answered(tweets: keras.Model) -> None:
    assert nodes(tweets).input_shape("lstm") == (None, 28, 256)
    assert nodes(tweets).output_shape("lstm") == (None, 32)


def test_nodes_name_what_they_read(tweets: keras.Model) -> None:
    read = [(node.name, [entry.name for entry in node.inputs]) for node in nodes(tweets)]
    assert read == [
        ("lstm[0]", ["tweet_a"]),
        ("lstm[1]", ["tweet_b"]),
        ("merged", ["lstm[0]", "lstm[1]"]),
        ("same", ["merged"]),
    ]
    assert nodes(tweets).input_shape("merged") == [(None, 32), (None, 32)]
    assert nodes(tweets)[0].outputs[0].dtype == "float32"
    assert len(nodes(tweets)) == 4


def test_calls_in_other_models_do_not_count() -> None:
    elsewhere, given = keras.Input((3,)), keras.Input((3,))
    dense = layers.Dense(2, name="dense")
    dense(elsewhere)
    output = dense(given)
    (node,) = nodes(keras.Model(given, output)).of("dense")
    assert (node.index, node.name, node.output) == (0, "dense", output)


def test_the_order_of_calling_is_kept_where_the_graph_has_another() -> None:
    given = keras.Input((3,), name="given")
    dense = layers.Dense(3, name="dense")
    early = dense(given)
    late = dense(layers.ReLU(name="relu")(given))
    model = keras.Model(given, [late, early])
    assert [node.output for node in nodes(model).of(dense)] == [early, late]
    assert [node.name for node in nodes(model)] == ["relu", "dense[1]", "dense[0]"]


def test_a_layer_applied_to_its_own_output() -> None:
    given = keras.Input((3,), name="given")
    dense = layers.Dense(3, name="dense")
    found = nodes(keras.Model(given, dense(dense(given))))
    assert [[entry.name for entry in node.inputs] for node in found] == [["given"], ["dense[0]"]]


def test_layers_with_several_outputs() -> None:
    given = keras.Input((5, 4), name="given")
    sequence, state, carry = layers.LSTM(2, return_sequences=True, return_state=True, name="lstm")(
        given
    )
    model = keras.Model(given, [layers.Dense(1, name="head")(carry), sequence, state])
    found = nodes(model)
    assert found.output("lstm") == [sequence, state, carry]
    assert found.output_shape("lstm") == [(None, 5, 2), (None, 2), (None, 2)]
    assert [entry.name for entry in found.of("lstm")[0].outputs] == ["lstm:0", "lstm:1", "lstm:2"]
    assert found.of("head")[0].inputs[0].name == "lstm:2"


def test_operations_are_nodes() -> None:
    given = keras.Input((5, 4), name="given")
    model = keras.Model(given, ops.sum(given, axis=1))
    (node,) = nodes(model)
    assert node.layer is model.operations[-1]
    assert (node.input_shape, node.output_shape) == ((None, 5, 4), (None, 4))


def tower() -> keras.Model:
    inside = keras.Input((4,), name="digit")
    outputs = {
        "wide": layers.Dense(3, name="up")(inside),
        "narrow": layers.Dense(1, name="down")(inside),
    }
    return keras.Model({"digit": inside}, outputs, name="tower")


def test_nested_models_are_nodes_with_nodes_inside() -> None:
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    shared = tower()
    first, second = shared({"digit": left}), shared({"digit": right})
    model = keras.Model([left, right], ops.add(first["wide"], second["narrow"]))
    found = nodes(model)
    assert [node.name for node in found.of("tower")] == ["tower[0]", "tower[1]"]
    assert [entry.name for entry in found.of("tower")[1].outputs] == [
        "tower[1]:narrow",
        "tower[1]:wide",
    ]
    assert {node.name for node in found.of("tower")[0].inside or ()} == {"up", "down"}
    assert found.output_shape("tower/up") == (None, 3)
    assert found.of(shared.get_layer("up"))[0].inputs[0].name == "digit"
    with pytest.raises(MtlError, match="Did you mean 'tower/down'"):
        found.of("tower/dwn")


def test_models_in_wrappers_and_sequential_models_have_nodes_inside() -> None:
    chain = keras.Sequential([layers.Dense(2, name="dense")], name="chain")
    frames = keras.Input((7, 4), name="frames")
    model = keras.Model(frames, layers.TimeDistributed(chain, name="each")(frames))
    assert nodes(model).output_shape("each") == (None, 7, 2)
    assert nodes(model).output_shape("each/dense") == (None, 2)
    assert nodes(chain)[0].inputs[0].name == "input"


def test_layers_that_are_not_there(tweets: keras.Model) -> None:
    with pytest.raises(MtlError, match=r"calls no layer 'lstn'. Did you mean 'lstm'"):
        nodes(tweets).output("lstn")
    with pytest.raises(MtlError, match="'tweet_a' is an input of the model"):
        nodes(tweets).of("tweet_a")
    with pytest.raises(MtlError, match="calls no layer 'other'"):
        nodes(tweets).of(layers.Dense(1, name="other"))


def test_models_without_a_graph_are_refused() -> None:
    with pytest.raises(MtlError, match="Expected a functional"):
        nodes(keras.Sequential([layers.Dense(1)]))


def test_nodes_of_a_loaded_model(tmp_path, two_sizes: keras.Model) -> None:
    two_sizes.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    shapes = [node.input_shape for node in nodes(loaded).of("conv")]
    assert shapes == [(None, 32, 32, 3), (None, 64, 64, 3)]


def test_importing_the_package_imports_no_tensorflow() -> None:
    code = "import sys, mtl.graph; print({'keras', 'tensorflow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_package_has_no_other_names() -> None:
    import mtl.graph

    with pytest.raises(AttributeError, match="no attribute 'nodez'"):
        mtl.graph.nodez  # noqa: B018


def test_printing_shows_a_line_for_each_node_and_those_inside_indented():
    image = keras.Input((8,), name="image")
    tower = keras.Model(image, layers.Dense(4, name="dense")(image), name="tower")
    left, right = keras.Input((8,), name="left"), keras.Input((8,), name="right")
    joined = layers.Concatenate(name="joined")([tower(left), tower(right)])
    found = nodes(keras.Model([left, right], joined))
    assert str(found).splitlines() == [
        "tower[0]: left (None, 8) → (None, 4)",
        "  dense: image (None, 8) → (None, 4)",
        "tower[1]: right (None, 8) → (None, 4)",
        "joined: tower[0] (None, 4), tower[1] (None, 4) → (None, 8)",
    ]
    assert repr(found.of("joined")) == (
        "[<LayerNode joined: tower[0] (None, 4), tower[1] (None, 4) → (None, 8)>]"
    )

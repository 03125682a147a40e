import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.layers.value_iteration import ValueIteration


def maps(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def layer(iterations=3, channels=4, **options):
    keras.utils.set_random_seed(1)
    normal = keras.initializers.RandomNormal
    return ValueIteration(
        iterations, channels, reward_initializer=normal(), value_initializer=normal(), **options
    )


def by_loops(reward, reward_kernel, value_kernel, iterations):
    """The definition: every map, cell, channel and neighbour in turn; outside there is 0."""

    def correlate(values, kernel):
        padded = np.pad(values, ((0, 0), (1, 1), (1, 1)))
        batch, height, width = values.shape
        result = np.zeros((batch, height, width, kernel.shape[-1]))
        for row in range(height):
            for column in range(width):
                around = padded[:, row : row + 3, column : column + 3]
                result[:, row, column] = np.einsum("bij,ija->ba", around, kernel[:, :, 0])
        return result

    from_reward = q = correlate(reward[..., 0], reward_kernel)
    for _ in range(iterations):
        q = from_reward + correlate(q.max(axis=-1), value_kernel)
    return q


@pytest.mark.parametrize("form", ["flat", "convolution"])
@pytest.mark.parametrize(("height", "width", "iterations"), [(4, 7, 1), (6, 3, 5), (1, 1, 2)])
def test_is_value_iteration(form, height, width, iterations):
    plan = layer(iterations, form=form)
    reward = maps(3, height, width, 1)
    found = np.asarray(plan(reward))
    kernels = [np.asarray(weight) * 20 for weight in plan.weights]
    plan.set_weights(kernels)
    np.testing.assert_allclose(
        plan(reward), by_loops(reward, *kernels, iterations), rtol=2e-4, atol=1e-4
    )
    assert not np.allclose(found, plan(reward))


def test_a_value_goes_one_cell_an_iteration():
    """Every value is the best of the neighbours', so a reward of 1 spreads as a square of ones."""
    reward = np.zeros((1, 7, 7, 1), np.float32)
    reward[0, 3, 3] = 1
    own = np.zeros((3, 3, 1, 9), np.float32)
    own[1, 1] = 1
    neighbour = np.eye(9, dtype=np.float32).reshape(3, 3, 1, 9)
    for iterations in (1, 2, 3):
        plan = ValueIteration(iterations, 9)
        plan.build(reward.shape)
        plan.set_weights([own, neighbour])
        value = np.asarray(plan(reward)).max(axis=-1)[0]
        rows, columns = np.indices((7, 7))
        reached = np.maximum(abs(rows - 3), abs(columns - 3)) <= iterations
        np.testing.assert_array_equal(value > 0, reached)


def gradients(plan, reward, weights):
    with tf.GradientTape() as tape:
        reward = tf.convert_to_tensor(reward)
        tape.watch(reward)
        total = tf.reduce_sum(tf.sin(plan(reward)) * weights)
    return tape.gradient(total, [reward, *plan.trainable_weights])


def test_forms_have_the_same_outputs_and_gradients():
    flat, convolution = layer(12, 10), layer(12, 10, form="convolution")
    reward, weights = maps(5, 8, 6, 1), maps(5, 8, 6, 10)
    flat.build(reward.shape)
    convolution.build(reward.shape)
    flat.set_weights([weight * 6 for weight in flat.get_weights()])
    convolution.set_weights(flat.get_weights())
    np.testing.assert_allclose(flat(reward), convolution(reward), rtol=1e-4, atol=1e-4)
    pairs = zip(
        gradients(flat, reward, weights), gradients(convolution, reward, weights), strict=True
    )
    for own, other in pairs:
        assert abs(np.asarray(other)).max() > 0.1
        np.testing.assert_allclose(own, other, rtol=2e-4, atol=2e-4)


def test_channels_that_tie_share_the_gradient():
    """Far from a sparse reward all channels are 0, and so they are where a reward has no reach."""
    flat, convolution = layer(6, 5), layer(6, 5, form="convolution")
    reward = np.zeros((2, 9, 8, 1), np.float32)
    reward[:, 1, 2] = 1
    weights = maps(2, 9, 8, 5)
    flat.build(reward.shape)
    convolution.build(reward.shape)
    own, values = flat.get_weights()
    own[..., :2] = own[..., 3:] * 5
    values[..., :2] = values[..., 3:] * 5  # the first two channels are like the last two
    own[..., 3:], values[..., 3:] = own[..., :2], values[..., :2]
    for each in (flat, convolution):
        each.set_weights([own, values])
    pairs = zip(
        gradients(flat, reward, weights), gradients(convolution, reward, weights), strict=True
    )
    for found, expected in pairs:
        assert abs(np.asarray(expected)).max() > 0.01
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_written_gradient_is_that_of_small_differences():
    plan = layer(4, 3, dtype="float64")
    reward, weights = maps(2, 3, 4, 1).astype("float64"), maps(2, 3, 4, 3).astype("float64")
    plan.build(reward.shape)
    plan.set_weights([weight * 10 for weight in plan.get_weights()])
    for variable, gradient in zip(
        plan.trainable_weights, gradients(plan, reward, weights)[1:], strict=True
    ):
        value = np.asarray(variable)
        for place in [(0, 0, 0, 0), (1, 2, 0, 1), (2, 1, 0, 2)]:
            totals = []
            for step in (1e-6, -1e-6):
                moved = value.copy()
                moved[place] += step
                variable.assign(moved)
                totals.append(float(tf.reduce_sum(tf.sin(plan(reward)) * weights)))
            variable.assign(value)
            slope = (totals[0] - totals[1]) / 2e-6
            np.testing.assert_allclose(gradient[place], slope, rtol=1e-5, atol=1e-8)


def test_works_without_known_sizes_and_under_xla():
    plan = layer(5)
    reward = maps(3, 5, 6, 1)
    expected = np.asarray(plan(reward))
    anything = tf.function(plan, input_signature=[tf.TensorSpec((None, None, None, 1))])
    np.testing.assert_allclose(anything(reward), expected, rtol=1e-5)
    np.testing.assert_allclose(anything(reward[:2, :4]), plan(reward[:2, :4]), rtol=1e-5)
    compiled = tf.function(lambda values: gradients(plan, values, 1.0), jit_compile=True)
    for own, other in zip(compiled(reward), gradients(plan, reward, 1.0), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", ["flat", "convolution"])
def test_is_saved_loaded_and_mixed(form, tmp_path):
    same = {"reward_initializer": "ones", "value_initializer": "zeros"}
    reward = np.round(maps(2, 4, 5, 1))
    config = ValueIteration(2, 3, form, dtype="float32", **same)
    direct = np.asarray(config(reward))
    model = keras.Sequential([keras.Input((None, None, 1)), config])
    assert model.output_shape == (None, None, None, 3)
    model.save(tmp_path / "plan.keras")
    loaded = keras.models.load_model(tmp_path / "plan.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(loaded(reward)), direct)
    assert loaded.layers[-1].get_config() == config.get_config()
    mixed = ValueIteration(2, 3, form, dtype="mixed_float16", **same)
    assert mixed(reward).dtype == "float16"
    np.testing.assert_array_equal(np.asarray(mixed(reward)), direct)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"iterations": 0}, "iterations=0"),
        ({"iterations": 3, "channels": 0}, "channels=0"),
        ({"iterations": 3, "form": "round"}, "form='round'"),
    ],
)
def test_refuses_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        ValueIteration(**arguments)


def test_refuses_maps_of_several_channels():
    with pytest.raises(ValueError, match=r"height, width, 1\).*Received.*2, 3, 3, 2"):
        ValueIteration(1)(maps(2, 3, 3, 2))

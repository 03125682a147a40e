"""The LSTM's loop compiled by itself against the plain one."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import tensorflow as tf

from mtl.layers.recurrence import Loop, compiled_apart, recurrence

TIME, BATCH, UNITS = 6, 4, 3


def given() -> list[tf.Tensor]:
    random = np.random.default_rng(0)
    shapes = [(TIME, BATCH, 4 * UNITS), (UNITS, 4 * UNITS), (BATCH, UNITS), (BATCH, UNITS)]
    return [tf.constant(random.normal(size=shape), tf.float32) for shape in shapes]


def results_and_gradients(mask: tf.Tensor | None) -> list[tf.Tensor]:
    """The hidden states, the last carry, and the gradients of a sum of their sines."""

    def compute() -> list[tf.Tensor]:
        values = given()
        with tf.GradientTape() as tape:
            tape.watch(values)
            returned = recurrence(*values, mask)
            total = sum(tf.reduce_sum(tf.sin(3 * value)) for value in returned)
        return [*returned, *tape.gradient(total, values)]

    return tf.function(compute, autograph=False)()


def by_hand() -> np.ndarray:
    """The hidden states, from the equations."""

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    projected, kernel, hidden, carry = (value.numpy().astype(float) for value in given())
    hiddens = []
    for step in projected:
        i, f, g, o = np.split(step + hidden @ kernel, 4, axis=1)
        carry = sigmoid(f) * carry + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(carry)
        hiddens.append(hidden)
    return np.stack(hiddens)


def test_hidden_states_are_those_of_the_equations() -> None:
    np.testing.assert_allclose(recurrence(*given(), None)[0], by_hand(), atol=1e-6)


@pytest.mark.parametrize("masked", [False, True])
def test_compiled_apart_is_the_same_function(masked: bool) -> None:
    counts = np.random.default_rng(1).random((TIME, BATCH, 1)) < 0.6
    mask = tf.constant(counts) if masked else None
    expected = results_and_gradients(mask)
    with compiled_apart():
        found = results_and_gradients(mask)
    for value, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, other, atol=2e-6)


def test_only_what_is_traced_inside_is_compiled_apart() -> None:
    def compiled() -> bool:
        graph = tf.function(lambda: recurrence(*given(), None), autograph=False)
        definition = graph.get_concrete_function().graph.as_graph_def()
        return any("_XlaMustCompile" in node.attr for node in definition.node)

    with compiled_apart():
        assert compiled()
    assert not compiled()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("apart", [False, True])
def test_one_loop_back_for_several_losses_gives_what_a_loop_for_each_gives(
    apart: bool, masked: bool
) -> None:
    random = np.random.default_rng(0)
    losses = 2
    projected, kernel, hidden, carry = given()
    mask = tf.constant(random.random((TIME, BATCH, 1)) < 0.6) if masked else None
    d_hiddens = tf.constant(random.normal(size=(TIME, losses, BATCH, UNITS)), tf.float32)

    @tf.function(autograph=False)
    def both() -> tuple[tf.Tensor, tf.Tensor]:
        loops: list[Loop] = []
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(projected)
            hiddens, _ = recurrence(projected, kernel, hidden, carry, mask, loops)
        each = [
            tape.gradient(hiddens, projected, output_gradients=d_hiddens[:, k])
            for k in range(losses)
        ]
        return loops[0].back(d_hiddens), tf.stack(each, axis=1)

    with compiled_apart() if apart else nullcontext():
        at_once, expected = both()
    np.testing.assert_allclose(at_once, expected, rtol=1e-5, atol=1e-6)

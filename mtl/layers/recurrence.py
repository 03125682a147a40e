"""The loop of an LSTM over time, with its gradient written out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import tensorflow as tf

_compiled_apart: ContextVar[bool] = ContextVar("compiled_apart", default=False)


@contextmanager
def compiled_apart() -> Iterator[None]:
    """Have XLA compile each loop by itself where a graph is traced that it does not compile whole.

    TensorFlow then runs loops that do not depend on each other at the same time, one a core. Inside
    one compiled graph they run one after the other.
    """
    token = _compiled_apart.set(True)
    try:
        yield
    finally:
        _compiled_apart.reset(token)


@dataclass(frozen=True, eq=False)
class Loop:
    """One run of the loop, to be gone back through for several losses at once.

    Attributes:
        hiddens: The hidden state after each step, shape `(time, batch, units)`.
        before: That before each step, of the same shape.
        back: Returns the gradients of the projected steps, shape `(time, K, batch, 4 × units)`,
            from K gradients of `hiddens`, shape `(time, K, batch, units)`, in one loop.
    """

    hiddens: tf.Tensor
    before: tf.Tensor
    back: Callable[[tf.Tensor], tf.Tensor]


def recurrence(
    projected: tf.Tensor,
    kernel: tf.Tensor,
    hidden: tf.Tensor,
    carry: tf.Tensor,
    mask: tf.Tensor | None,
    loops: list[Loop] | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Run the LSTM over projected steps.

    With a = projected[t] + h[t-1] U, split into i, f, g, o:

        c[t] = σ(f) c[t-1] + σ(i) tanh(g)        h[t] = σ(o) tanh(c[t])

    The kernel's gradient is one matrix product after the backward loop.

    Args:
        projected: Shape `(time, batch, 4 × units)`.
        kernel: The recurrent kernel U, shape `(units, 4 × units)`.
        hidden: The first hidden state, shape `(batch, units)`.
        carry: The first carry, shape `(batch, units)`.
        mask: Shape `(time, batch, 1)`, or none where every step counts. A step that is false leaves
            the state as it was.
        loops: Where the run is put down, for those who go back through it by themselves.

    Returns:
        The hidden state after each step, shape `(time, batch, units)`, and the last carry.
    """
    apart = _compiled_apart.get()
    run_forward = _forward_compiled if apart else _forward
    run_backward = _backward_compiled if apart else _backward
    runs: list[tuple[tf.Tensor, ...]] = []

    @tf.custom_gradient
    def run(
        projected: tf.Tensor, kernel: tf.Tensor, hidden: tf.Tensor, carry: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, tf.Tensor], Any]:
        # A persistent tape would have the compiled loop hand out all that its own gradient needs,
        # which XLA cannot; the gradient is written out below.
        hiddens, carries, gates = run_forward(
            tf.stop_gradient(projected),
            tf.stop_gradient(kernel),
            tf.stop_gradient(hidden),
            tf.stop_gradient(carry),
            mask,
        )
        runs.append((hiddens, carries, gates))

        def gradient(d_hiddens: tf.Tensor, d_last_carry: tf.Tensor) -> tuple[tf.Tensor, ...]:
            d_projected, d_hidden, d_carry = run_backward(
                kernel, carry, carries, gates, d_hiddens, d_last_carry, mask
            )
            units = kernel.shape[0]
            before = tf.concat((hidden[tf.newaxis], hiddens[:-1]), axis=0)
            d_kernel = tf.matmul(
                tf.reshape(before, (-1, units)),
                tf.reshape(d_projected, (-1, 4 * units)),
                transpose_a=True,
            )
            return d_projected, d_kernel, d_hidden, d_carry

        return (hiddens, carries[-1]), gradient

    made = cast(tuple[tf.Tensor, tf.Tensor], run(projected, kernel, hidden, carry))
    if loops is not None:
        ((hiddens, carries, gates),) = runs

        def back(d_hiddens: tf.Tensor) -> tf.Tensor:
            unmoved = tf.zeros_like(d_hiddens[0])
            return run_backward(kernel, carry, carries, gates, d_hiddens, unmoved, mask)[0]

        before = tf.concat((hidden[tf.newaxis], hiddens[:-1]), axis=0)
        loops.append(Loop(made[0], before, back))
    return made


def _forward(
    projected: tf.Tensor,
    kernel: tf.Tensor,
    hidden: tf.Tensor,
    carry: tf.Tensor,
    mask: tf.Tensor | None,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return after each step the hidden state, the carry and the gates σ(i), σ(f), tanh(g), σ(o).

    As σ(x) = ½ + ½ tanh(½x), one tanh makes all gates: twice as fast as XLA's sigmoids.
    """
    units = kernel.shape[0]
    scale, shift = _as_tanh(units, projected.dtype)
    array = _Arrays(projected)
    steps = array.read(projected)

    def step(time: Any, *loop: Any) -> tuple[Any, ...]:
        hidden, carry, hiddens, carries, gates = loop
        mixed = steps.read(time) + tf.matmul(hidden, kernel)
        opened = tf.tanh(mixed * scale) * scale + shift
        i, f, g, o = tf.split(opened, 4, axis=1)
        new_carry = f * carry + i * g
        new_hidden = o * tf.tanh(new_carry)
        if mask is not None:
            new_carry = tf.where(mask[time], new_carry, carry)
            new_hidden = tf.where(mask[time], new_hidden, hidden)
        hiddens = hiddens.write(time, new_hidden)
        carries = carries.write(time, new_carry)
        return time + 1, new_hidden, new_carry, hiddens, carries, gates.write(time, opened)

    *_, hiddens, carries, gates = tf.while_loop(
        lambda time, *_: time < array.length,
        step,
        (0, hidden, carry, array.new(units), array.new(units), array.new(4 * units)),
        maximum_iterations=array.length,
    )
    return hiddens.stack(), carries.stack(), gates.stack()


def _backward(
    kernel: tf.Tensor,
    carry: tf.Tensor,
    carries: tf.Tensor,
    gates: tf.Tensor,
    d_hiddens: tf.Tensor,
    d_last_carry: tf.Tensor,
    mask: tf.Tensor | None,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the gradients of the projected steps and of the first hidden state and carry.

    `d_hiddens` and `d_last_carry` may be those of several losses, stacked before the batch.
    """
    scale, shift = _as_tanh(kernel.shape[0], gates.dtype)
    array = _Arrays(gates)
    gate_steps, d_hidden_steps = array.read(gates), array.read(d_hiddens)
    carry_steps = array.read(tf.concat((carry[tf.newaxis], carries[:-1]), axis=0))
    squashed_steps = array.read(tf.tanh(carries))
    transposed = tf.transpose(kernel)

    def step(time: Any, d_hidden: Any, d_carry: Any, d_projected: Any) -> tuple[Any, ...]:
        opened = gate_steps.read(time)
        i, f, g, o = tf.split(opened, 4, axis=-1)
        squashed = squashed_steps.read(time)
        d_hidden += d_hidden_steps.read(time)
        kept_hidden, kept_carry = tf.zeros_like(d_hidden), tf.zeros_like(d_carry)
        if mask is not None:
            kept_hidden = tf.where(mask[time], kept_hidden, d_hidden)
            kept_carry = tf.where(mask[time], kept_carry, d_carry)
            d_hidden, d_carry = d_hidden - kept_hidden, d_carry - kept_carry
        d_carry += d_hidden * o * (1 - squashed * squashed)
        d_gates = (d_carry * g, d_carry * carry_steps.read(time), d_carry * i, d_hidden * squashed)
        slope = scale * scale - tf.square(opened - shift)
        d_mixed = tf.concat(d_gates, axis=-1) * slope
        return (
            time - 1,
            tf.matmul(d_mixed, transposed) + kept_hidden,
            d_carry * f + kept_carry,
            d_projected.write(time, d_mixed),
        )

    _, d_hidden, d_carry, d_projected = tf.while_loop(
        lambda time, *_: time >= 0,
        step,
        (
            array.length - 1,
            tf.zeros_like(d_last_carry),
            d_last_carry,
            array.new(gates.shape[2], d_last_carry.shape[:-1]),
        ),
        maximum_iterations=array.length,
    )
    return d_projected.stack(), d_hidden, d_carry


_forward_compiled: Callable[..., Any] = tf.function(_forward, jit_compile=True, autograph=False)
_backward_compiled: Callable[..., Any] = tf.function(_backward, jit_compile=True, autograph=False)


def _as_tanh(units: int, dtype: tf.DType) -> tuple[tf.Tensor, tf.Tensor]:
    """Return what makes each gate's activation `tanh(scale · x) · scale + shift`."""
    sigmoid, tanh = [0.5] * units, [1.0] * units
    scale = np.array([*sigmoid, *sigmoid, *tanh, *sigmoid])
    return tf.constant(scale, dtype), tf.constant(np.where(scale == 1.0, 0.0, scale), dtype)


class _Arrays:
    """Makes the loop's tensor arrays: one entry a time step, each of shape `(batch, width)`.

    Args:
        like: A tensor of shape `(time, batch, …)`.
    """

    def __init__(self, like: tf.Tensor) -> None:
        self.dtype, self.batch = like.dtype, like.shape[1]
        self.length = like.shape[0] or tf.shape(like)[0]

    def new(self, width: int, rows: Sequence[int | None] | None = None) -> tf.TensorArray:
        shape = (*((self.batch,) if rows is None else rows), width)
        return tf.TensorArray(self.dtype, self.length, element_shape=shape)

    def read(self, values: tf.Tensor) -> tf.TensorArray:
        return tf.TensorArray(self.dtype, self.length).unstack(values)

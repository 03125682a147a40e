"""Weighted sums over the features of comparisons, without a tensor of (batch, exemplars, features).

    sums[b, p] = Σ_k weights[p, k] · f(x[b, k], exemplars[p, k])

Written out, f has an entry for each example, exemplar and feature: 256 × 1000 × 784 of them are
800 MB. Where f is a product of a part of x and a part of the exemplar, the sum is one matrix
product. For any other f it is computed for a few exemplars at a time, and once more for the
gradient, so that only results of shape `(batch, exemplars)` or `(exemplars, features)` are kept.

In all functions `x` is `(batch, features)`, `exemplars` and `weights` are `(exemplars, features)`.
Each gradient is computed apart, so that a `tf.function` leaves out those that nobody asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from mtl.layers.comparisons import exponential_difference, largest_exponent

# A block is as large as this many results `(batch, exemplars)`, or rows of the input if these are
# larger. Of 1 to 64 exemplars of 784 features in a block, 8 and 16 were the fastest.
BLOCK_RESULTS = 6


def product_sums(x: tf.Tensor, exemplars: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Return Σ_k weights · x · exemplars, `(batch, exemplars)`."""
    return tf.matmul(x, weights * exemplars, transpose_b=True)


def exponential_sums(
    x: tf.Tensor, exemplars: tf.Tensor, weights: tf.Tensor, c: tf.Tensor
) -> tf.Tensor:
    """Return Σ_k weights · exp((x − exemplars) / c), `(batch, exemplars)`.

    With z_k in the middle of the exemplars' values of feature k,

        exp((x − x_p) / c) = exp((x − z) / c) · exp((z − x_p) / c)

    As long as no exponent of a factor is above half of `largest_exponent`, neither a factor nor
    the product can overflow. Else (an example far above all exemplars, or exemplars far apart, in
    units of c) the batch is computed in blocks, with the exponent of the product held at
    `largest_exponent`: exact up to there, and finite always.

    Args:
        x: The examples.
        exemplars: What they are compared with.
        weights: Of each exemplar and feature.
        c: Shape `(features,)`, above 0.
    """
    half = largest_exponent(x.dtype) / 2
    middle = (tf.reduce_max(exemplars, axis=0) + tf.reduce_min(exemplars, axis=0)) / 2
    above, below = (x - middle) / c, (middle - exemplars) / c
    safe = tf.maximum(tf.reduce_max(above), tf.reduce_max(below)) <= half
    blocks = _Blocks(lambda each, exemplar: exponential_difference(each, exemplar, c))

    @tf.custom_gradient
    def compute(x: tf.Tensor, exemplars: tf.Tensor, weights: tf.Tensor) -> tuple[Any, Any]:
        of_x, of_exemplars = tf.exp(tf.minimum(above, half)), tf.exp(tf.minimum(below, half))
        weighted = weights * of_exemplars

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            def for_weights() -> tf.Tensor:
                return of_exemplars * tf.matmul(upstream, of_x, transpose_a=True)

            return (
                tf.cond(
                    safe,
                    lambda: of_x / c * tf.matmul(upstream, weighted),
                    lambda: blocks.gradient_for_x(x, exemplars, weights, upstream),
                ),
                tf.cond(
                    safe,
                    lambda: -weights / c * for_weights(),
                    lambda: blocks.gradient_for_exemplars(x, exemplars, weights, upstream),
                ),
                tf.cond(
                    safe,
                    for_weights,
                    lambda: blocks.gradient_for_weights(x, exemplars, upstream),
                ),
            )

        sums = tf.cond(
            safe,
            lambda: tf.matmul(of_x, weighted, transpose_b=True),
            lambda: blocks.sums(x, exemplars, weights),
        )
        return sums, gradient

    return compute(x, exemplars, weights)


def sums_in_blocks(
    compare: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    x: tf.Tensor,
    exemplars: tf.Tensor,
    weights: tf.Tensor,
) -> tf.Tensor:
    """Return Σ_k weights · compare(x, exemplars), `(batch, exemplars)`, for any comparison.

    Args:
        compare: f, element by element on tensors that broadcast.
        x: The examples.
        exemplars: What they are compared with.
        weights: Of each exemplar and feature.
    """
    blocks = _Blocks(compare)

    @tf.custom_gradient
    def compute(x: tf.Tensor, exemplars: tf.Tensor, weights: tf.Tensor) -> tuple[Any, Any]:
        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            return (
                blocks.gradient_for_x(x, exemplars, weights, upstream),
                blocks.gradient_for_exemplars(x, exemplars, weights, upstream),
                blocks.gradient_for_weights(x, exemplars, upstream),
            )

        return blocks.sums(x, exemplars, weights), gradient

    return compute(x, exemplars, weights)


class _Blocks:
    """Sums and gradients a block of exemplars at a time, with nothing kept between blocks.

    Within a block tensors are `(exemplars, batch, features)`.
    """

    def __init__(self, compare: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> None:
        self.compare = compare

    def sums(self, x: tf.Tensor, exemplars: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        def of_block(block: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
            exemplar, weight = block
            return tf.linalg.matvec(self._compared(x, exemplar), weight)

        return tf.transpose(_mapped(of_block, (exemplars, weights), x.dtype))

    def gradient_for_weights(
        self, x: tf.Tensor, exemplars: tf.Tensor, upstream: tf.Tensor
    ) -> tf.Tensor:
        def of_block(block: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
            exemplar, gradient = block
            return tf.linalg.matvec(self._compared(x, exemplar), gradient, transpose_a=True)

        return _mapped(of_block, (exemplars, tf.transpose(upstream)), x.dtype)

    def gradient_for_exemplars(
        self, x: tf.Tensor, exemplars: tf.Tensor, weights: tf.Tensor, upstream: tf.Tensor
    ) -> tf.Tensor:
        def of_block(block: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
            exemplar, weight, gradient = block
            with tf.GradientTape() as tape:
                tape.watch(exemplar)
                compared = self._compared(x, exemplar)
            return _derivative(tape, compared, exemplar, weight, gradient)

        return _mapped(of_block, (exemplars, weights, tf.transpose(upstream)), x.dtype)

    def gradient_for_x(
        self, x: tf.Tensor, exemplars: tf.Tensor, weights: tf.Tensor, upstream: tf.Tensor
    ) -> tf.Tensor:
        def add_block(total: tf.Tensor, block: tuple[tf.Tensor, ...]) -> tf.Tensor:
            exemplar, weight, gradient = block
            with tf.GradientTape() as tape:
                tape.watch(x)
                compared = self._compared(x, exemplar)
            return total + _derivative(tape, compared, x, weight, gradient)

        # What fills the last block up has no gradient, so that it adds nothing.
        count, size = exemplars.shape[0], _block_size(exemplars)
        padding = tf.constant([[0, -count % size], [0, 0]])
        upstream = tf.pad(tf.transpose(upstream), padding)
        blocks = [_blocks(each, count, size) for each in (exemplars, weights)]
        blocks.append(tf.reshape(upstream, (-1, size, tf.shape(x)[0])))
        return tf.foldl(add_block, tuple(blocks), tf.zeros_like(x), parallel_iterations=1)

    @tf.autograph.experimental.do_not_convert  # it would warn that it cannot read expressions
    def _compared(self, x: tf.Tensor, exemplar: tf.Tensor) -> tf.Tensor:
        return self.compare(x[tf.newaxis], exemplar[:, tf.newaxis])


def _derivative(
    tape: tf.GradientTape,
    compared: tf.Tensor,
    source: tf.Tensor,
    weight: tf.Tensor,
    gradient: tf.Tensor,
) -> tf.Tensor:
    upstream = weight[:, tf.newaxis] * gradient[:, :, tf.newaxis]
    found = tape.gradient(compared, source, output_gradients=upstream)
    return tf.zeros_like(source) if found is None else found


def _mapped(function: Callable[..., tf.Tensor], arrays: Any, dtype: tf.DType) -> tf.Tensor:
    """Apply a function to blocks of rows of several arrays; return all rows of its results.

    The first array is that of the exemplars, whose shape is known.
    """
    count, size = arrays[0].shape[0], _block_size(arrays[0])
    results = tf.map_fn(
        function,
        tuple(_blocks(array, count, size) for array in arrays),
        fn_output_signature=dtype,
        parallel_iterations=1,
    )
    rows = tf.reshape(results, (-1, tf.shape(results)[2]))[:count]
    return tf.ensure_shape(rows, (count, None))


def _block_size(exemplars: tf.Tensor) -> int:
    count, features = exemplars.shape
    return min(count, max(1, BLOCK_RESULTS * max(count, features) // features))


def _blocks(array: tf.Tensor, count: int, size: int) -> tf.Tensor:
    """Return the rows in blocks `(blocks, size, …)`; the last row again where rows run out.

    A row that exists, and not zeros, of which a comparison may be infinite.
    """
    blocks = -(-count // size)
    rows = tf.gather(array, tf.minimum(tf.range(blocks * size), count - 1))
    return tf.reshape(rows, (blocks, size, tf.shape(array)[1]))

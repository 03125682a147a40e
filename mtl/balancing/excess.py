"""ExcessMTL: weight for the tasks that are furthest from what they can reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mtl.balancing.base import Gradients, Heads, RowBalancer
from mtl.balancing.rows import across, part, refuse_features, weighted_sum
from mtl.errors import MtlError
from mtl.registry import balancer

_LEAST_SQUARE = 1e-7
# Of the exponent in one step: e⁶⁰ is far beyond what a weight can make good, and finite.
_LARGEST_EXPONENT = 60.0


@balancer("excess")
class ExcessMTL(RowBalancer):
    """Multiplies the weights by the exponential of the tasks' estimated excess risks.

    He, Zhou, Zhang, Yang, Zhao and Tong, "Robust Multi-Task Learning with Excess Risks", ICML 2024.
    The excess risk, how much of a loss training can still take away, is estimated from the
    gradient and a diagonal curvature,

        S_k ← S_k + g_k²,    e_k = Σ_p g_kp² / √(S_kp + 10⁻⁷),
        w_k ← w_k exp(η e_k / e_k(0)),    brought to Σ_k w_k = K,    update Σ_k w_k g_k,

    with e_k(0) of the first batch, S = 0 and w = 1 at the start. A noisy task, whose loss is large
    for good, gets no more weight for that. As in the paper S forgets nothing, so that e_k shrinks
    with the number of batches even where gradients do not.

    It remembers one more copy of the shared weights for each task. Heads are `weighted` by default,
    as in the paper.

    Departures from the paper:

    * The weights sum to the number of present tasks, in the paper to 1.
    * S, w and e(0) of an absent task, or of one whose gradient is 0, stay as they are; e_k(0) is of
      the first batch in which task k takes part.
    * η e_k / e_k(0) is at most 60.

    Args:
        weights: The weight of each trained task in the config, by output name.
        eta: η, above 0: the step size of the weights.
        gradients: `parameters`; S is kept for each shared weight.
        heads: See `mtl.balancing.base.Balancer`.
        options: See there too.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        eta: float = 0.01,
        gradients: Gradients = "parameters",
        heads: Heads = "weighted",
        **options: Any,
    ) -> None:
        super().__init__(weights, gradients=gradients, heads=heads, **options)
        refuse_features(gradients, "a sum of squares is kept for each shared weight")
        if not 0 < eta < np.inf:
            raise MtlError(f"balancing.eta={eta}. Expected a step size above 0.")
        self.eta = eta
        self.squares: list[keras.Variable] = []
        # Logarithms: a weight that has become tiny can grow again.
        self.logarithms = self.remember("logarithms", np.zeros(len(self.names)))
        self.first_risks = self.remember("first_risks", np.zeros(len(self.names)))

    def build(self, shapes: Sequence[Sequence[int]]) -> None:
        """Make the sums of squares."""
        self.squares = self.remember_rows("squares", shapes)

    def combine(
        self,
        rows: Sequence[tf.Tensor],
        features: Sequence[tf.Tensor] | None,
        losses: tf.Tensor,
        present: tf.Tensor,
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Return Σ_k w_k g_k, and the w_k."""
        taking = part(rows, losses, present)
        weights = taking.seen(self._weights(self._risks(rows, taking.tasks), taking.tasks))
        return [weighted_sum(weights, row) for row in rows], weights

    def _risks(self, rows: Sequence[tf.Tensor], tasks: tf.Tensor) -> tf.Tensor:
        """Add to S, and return the e_k, shape `(K,)`."""
        parts = []
        for kept, row in zip(self.squares, rows, strict=True):
            squares = tf.where(across(tasks, row), tf.square(row), 0.0)
            kept.value.assign_add(squares)
            shrunk = squares * tf.math.rsqrt(kept.value + _LEAST_SQUARE)
            parts.append(tf.reduce_sum(shrunk, axis=range(1, shrunk.shape.rank)))
        return tf.add_n(parts)

    def _weights(self, risks: tf.Tensor, tasks: tf.Tensor) -> tf.Tensor:
        """Move the weights of the tasks that take part, and return them, 0 for the others."""
        first = tf.where(self.first_risks.value > 0, self.first_risks.value, risks)
        self.first_risks.assign(first)
        # In its first batch e_k / e_k(0) = 1, the same for all: the first step changes no weight.
        exponents = self.eta * tf.math.divide_no_nan(risks, first)
        before = self.logarithms.value
        after = before + tf.minimum(exponents, _LARGEST_EXPONENT)
        minus_infinity = tf.fill(tf.shape(after), -np.inf)
        together = tf.reduce_logsumexp(tf.where(tasks, before, minus_infinity))
        moved = tf.where(tasks, after, minus_infinity)
        kept = after - tf.reduce_logsumexp(moved) + together
        self.logarithms.assign(tf.where(tasks, kept, before))
        count = tf.reduce_sum(tf.cast(tasks, tf.float32))
        return tf.where(tasks, count * tf.nn.softmax(moved), 0.0)

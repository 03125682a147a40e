"""DB-MTL: logarithms of the losses, and gradients of equal length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mtl.balancing.base import Gradients, RowBalancer
from mtl.balancing.rows import (
    across,
    part,
    refuse_features,
    squared_norms,
    weighted_sum,
)
from mtl.errors import MtlError
from mtl.registry import balancer

_LEAST = 1e-8
# What is longer, as a gradient where the loss is 0, has a square beyond single precision.
_LONGEST = 1e19


@balancer("db_mtl")
class DBMTL(RowBalancer):
    """Balances losses by their logarithm and gradients by bringing all to the longest one's length.

    Lin, Jiang, Ye, Zhang, Chen, Chen, Liu and Kwok, "Dual-Balancing for Multi-Task Learning",
    2023. For the t-th update

        Y_k ← β_t Y_k + (1 − β_t) ∇log(ℓ_k + ε),    β_t = β / t^σ,
        update Σ_k α_k Y_k,    α_k = max_j ‖Y_j‖ / (‖Y_k‖ + ε),    ε = 10⁻⁸,

    with Y = 0 at the start. It remembers one more copy of the shared weights for each task. The
    weights that it reports are α_k / (ℓ_k + ε), what the gradients of the ℓ_k are multiplied by as
    far as they enter today's Y.

    Departures from the paper:

    * Y_k is divided by 1 − Π_t β_t, as in Adam, so that the first update has its full size; from
      Y = 0 it would have 1 − β of it.
    * t counts the batches in which a task took part. Y of an absent task, or of one whose gradient
      is 0, stays as it is, and it does not count for the longest.
    * With `heads=own` a task's own weights move by the gradient of ℓ_k; in the paper by that of
      its logarithm.
    * A loss of 0 or less has no logarithm. ℓ_k + ε is |ℓ_k| + ε here: the gradient keeps its
      direction and everything stays finite, but near 0 it grows beyond measure. Prefer losses that
      stay away from 0.

    Args:
        weights: The weight of each trained task in the config, by output name; the logarithm
            takes nearly all of it away.
        beta: β, from 0 to below 1: how much of the average stays.
        beta_decay: σ, 0 or more.
        gradients: `parameters`; averages of features of different examples mean nothing.
        options: See `mtl.balancing.base.Balancer`.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        beta: float = 0.9,
        beta_decay: float = 0.0,
        gradients: Gradients = "parameters",
        **options: Any,
    ) -> None:
        super().__init__(weights, gradients=gradients, **options)
        refuse_features(gradients, "an average over batches is kept for each shared weight")
        if not 0 <= beta < 1:
            raise MtlError(f"balancing.beta={beta}. Expected 0 or more, below 1.")
        if not 0 <= beta_decay < np.inf:
            raise MtlError(f"balancing.beta_decay={beta_decay}. Expected 0 or more.")
        self.beta = beta
        self.beta_decay = beta_decay
        self.averages: list[keras.Variable] = []
        self.times = self.remember("times", np.zeros(len(self.names)))
        # How much of its averages is gradients, and not the zeros of the start.
        self.filled = self.remember("filled", np.zeros(len(self.names)))

    def build(self, shapes: Sequence[Sequence[int]]) -> None:
        """Make the averages."""
        self.averages = self.remember_rows("average", shapes)

    def combine(
        self,
        rows: Sequence[tf.Tensor],
        features: Sequence[tf.Tensor] | None,
        losses: tf.Tensor,
        present: tf.Tensor,
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Return Σ_k α_k Y_k, and α_k / (ℓ_k + ε)."""
        taking = part(rows, losses, present)
        by_logarithm = 1 / (tf.abs(losses) + _LEAST)
        self.times.assign(self.times.value + tf.cast(taking.tasks, tf.float32))
        new = 1 - self.beta / tf.maximum(self.times.value, 1) ** self.beta_decay
        for average, row in zip(self.averages, rows, strict=True):
            step = across(new, row) * (across(by_logarithm, row) * row - average.value)
            average.value.assign_add(tf.where(across(taking.tasks, row), step, 0.0))
        filling = tf.where(taking.tasks, new * (1 - self.filled.value), 0.0)
        self.filled.assign(self.filled.value + filling)
        averages = [average.value for average in self.averages]
        norms = tf.math.divide_no_nan(tf.sqrt(squared_norms(averages)), self.filled.value)
        norms = tf.where(taking.tasks, tf.minimum(norms, _LONGEST), 0.0)
        lengthened = tf.reduce_max(norms) / (norms + _LEAST)
        lengthened = taking.seen(tf.where(taking.tasks, lengthened, 0.0))
        factors = tf.math.divide_no_nan(lengthened, self.filled.value)
        updates = [weighted_sum(factors, average) for average in averages]
        return updates, lengthened * by_logarithm

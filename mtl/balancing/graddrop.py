"""GradDrop: one sign of the gradient at each place, drawn by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from mtl.balancing.base import Gradients, RowBalancer
from mtl.balancing.rows import across
from mtl.errors import MtlError, nearest
from mtl.registry import balancer


@balancer("graddrop")
class GradDrop(RowBalancer):
    """Where tasks pull in both directions, draws one sign and drops the gradients of the other.

    Chen, Ngiam, Huang, Luong, Kretzschmar, Chai and Anguelov, "Just Pick a Sign: Optimizing Deep
    Multitask Models with Gradient Sign Dropout", NeurIPS 2020. At each place of the features z,
    over the examples b of the batch,

        q_k = Σ_b sign(z_b) ∂ℓ_k/∂z_b,    P = ½ (1 + Σ_k q_k / Σ_k |q_k|),
        U uniform in [0, 1),    M_k = [P > U] [q_k > 0] + [P ≤ U] [q_k < 0],
        update Σ_k (λ_k + (1 − λ_k) M_k) ∂ℓ_k/∂z_b for each example,

    with λ_k the leak of task k. With `gradients=parameters` the same rule goes for every shared
    weight, with q_k the gradient itself, without sign(z) and without a sum over examples; this is
    a variant that is not in the paper, and costs one backward pass for each task.

    A task has no single weight here: what is reported is the share of its gradient's square that
    the update has, Σ (λ_k + (1 − λ_k) M_k) (∂ℓ_k/∂z)² / Σ (∂ℓ_k/∂z)², from 0 to 1.

    Departures from the paper:

    * A gradient with q_k = 0, which is of neither sign, is kept; features that are 0 would
      otherwise never move, and a task alone would not keep its plain gradient.
    * P is without the paper's further choice of a monotone function of it.

    Known implementations add a small number to Σ_k |q_k|, beside which gradients by features, that
    are small in a large batch, are nothing, so that the sign is drawn evenly. There is none here.

    Args:
        weights: The weight of each trained task in the config, by output name.
        leak: λ, from 0, all that the rule drops is dropped, to 1, nothing is: a number for all
            tasks, or by output name, 0 for those that are not named.
        gradients: `features` as in the paper, or `parameters`.
        options: See `mtl.balancing.base.Balancer`.
    """

    keeps_rows: ClassVar[bool] = False

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        leak: float | Mapping[str, float] = 0.0,
        gradients: Gradients = "features",
        **options: Any,
    ) -> None:
        super().__init__(weights, gradients=gradients, **options)
        by_name = leak if isinstance(leak, Mapping) else dict.fromkeys(self.names, leak)
        for name, value in by_name.items():
            if name not in self.names:
                raise MtlError(
                    f"balancing.leak={dict(by_name)}. Expected names of trained tasks, and not "
                    f"{name!r}. {nearest(name, self.names)}"
                )
            if not 0 <= value <= 1:
                path = f"leak.{name}" if isinstance(leak, Mapping) else "leak"
                raise MtlError(f"balancing.{path}={value}. Expected 0 to 1.")
        self.leak = np.array([by_name.get(name, 0.0) for name in self.names], np.float32)

    def combine(
        self,
        rows: Sequence[tf.Tensor],
        features: Sequence[tf.Tensor] | None,
        losses: tf.Tensor,
        present: tf.Tensor,
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Return what is left of the gradients, and the share of each task that it is."""
        updates, kept, whole = [], [], []
        for position, row in enumerate(rows):
            signed = row
            if features is not None:
                signed = tf.reduce_sum(row * tf.sign(features[position]), axis=1)
            factors = self._factors(signed, position)
            if features is not None:
                factors = factors[:, tf.newaxis]
            left = factors * row
            updates.append(tf.reduce_sum(left, axis=0))
            axes = range(1, row.shape.rank)
            kept.append(tf.reduce_sum(left * row, axes))
            whole.append(tf.reduce_sum(tf.square(row), axes))
        return updates, tf.math.divide_no_nan(tf.add_n(kept), tf.add_n(whole))

    def _factors(self, signed: tf.Tensor, position: int) -> tf.Tensor:
        """Return λ_k + (1 − λ_k) M_k from the q_k of one tensor, in its shape."""
        pulls = tf.reduce_sum(tf.abs(signed), axis=0)
        upwards = (1 + tf.math.divide_no_nan(tf.reduce_sum(signed, axis=0), pulls)) / 2
        start = tf.stack([tf.cast(self.seed, tf.int64), self.step.value])
        seed = tf.random.fold_in(start, position)
        drawn = tf.random.stateless_uniform(tf.shape(upwards), seed)
        mask = tf.where(upwards > drawn, signed >= 0, signed <= 0)
        leak = across(self.leak, signed)
        return leak + (1 - leak) * tf.cast(mask, signed.dtype)

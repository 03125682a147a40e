"""MoCo: task weights from running averages of the gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from mtl.balancing.base import Gradients, Normalise, RowBalancer
from mtl.balancing.rows import (
    across,
    flattened,
    part,
    refuse_features,
    weighted_sum,
)
from mtl.balancing.shares import even_shares, keep_shares, shares_of
from mtl.balancing.solvers.simplex import project_to_simplex
from mtl.errors import MtlError
from mtl.registry import balancer

_LEAST_NORM = 1e-8


@balancer("moco")
class MoCo(RowBalancer):
    """The running averages of the gradients, combined by weights near those of the shortest sum.

    Fernando, Shen, Liu, Chaudhury, Murugesan and Chen, "Mitigating Gradient Bias in
    Multi-objective Learning: A Provably Convergent Approach", ICLR 2023 (multi-objective gradient
    correction). For the t-th update

        Y_k ← Y_k − β_t (Y_k − g_k),    β_t = β / t^σ,
        λ ← Π(λ − γ_t (Y Yᵀ + ρ I) λ),    γ_t = γ / t^τ,
        update Σ_k λ_k Y_k,

    with Π the projection on the simplex, Y = 0 and λ = 1/K at the start. The averages take the
    noise out of the gradients, which otherwise biases λ. The first updates are short, the first of
    all by the factor β.

    It remembers one more copy of the shared weights for each task.

    Departures from the paper:

    * The update takes the λ and Y that this step has found, as its authors' programs do; the
      paper's formula those of the step before.
    * Y is not projected on a ball of a known radius.
    * t counts the batches in which a task took part, where β_t is concerned. λ and Y of an absent
      task, or of one whose gradient is 0, stay as they are, and the others share the weight 1.

    One known implementation has a softmax in place of Π. That is another method: the softmax of a
    point of the simplex is close to even weights, whatever came before.

    Args:
        weights: The weight of each trained task in the config, by output name.
        beta: β, above 0 and up to 1: how much of a gradient enters its average.
        beta_decay: σ, 0 or more.
        gamma: γ, 0 or more: the step size of λ. The step grows with the square of the gradients'
            size.
        gamma_decay: τ, 0 or more.
        rho: ρ, 0 or more: draws λ to even weights.
        normalise_rows: Whether g_k is replaced by g_k |ℓ_k| / (‖g_k‖ + 10⁻⁸), so that its size is
            the loss. It is from a program of the authors and not in the paper's algorithm; as it
            also changes how far the weights move, it has to be asked for. It helps where gradients
            are so long that λ jumps from corner to corner.
        gradients: `parameters`; averages of features of different examples mean nothing.
        options: See `mtl.balancing.base.Balancer`.
    """

    scale: ClassVar[Normalise] = "mean"

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        beta: float = 0.5,
        beta_decay: float = 0.5,
        gamma: float = 0.1,
        gamma_decay: float = 0.5,
        rho: float = 0.0,
        normalise_rows: bool = False,
        gradients: Gradients = "parameters",
        **options: Any,
    ) -> None:
        super().__init__(weights, gradients=gradients, **options)
        refuse_features(gradients, "an average over batches is kept for each shared weight")
        if not 0 < beta <= 1:
            raise MtlError(f"balancing.beta={beta}. Expected a number above 0, up to 1.")
        for name, value in (
            ("beta_decay", beta_decay),
            ("gamma", gamma),
            ("gamma_decay", gamma_decay),
            ("rho", rho),
        ):
            if not 0 <= value < np.inf:
                raise MtlError(f"balancing.{name}={value}. Expected 0 or more.")
        self.beta = beta
        self.beta_decay = beta_decay
        self.gamma = gamma
        self.gamma_decay = gamma_decay
        self.rho = rho
        self.normalise_rows = normalise_rows
        self.averages: list[keras.Variable] = []
        self.times = self.remember("times", np.zeros(len(self.names)))
        self.shares = self.remember("shares", even_shares(len(self.names)))

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
        """Return Σ_k λ_k Y_k, and λ times what the rows were multiplied by."""
        taking = part(rows, losses, present)
        factors = tf.ones_like(losses)
        if self.normalise_rows:
            factors = tf.abs(losses) / (taking.norms + _LEAST_NORM)
        self.times.assign(self.times.value + tf.cast(taking.tasks, tf.float32))
        beta = self.beta / tf.maximum(self.times.value, 1) ** self.beta_decay
        for average, row in zip(self.averages, rows, strict=True):
            step = across(beta, row) * (across(factors, row) * row - average.value)
            average.value.assign_add(tf.where(across(taking.tasks, row), step, 0.0))
        shares, weights = tf.numpy_function(
            self._moved,
            [self.shares.value, self._gramian(), taking.tasks, self.step.value],
            (tf.float32, tf.float32),
        )
        for each in (shares, weights):
            each.set_shape(losses.shape)
        self.shares.assign(shares)
        weights = taking.seen(weights)
        updates = [weighted_sum(weights, average.value) for average in self.averages]
        return updates, weights * factors

    def _gramian(self) -> tf.Tensor:
        flat = [flattened(average.value) for average in self.averages]
        products = [tf.matmul(each, each, transpose_b=True) for each in flat]
        return tf.add_n([tf.cast(each, tf.float64) for each in products])

    def _moved(
        self, kept: np.ndarray, gramian: np.ndarray, taking: np.ndarray, step: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return λ of all tasks after its step, and that of the tasks that take part."""
        kept, weights = kept.copy(), np.zeros_like(kept)
        tasks = np.flatnonzero(taking)
        gramian = gramian[np.ix_(tasks, tasks)]
        if not np.isfinite(gramian).all():
            weights[:] = np.nan
        elif len(tasks):
            shares = shares_of(kept, tasks)
            gamma = self.gamma / (step + 1) ** self.gamma_decay
            slope = gramian @ shares + self.rho * shares
            weights[tasks] = project_to_simplex(shares - gamma * slope)
            keep_shares(kept, tasks, weights[tasks])
        return kept, weights

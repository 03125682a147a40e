"""One task a step, drawn by chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from mtl.balancing.base import TurnBalancer
from mtl.errors import MtlError
from mtl.registry import balancer

Distribution = Literal["uniform", "proportional", "annealed"]


@balancer("task_sampling")
class TaskSampling(TurnBalancer):
    """Each step trains one task, drawn with a probability that may grow with its number of labels.

    Stickland and Murray, "BERT and PALs: Projected Attention Layers for Efficient Adaptation in
    Multi-Task Learning", ICML 2019. With N_k the number of rows that have the task's label,

        p_k = N_k^α / Σ_j N_j^α.

    α is 0 for `uniform`, constant for `proportional`, and moves for `annealed`, with E epochs
    counted from e = 0, as

        α_e = α + (α_final - α) e / (E - 1),

    which with the defaults is the paper's 1 - 0.8 e / (E - 1): at first as often as there are
    labels, so that no large task is forgotten, at last nearly evenly. It stays at its last value
    in epochs after these. A task without any labelled row is never drawn. The draw depends on the
    seed and the number of the step alone. The weight of the task drawn is 1, the others' 0.

    Args:
        weights: See `Balancer`.
        distribution: `uniform`, `proportional`, the default, or `annealed`.
        alpha: α, 0 or more, 1 by default: 0 is even, 1 in proportion to N, 0.5 to its root.
        final_alpha: α of the last epoch where it moves, 0 or more, 0.2 as in the paper.
        over_epochs: E, 1 or more: over how many epochs α moves. `annealed` needs it.
        **options: See `Balancer`.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        distribution: Distribution = "proportional",
        alpha: float = 1.0,
        final_alpha: float = 0.2,
        over_epochs: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(weights, **options)
        if distribution not in ("uniform", "proportional", "annealed"):
            raise MtlError(
                f"balancing.distribution={distribution!r}. Expected uniform, proportional or"
                " annealed."
            )
        for name, value in (("alpha", alpha), ("final_alpha", final_alpha)):
            if not value >= 0:
                raise MtlError(f"balancing.{name}={value}. Expected a number of 0 or more.")
        if over_epochs is not None and over_epochs < 1:
            raise MtlError(f"balancing.over_epochs={over_epochs}. Expected 1 epoch or more.")
        if distribution == "annealed" and over_epochs is None:
            raise MtlError(
                "balancing.over_epochs=None. Expected a number of epochs, as that of the training,"
                " with distribution annealed."
            )
        self.distribution = distribution
        self.alpha = alpha
        self.final_alpha = final_alpha
        self.over_epochs = over_epochs
        self._sizes = np.ones(len(self.names))

    def take_sizes(self, sizes: Mapping[str, int]) -> None:
        """Take in how many labelled rows of the training data each task has, by name.

        It is to be called before the first step. Without it all tasks count as equally large.

        Raises:
            MtlError: A task is missing, or no task has a labelled row.
        """
        missing = [name for name in self.names if name not in sizes]
        if missing:
            raise MtlError(
                f"The numbers of labelled rows {dict(sizes)!r} lack {', '.join(missing)}."
                " Expected a number for every trained task."
            )
        taken = np.array([sizes[name] for name in self.names], np.float64)
        if not taken.max() > 0 or taken.min() < 0:
            raise MtlError(
                f"The numbers of labelled rows are {dict(sizes)!r}. Expected 0 or more, and a"
                " labelled row for one task at least."
            )
        self._sizes = taken

    def probabilities(self) -> tf.Tensor:
        """Return how likely each task is drawn in this step, shape `(K,)`."""
        labelled = self._sizes > 0
        logarithms = np.log(np.where(labelled, self._sizes, 1.0)).astype(np.float32)
        return tf.nn.softmax(tf.where(labelled, self._exponent() * logarithms, -np.inf))

    def turn(self) -> tf.Tensor:
        """Return the position of the task that is drawn."""
        seed = tf.stack([tf.constant(self.seed, tf.int64), self.step.value])
        drawn = tf.random.stateless_uniform([], seed)
        passed = tf.reduce_sum(tf.cast(drawn >= tf.cumsum(self.probabilities()), tf.int32))
        # Rounding may leave the sum of all below 1, and the last tasks may have no labels.
        return tf.minimum(passed, int(np.flatnonzero(self._sizes)[-1]))

    def _exponent(self) -> tf.Tensor:
        if self.distribution == "uniform":
            return tf.constant(0.0)
        over_epochs = self.over_epochs or 1
        if self.distribution == "proportional" or over_epochs == 1:
            return tf.constant(self.alpha, tf.float32)
        epoch = tf.cast(self.step.value // self.steps_per_epoch, tf.float32)
        passed = tf.minimum(epoch / (over_epochs - 1), 1.0)
        return self.alpha + (self.final_alpha - self.alpha) * passed

"""One task a step, drawn by chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import tensorflow as tf

from mtl.balancing.base import TurnBalancer
from mtl.errors import MtlError
from mtl.registry import balancer
from mtl.sampling import DISTRIBUTIONS, Distribution


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
    in epochs after these. A task without any labelled row is never drawn, and where a batch has
    labels of some tasks alone one of those is drawn, with p_k over their sum: a step is never spent
    on a task that has nothing to learn. The draw depends on the seed, the number of the step and
    the tasks that are present alone. The weight of the task drawn is 1, the others' 0.

    Args:
        weights: See `Balancer`.
        distribution: `uniform`, `proportional`, the default, or `annealed`.
        alpha: α, 0 or more, 1 by default: 0 is even, 1 in proportion to N, 0.5 to its root.
        final_alpha: α of the last epoch where it moves, 0 or more, 0.2 as in the paper.
        over_epochs: E, 1 or more: over how many epochs α moves. `annealed` needs it.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        distribution: Literal["uniform", "proportional", "annealed"] = "proportional",
        alpha: float = 1.0,
        final_alpha: float = 0.2,
        over_epochs: int | None = None,
    ) -> None:
        super().__init__(weights)
        if distribution not in DISTRIBUTIONS:
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
        self.distribution = Distribution(distribution, alpha, final_alpha, over_epochs or 1)
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

    def probabilities(self, present: tf.Tensor | None = None) -> tf.Tensor:
        """Return how likely each task is drawn in this step, shape `(K,)`.

        Args:
            present: Which tasks have labels in the batch, shape `(K,)`; by default all. Without
                any that is present all count as such.
        """
        by_epoch = self.distribution.by_epoch(self._sizes).astype(np.float32)
        epoch = tf.minimum(self.step.value // self.steps_per_epoch, len(by_epoch) - 1)
        found = tf.gather(tf.constant(by_epoch), epoch)
        drawable = self._drawable(present)
        return tf.math.divide_no_nan(
            tf.where(drawable, found, 0.0), tf.reduce_sum(tf.where(drawable, found, 0.0))
        )

    def turn(self, present: tf.Tensor) -> tf.Tensor:
        """Return the position of the task that is drawn."""
        seed = tf.stack([tf.constant(self.seed, tf.int64), self.step.value])
        drawn = tf.random.stateless_uniform([], seed)
        cumulated = tf.cumsum(self.probabilities(present))
        passed = tf.reduce_sum(tf.cast(drawn >= cumulated, tf.int32))
        # Rounding may leave the sum of all below 1, and the last tasks may be none to draw.
        positions = tf.range(len(self.names))
        return tf.minimum(passed, tf.reduce_max(tf.where(self._drawable(present), positions, -1)))

    def _drawable(self, present: tf.Tensor | None) -> tf.Tensor:
        """Return which tasks have labels in the training data and, if any has, in the batch."""
        labelled = tf.constant(self._sizes > 0)
        if present is None:
            return labelled
        both = labelled & present
        return tf.where(tf.reduce_any(both), both, labelled)

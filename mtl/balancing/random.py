"""Weights drawn anew at each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import tensorflow as tf

from mtl.balancing.base import LossBalancer, Normalise
from mtl.balancing.per_task import present_softmax
from mtl.errors import MtlError
from mtl.registry import balancer

# The smallest normal float32: its logarithm is a number.
_TINY = 1.2e-38

Distribution = Literal["normal", "uniform", "dirichlet"]


@balancer("random")
class RandomWeights(LossBalancer):
    """Each step has its own weights, drawn by chance, which sum to 1.

    Lin, Ye, Zhang and Tsang, "Reasonable Effectiveness of Random Weighting: A Litmus Test for
    Multi-Task Learning", TMLR 2022 (RLW). Minimised is Σ_k w_k ℓ_k with

        w = softmax(z),    z_k ~ N(0, 1).

    The softmax is taken over the tasks present. The weights sum to 1, `scale` mean, so that with
    `normalise: sum` the method is not confounded with a smaller learning rate. The draw depends
    on the seed and the number of the step alone.

    Args:
        weights: See `Balancer`.
        distribution: What z is drawn from: `normal`, the default; `uniform`, between 0 and 1; or
            `dirichlet`, by which w is spread evenly over all weights that sum to 1.
        **options: See `Balancer`.
    """

    scale: ClassVar[Normalise] = "mean"

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        distribution: Distribution = "normal",
        **options: Any,
    ) -> None:
        super().__init__(weights, **options)
        if distribution not in ("normal", "uniform", "dirichlet"):
            raise MtlError(
                f"balancing.distribution={distribution!r}. Expected normal, uniform or dirichlet."
            )
        self.distribution = distribution

    def total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return the sum of the losses times the weights of this step."""
        weights = present_softmax(self._drawn(), present)
        return tf.reduce_sum(weights * tf.where(present, losses, 0.0))

    def _drawn(self) -> tf.Tensor:
        seed = tf.stack([tf.constant(self.seed, tf.int64), self.step.value])
        shape = [len(self.names)]
        if self.distribution == "normal":
            return tf.random.stateless_normal(shape, seed)
        drawn = tf.random.stateless_uniform(shape, seed)
        if self.distribution == "uniform":
            return drawn
        # Exponential numbers, divided by their sum, have that distribution. 1 - u is never 0.
        return tf.math.log(tf.maximum(-tf.math.log(1 - drawn), _TINY))

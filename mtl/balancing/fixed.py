"""The weighted sum of the losses."""

from __future__ import annotations

import tensorflow as tf

from mtl.balancing.base import Balancer
from mtl.registry import balancer


@balancer("fixed")
class Fixed(Balancer):
    """Σ w_k L_k with the tasks' weights as the config gives them."""

    def weights(self) -> tf.Tensor:
        """Return the weights of the config."""
        return tf.constant(self.initial_weights, tf.float32)

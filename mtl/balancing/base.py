"""What a balancing strategy is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import tensorflow as tf


class Balancer(ABC):
    """Turns the losses of K tasks into the one that is trained.

    Args:
        weights: The weight of each trained task in the config, by output name.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.names = tuple(weights)
        self.initial_weights = tuple(weights.values())

    @abstractmethod
    def weights(self) -> tf.Tensor:
        """Return the weight of each task's loss now, shape `(K,)`, in the order of `names`."""

    def total(self, losses: tf.Tensor) -> tf.Tensor:
        """Return the loss to train, a scalar.

        Args:
            losses: The tasks' mean losses, shape `(K,)`, in the order of `names`.
        """
        return tf.reduce_sum(self.weights() * losses)

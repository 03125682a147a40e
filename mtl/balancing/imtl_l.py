"""Weights learned so that all weighted losses become equal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from mtl.balancing.base import LossBalancer
from mtl.balancing.per_task import held
from mtl.registry import balancer

# A weight stays in exp(±20): a loss of exactly 0 would else drive it to infinity.
_LARGEST = 20.0


@balancer("imtl_l")
class ImtlL(LossBalancer):
    """Each loss has a scale, learned with the model, that brings it to 1.

    Liu, Li, Kuang, Xue, Chen, Yang, Liao and Zhang, "Towards Impartial Multi-task Learning", ICLR
    2021, the part for losses (IMTL-L). Minimised is

        Σ_k exp(s_k) ℓ_k - s_k,

    whose minimum over s_k is at exp(s_k) ℓ_k = 1. The weights are w_k = exp(s_k). A sum over the
    tasks present, `scale` sum. s starts at 0 and moves by the model's optimizer; that of an absent
    task stays where it is; where the gradients of several batches make one update, it gets no
    gradient, but momentum may move it.

    A departure: in the formula s is held between -20 and 20, with the gradient of the formula
    without that bound.

    Args:
        weights: See `Balancer`.
        **options: See `Balancer`.
    """

    def __init__(self, weights: Mapping[str, float], **options: Any) -> None:
        super().__init__(weights, **options)
        self.log_scale = self.remember("log_scale", np.zeros(len(self.names)), trainable=True)

    def total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return the sum over the tasks present."""
        losses = tf.where(present, losses, 0.0)
        logarithm = held(self.log_scale.value, _LARGEST)
        terms = tf.exp(logarithm) * losses - logarithm
        return tf.reduce_sum(tf.where(present, terms, 0.0))

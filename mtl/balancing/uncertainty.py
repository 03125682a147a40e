"""Weights learned as the inverse of each task's variance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from mtl.balancing.base import LossBalancer
from mtl.balancing.per_task import check_names, held
from mtl.errors import MtlError
from mtl.registry import balancer

# The logarithm of a weight stays in ±20: a loss of exactly 0 would else drive it to infinity.
_LARGEST = 20.0
_FACTORS = {"regression": 0.5, "classification": 1.0}


@balancer("uncertainty")
class Uncertainty(LossBalancer):
    """Each task has a variance, learned with the model, by which its loss is divided.

    Kendall, Gal and Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene
    Geometry and Semantics", CVPR 2018. Minimised is

        Σ_k c_k exp(-s_k) ℓ_k + s_k / 2,    s_k = log σ_k²,

    with c_k = 1/2 for a regression (a Gaussian of variance σ²) and 1 for a classification (a
    softmax of logits divided by σ²). The weights are w_k = c_k exp(-s_k). The total may become
    negative; that is no fault. A sum over the tasks present, `scale` sum. s moves by the model's
    optimizer, and that of an absent task stays where it is; where the gradients of several batches
    make one update, it gets no gradient, but momentum may move it.

    The paper leaves the start of s open: here it is 0, σ = 1. A departure: in the formula s is
    held between -20 and 20, with the gradient of the formula without that bound.

    Args:
        weights: See `Balancer`.
        form: `regression` for all tasks, the default, `classification` for all, or a mapping from
            tasks to one of the two; tasks that it does not name are regressions.
        **options: See `Balancer`.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        form: str | Mapping[str, str] = "regression",
        **options: Any,
    ) -> None:
        super().__init__(weights, **options)
        forms = dict.fromkeys(self.names, form) if isinstance(form, str) else form
        check_names("form", forms, self.names, complete=False)
        if not set(forms.values()) <= set(_FACTORS):
            raise MtlError(
                f"balancing.form={form!r}. Expected regression or classification, or a mapping"
                " from tasks to these."
            )
        factors = [_FACTORS[forms.get(name, "regression")] for name in self.names]
        self._factors = np.array(factors, np.float32)
        self.log_variance = self.remember("log_variance", np.zeros(len(factors)), trainable=True)

    def total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return the sum over the tasks present."""
        losses = tf.where(present, losses, 0.0)
        logarithm = held(self.log_variance.value, _LARGEST)
        terms = self._factors * tf.exp(-logarithm) * losses + logarithm / 2
        return tf.reduce_sum(tf.where(present, terms, 0.0))

"""The best that the metrics of a task can reach on generated data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtl.tasks import transforms

if TYPE_CHECKING:
    from mtl.tasks.task import Task


def best_possible(task: Task, known_mu: np.ndarray, encoded: np.ndarray) -> dict[str, float]:
    """Return what a model that knows the truth behind generated data would reach.

    Args:
        task: The task; one target column.
        known_mu: Each row's expected log(1 + target) given the inputs, shape `(rows,)`.
        encoded: The rows' labels, shape `(rows,)`; NaN where one is missing.

    Returns:
        `auc` for a binary task with `above`, with `known_mu` as the score; `r2` for a regression
        of the target under `log1p`, alone or standardised; else nothing. Only metrics that the
        task has, and only where they are defined.
    """
    from sklearn.metrics import r2_score, roc_auc_score

    mu = np.asarray(known_mu, dtype=np.float64)
    labels = np.asarray(encoded, dtype=np.float64)
    if labels.ndim != 1:
        return {}
    labelled = ~np.isnan(labels) & ~np.isnan(mu)
    labels, mu = labels[labelled], mu[labelled]
    if len(np.unique(labels)) < 2:
        return {}
    if getattr(task.fitted, "threshold", None) is not None and "auc" in task.metric_names:
        return {"auc": float(roc_auc_score(labels, mu))}
    steps = getattr(task.fitted, "steps", ())
    names = [step.name for step in steps]
    if names in (["log1p"], ["log1p", "standardise"]) and "r2" in task.metric_names:
        return {"r2": float(r2_score(labels, transforms.apply(steps[1:], mu)))}
    return {}

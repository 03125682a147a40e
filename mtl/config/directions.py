"""Whether more of a metric is better or less: what `training.monitor` and `mtl compare` go by.

Here and not with the tasks, as runs are compared without them, and without TensorFlow.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

WEIGHTED = "weighted_"
HIGHER = frozenset(
    {"accuracy", "auc", "f1", "pr_auc", "precision", "r2", "recall", "top_k_accuracy"}
)
LOWER = frozenset(
    {
        "binary_crossentropy",
        "binary_focal_crossentropy",
        "categorical_crossentropy",
        "categorical_focal_crossentropy",
        "categorical_hinge",
        "crossentropy",
        "focal",
        "hinge",
        "huber",
        "kl_divergence",
        "log_cosh",
        "loss",
        "mae",
        "mape",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_error",
        "mean_squared_logarithmic_error",
        "mse",
        "msle",
        "poisson",
        "rmse",
        "sparse_categorical_crossentropy",
        "squared_hinge",
    }
)


def direction(
    metric: str,
    losses: Container[str] = frozenset(),
    metrics: Mapping[str, object] | None = None,
) -> str:
    """Return whether more of a metric is better (`max`) or less (`min`).

    Args:
        metric: The metric's name without split and output: `auc`, `weighted_auc`, `loss`.
        losses: Names of losses beyond the shipped ones: less is better.
        metrics: Metrics beyond the shipped ones, by name; each may say so itself in an attribute
            `direction`. Of one that does not, or is not here, names that contain `loss` or `error`
            are `min` and all others `max`.
    """
    name = metric.removeprefix(WEIGHTED)
    if name in HIGHER:
        return "max"
    if name in LOWER or name in losses:
        return "min"
    said = getattr((metrics or {}).get(name), "direction", None)
    if said in {"max", "min"}:
        return str(said)
    return "min" if "loss" in name or "error" in name else "max"

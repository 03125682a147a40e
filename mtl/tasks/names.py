"""The names a task's config may use: losses, metrics, options of each kind. Imports no TensorFlow.

A loss has its name in `keras.losses` (snake case) or an alias; a metric has one of ours or the name
of a loss of the same kind. Losses and metrics that a plugin registered with
`keras.saving.register_keras_serializable` count too, once the plugin is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mtl.config import directions
from mtl.tasks.registered import registered_losses, registered_metrics

Parameters = Mapping[str, str]

_SMOOTHING = {"label_smoothing": "number"}
_FOCAL = {"alpha": "number", "gamma": "number", **_SMOOTHING}
_BINARY_FOCAL = {"apply_class_balancing": "switch", **_FOCAL}
_THRESHOLD = {"threshold": "number"}


@dataclass(frozen=True)
class KindNames:
    """What a task of one kind may say in the config.

    Attributes:
        loss: The default loss.
        metrics: The default metrics.
        losses: Losses in `keras.losses`, each with its parameters and what these must be
            (`number`, `whole`, `switch`).
        measures: Metrics beyond the losses, each with its parameters likewise.
        aliases: Short names of losses.
        options: Keys of a task beyond those that every task has.
    """

    loss: str
    metrics: tuple[str, ...]
    losses: Mapping[str, Parameters]
    measures: Mapping[str, Parameters]
    aliases: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    def loss_name(self, name: str) -> str:
        """Return what an alias stands for; any other name as it is."""
        return self.aliases.get(name, name)

    def loss_parameters(self) -> dict[str, Parameters]:
        """Return every name `loss` may have, aliases included, with its parameters."""
        aliased = {alias: self.losses[name] for alias, name in self.aliases.items()}
        return {**self.losses, **aliased}

    def metric_parameters(self) -> dict[str, Parameters]:
        """Return every name `metrics` may list, without the prefix `weighted_`."""
        return {**self.loss_parameters(), **self.measures}


_DECISION_LOSSES: Mapping[str, Parameters] = {
    "binary_crossentropy": _SMOOTHING,
    "binary_focal_crossentropy": _BINARY_FOCAL,
    "mean_squared_error": {},
    "mean_absolute_error": {},
    "hinge": {},
    "squared_hinge": {},
}
_DECISION_ALIASES = {
    "crossentropy": "binary_crossentropy",
    "focal": "binary_focal_crossentropy",
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
}
_DECISION_MEASURES: Mapping[str, Parameters] = {
    "accuracy": _THRESHOLD,
    "auc": {},
    "pr_auc": {},
    "precision": _THRESHOLD,
    "recall": _THRESHOLD,
    "f1": _THRESHOLD,
}

BINARY = KindNames(
    loss="binary_crossentropy",
    metrics=("accuracy", "auc"),
    losses=_DECISION_LOSSES,
    measures=_DECISION_MEASURES,
    aliases=_DECISION_ALIASES,
    options=("above", "equals", "class_weights"),
)
MULTILABEL = KindNames(
    loss="binary_crossentropy",
    metrics=("accuracy", "auc", "f1"),
    losses=_DECISION_LOSSES,
    measures=_DECISION_MEASURES,
    aliases=_DECISION_ALIASES,
    options=("separator", "class_weights"),
)
CATEGORICAL = KindNames(
    loss="sparse_categorical_crossentropy",
    metrics=("accuracy", "f1"),
    losses={
        "sparse_categorical_crossentropy": {},
        "categorical_crossentropy": _SMOOTHING,
        "categorical_focal_crossentropy": _FOCAL,
        "categorical_hinge": {},
        "kl_divergence": {},
        "mean_squared_error": {},
    },
    measures={
        "accuracy": {},
        "top_k_accuracy": {"k": "whole"},
        "auc": {},
        "pr_auc": {},
        "precision": {},
        "recall": {},
        "f1": {},
    },
    aliases={
        "crossentropy": "categorical_crossentropy",
        "focal": "categorical_focal_crossentropy",
        "mse": "mean_squared_error",
    },
    options=("class_weights",),
)
REGRESSION = KindNames(
    loss="mean_squared_error",
    metrics=("r2", "rmse", "mae"),
    losses={
        "mean_squared_error": {},
        "mean_absolute_error": {},
        "mean_absolute_percentage_error": {},
        "mean_squared_logarithmic_error": {},
        "huber": {"delta": "number"},
        "log_cosh": {},
        "poisson": {},
    },
    measures={"r2": {}, "rmse": {}},
    aliases={
        "mse": "mean_squared_error",
        "mae": "mean_absolute_error",
        "mape": "mean_absolute_percentage_error",
        "msle": "mean_squared_logarithmic_error",
    },
    options=("transform",),
)

KINDS: Mapping[str, KindNames] = {
    "binary": BINARY,
    "categorical": CATEGORICAL,
    "multilabel": MULTILABEL,
    "regression": REGRESSION,
}
SHIPPED_LOSSES = frozenset(loss for names in KINDS.values() for loss in names.losses)
COMMON_OPTIONS = (
    "target",
    "kind",
    "weight",
    "loss",
    "metrics",
    "sample_weight",
    "auxiliary_of",
    "untrained",
)
TRANSFORMS = ("log", "log1p", "sqrt", "standardise")
WEIGHTED = directions.WEIGHTED


def loss_names(kind: str | None = None) -> tuple[str, ...]:
    """Return every name `loss` may have for a kind; for all kinds together by default.

    A kind that is not shipped has the names of all kinds.
    """
    found = {name for names in _chosen(kind) for name in names.loss_parameters()}
    return tuple(sorted(found | set(registered_losses())))


def metric_names(kind: str | None = None) -> tuple[str, ...]:
    """Return every name `metrics` may list for a kind; for all kinds together by default.

    Each may also be had as `weighted_<name>`, with the weights that the loss has. A kind that is
    not shipped has the names of all kinds.
    """
    found = {name for names in _chosen(kind) for name in names.metric_parameters()}
    return tuple(sorted(found | set(registered_losses()) | set(registered_metrics())))


def option_names(kind: str | None = None) -> tuple[str, ...]:
    """Return every key that a task of a kind may have; of all kinds together by default."""
    found = {option for names in _chosen(kind) for option in names.options}
    return tuple(sorted({*COMMON_OPTIONS, *found}))


def direction(metric: str) -> str:
    """Return whether more of a metric is better (`max`) or less (`min`).

    Args:
        metric: The metric's name without split and output: `auc`, `weighted_auc`, `loss`.

    A plugin's metric says so in an attribute `direction`; without one, names that contain `loss`
    or `error` are `min` and all others `max`.
    """
    return directions.direction(metric, registered_losses(), registered_metrics())


def _chosen(kind: str | None) -> tuple[KindNames, ...]:
    known = None if kind is None else KINDS.get(kind)
    return (known,) if known else tuple(KINDS.values())

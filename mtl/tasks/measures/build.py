"""From a metric's name in the config to a Keras metric."""

from __future__ import annotations

from typing import Any

from mtl.errors import MtlError, nearest
from mtl.tasks.measures.base import Measure
from mtl.tasks.measures.curves import AreaUnderCurve, AveragePrecision
from mtl.tasks.measures.decisions import F1, Precision, Recall
from mtl.tasks.measures.means import Accuracy, LossMeasure, RootMeanSquaredError, TopKAccuracy
from mtl.tasks.measures.plugin import PluginMeasure
from mtl.tasks.measures.variation import R2
from mtl.tasks.names import WEIGHTED, KindNames
from mtl.tasks.options import Choice
from mtl.tasks.registered import registered_losses, registered_metrics

MEASURES: dict[str, type[Measure]] = {
    "accuracy": Accuracy,
    "top_k_accuracy": TopKAccuracy,
    "auc": AreaUnderCurve,
    "pr_auc": AveragePrecision,
    "precision": Precision,
    "recall": Recall,
    "f1": F1,
    "r2": R2,
    "rmse": RootMeanSquaredError,
}


def build_measure(choice: Choice, names: KindNames, *, exclusive: bool, units: int) -> Measure:
    """Return a new metric.

    Args:
        choice: A name with parameters; the name may begin with `weighted_`.
        names: The names of the task's kind.
        exclusive: See `Measure`.
        units: Width of the head.

    Raises:
        MtlError: No metric has the name, or a plugin's metric refuses its parameters.
    """
    name = choice.name.removeprefix(WEIGHTED)
    parameters = dict(choice.parameters)
    settings: dict[str, Any] = {"exclusive": exclusive, "units": units, "name": choice.name}
    if name in names.measures:
        return MEASURES[name](**parameters, **settings)
    if name in names.loss_parameters() or name in registered_losses():
        return LossMeasure(loss=names.loss_name(name), parameters=parameters, **settings)
    if name in registered_metrics():
        return PluginMeasure(metric=name, parameters=parameters, **settings)
    known = {*names.metric_parameters(), *registered_metrics()}
    raise MtlError(f"No metric is called {name!r}. {nearest(name, known)}")

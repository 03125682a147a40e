"""How much each example counts in a task's loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from mtl.errors import Problem, nearest
from mtl.tasks.kinds.base import Kind
from mtl.tasks.options import TaskOptions, class_key
from mtl.tasks.targets import Targets


def fit_class_weights(options: TaskOptions, kind: Kind, encoded: np.ndarray) -> np.ndarray | None:
    """Return the weight of each class, or None where the config gives none.

    Args:
        options: The task's section; `balanced` weighs classes by n / (classes · n of the class),
            as scikit-learn does, counted over the labelled examples of the training split; a
            mapping gives the weights by class, 1 for a class that it leaves out.
        kind: The fitted kind.
        encoded: The labels of the training split.

    Returns:
        Shape `(classes,)`; for a kind of several labels `(labels, 2)`: the weight of an absent and
        of a present label. A mapping then weighs present labels.
    """
    if options.class_weights is None or kind.class_names is None:
        return None
    several = encoded.ndim == 2 and not kind.sequence
    if options.class_weights == "balanced":
        if several:
            return np.stack([_balanced(column, 2) for column in encoded.T])
        return _balanced(encoded, len(kind.class_names))
    shape = (len(kind.class_names), 2) if several else (len(kind.class_names),)
    weights = np.ones(shape, np.float64)
    for key, weight in _mapping(options).items():
        weights[(kind_position(kind, key), *((1,) if several else ()))] = weight
    return weights


def class_weight_problems(options: TaskOptions, kind: Kind) -> Iterator[Problem]:
    """Yield a problem for each class of a mapping that the training split lacks."""
    for key in _mapping(options):
        if kind.class_names is not None and kind_position(kind, key) is None:
            path = f"{options.path}.class_weights"
            yield Problem(path, f"no class {key!r}", nearest(key, kind.class_names))


def kind_position(kind: Kind, key: str) -> int | None:
    """Return the position of a class by its text; 0 and 1 stand for false and true."""
    names = list(kind.class_names or ())
    if names == ["false", "true"]:
        key = {"0": "false", "1": "true"}.get(key, key)
    return names.index(key) if key in names else None


def example_weights(
    encoded: np.ndarray,
    class_weights: np.ndarray | None,
    sample_weight: str | None,
    targets: Targets,
) -> np.ndarray:
    """Return the weight of each example, class weight times sample weight, as float32.

    Args:
        encoded: The labels.
        class_weights: What `fit_class_weights` returned.
        sample_weight: The column of sample weights; None for 1 everywhere.
        targets: The table.

    Returns:
        Shape `(rows,)`; with class weights shaped like the labels.

    Raises:
        TargetError: A sample weight is missing, negative or infinite.
    """
    weights = np.ones(len(encoded), np.float64)
    if class_weights is not None:
        classes = np.nan_to_num(encoded, nan=0.0).astype(int)
        columns = np.arange(len(class_weights))
        each = class_weights.ndim == 1
        weights = class_weights[classes] if each else class_weights[columns, classes]
    if sample_weight is not None:
        samples = _sample_weights(sample_weight, targets)
        weights = weights * (samples if weights.ndim == 1 else samples[:, None])
    return weights.astype(np.float32)


def _sample_weights(column: str, targets: Targets) -> np.ndarray:
    values = targets.numbers(column, "sample_weight")
    wrong = np.flatnonzero(np.isnan(values) | (values < 0))
    if len(wrong):
        value = values[wrong[0]]
        shown = "nothing" if np.isnan(value) else f"{value:g}"
        found = f"{shown} in column {column!r}, {targets.row(wrong[0])}"
        raise targets.error(found, "Expected a weight of 0 or more in each row.", "sample_weight")
    if len(values) and not values.any():
        found = f"every weight in column {column!r} is 0"
        raise targets.error(found, "Expected at least one above 0.", "sample_weight")
    return values


def _mapping(options: TaskOptions) -> dict[str, float]:
    given = options.class_weights
    if not isinstance(given, Mapping):
        return {}
    return {class_key(key): float(weight) for key, weight in given.items()}


def _balanced(labels: np.ndarray, classes: int) -> np.ndarray:
    labelled = labels[~np.isnan(labels)].astype(int)
    counts = np.bincount(labelled, minlength=classes)
    return np.where(counts > 0, len(labelled) / (classes * np.maximum(counts, 1)), 1.0)

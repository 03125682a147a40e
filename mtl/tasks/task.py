"""A task: what one output of the graph learns, fitted to the training split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import keras
import numpy as np
import polars as pl
import tensorflow as tf

from mtl.errors import ConfigError
from mtl.tasks.kinds.base import Kind, find_kind
from mtl.tasks.losses import TaskLoss
from mtl.tasks.measures.build import build_measure
from mtl.tasks.names import WEIGHTED
from mtl.tasks.options import Choice, TaskOptions, read_options
from mtl.tasks.targets import Targets
from mtl.tasks.weights import example_weights


class Task:
    """What one output learns. `mtl.tasks.fit.fit_tasks` makes one from the config and the data.

    Args:
        options: The task's section of the config.
        fitted: Its kind, fitted to the training split.
        class_weights: See `mtl.tasks.weights.fit_class_weights`.

    Attributes:
        fitted: The fitted kind: classes, threshold, transforms.

    Raises:
        MtlError: No loss or metric has the name that the config gives.
    """

    def __init__(
        self, options: TaskOptions, fitted: Kind, class_weights: np.ndarray | None = None
    ) -> None:
        self._options = options
        self.fitted = fitted
        self._class_weights = class_weights
        names = fitted.names
        choice = options.loss or Choice(names.loss)
        choice = Choice(names.loss_name(choice.name), choice.parameters)
        self._loss = TaskLoss(choice, exclusive=fitted.exclusive)
        chosen = options.metrics
        self._metrics = tuple(map(Choice, names.metrics)) if chosen is None else chosen
        self.metrics()

    @property
    def name(self) -> str:
        """The output's name."""
        return self._options.name

    @property
    def kind(self) -> str:
        """The name of the kind."""
        return self._options.kind

    @property
    def columns(self) -> tuple[str, ...]:
        """The target columns."""
        return self.fitted.columns

    @property
    def weight(self) -> float:
        """The weight of the loss in the config."""
        return self._options.weight

    @property
    def auxiliary_of(self) -> str | None:
        """The task that this one serves, if it is an auxiliary one."""
        return self._options.auxiliary_of

    @property
    def untrained(self) -> bool:
        """Whether the config says that the output is not to be trained."""
        return self._options.untrained

    @property
    def trained(self) -> bool:
        """Whether the loss has a part in the total: not `untrained`, and of a weight above 0."""
        return not self.untrained and self.weight > 0

    @property
    def units(self) -> int:
        """The width of the head."""
        return self.fitted.units

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the output without the batch; None where any size will do."""
        return (None, self.units) if self.fitted.sequence else (self.units,)

    @property
    def activation(self) -> str | None:
        """The head's activation: `sigmoid`, `softmax`, `exponential` (loss `poisson`) or None."""
        return "exponential" if self._loss.name == "poisson" else self.fitted.activation

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The classes or labels as text, in the order of the head; None for a regression."""
        return self.fitted.class_names

    @property
    def loss_name(self) -> str:
        """The loss's name in `keras.losses`, or a plugin's."""
        return self._loss.name

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The names of the metrics, in the order of the config."""
        return tuple(choice.name for choice in self._metrics)

    def encode(self, table: pl.DataFrame, rows: np.ndarray | None = None) -> np.ndarray:
        """Return the labels of a table.

        Args:
            table: Has the target columns.
            rows: Each row's number in the user's table, from 0, for error messages.

        Returns:
            float32, shape `(rows,)`, or `(rows, units)` for several labels or several columns, or
            `(rows, positions)` for a class at each of several positions; NaN where a label is
            missing or its class is unknown to the training split.

        Raises:
            DataError: A column is absent, or a value is not what the kind expects.
        """
        return self.fitted.encode(Targets(self.name, table, rows))

    def example_weights(
        self, table: pl.DataFrame, encoded: np.ndarray, rows: np.ndarray | None = None
    ) -> np.ndarray:
        """Return what each example counts in the loss: class weight times `sample_weight`.

        Args:
            table: Has the column `sample_weight`, if the config names one.
            encoded: The table's labels.
            rows: Each row's number in the user's table, from 0, for error messages.

        Returns:
            float32, shape `(rows,)`; with class weights shaped like the labels.

        Raises:
            DataError: A sample weight is missing, negative or infinite.
        """
        targets = Targets(self.name, table, rows)
        return example_weights(encoded, self._class_weights, self._options.sample_weight, targets)

    def loss(
        self, y_true: tf.Tensor, y_pred: tf.Tensor, weights: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return Σ w·l and Σ w over the labelled examples of a batch, two float32 scalars.

        The task's loss is their ratio, by `tf.math.divide_no_nan`: over a batch, or summed first
        over an epoch. Works in graphs and under XLA; always computed in float32.

        Args:
            y_true: Encoded labels, shape `(batch,)` or `(batch, units)`.
            y_pred: The output, shape `(batch, units)`, or `(batch,)` for one unit; see
                `mtl.tasks.masking.masked` for several positions.
            weights: As from `example_weights`; 1 by default.
        """
        return self._loss.sums(y_true, y_pred, weights)

    def metrics(self) -> dict[str, keras.metrics.Metric]:
        """Return new metrics by name; each leaves out missing labels by itself."""
        fitted = self.fitted
        return {
            choice.name: build_measure(
                choice, fitted.names, exclusive=fitted.exclusive, units=fitted.units
            )
            for choice in self._metrics
        }

    def update_metric(
        self,
        metric: keras.metrics.Metric,
        y_true: tf.Tensor,
        y_pred: tf.Tensor,
        weights: tf.Tensor | None = None,
    ) -> None:
        """Take a batch, of any length, into one of `metrics()`.

        Args:
            metric: The metric.
            y_true: Encoded labels.
            y_pred: The output.
            weights: As from `example_weights`. Only a metric named `weighted_…` heeds them.

        Raises:
            ValueError: A weighted metric is given no weights.
        """
        weighted = metric.name.startswith(WEIGHTED)
        if weighted and weights is None:
            raise ValueError(f"Expected weights for the metric {metric.name!r}. Received: None")
        metric.update_state(y_true, y_pred, sample_weight=weights if weighted else None)

    def decode(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """Return predictions in the target's own values, as columns whose names begin with `name`.

        Binary: `<name>`, the likelier class, and `<name>_probability` of the positive one.
        Categorical: `<name>` and `<name>_probability_<class>`. Several labels: `<name>`, the labels
        above 0.5 in one text, and `<name>_probability_<label>`. Regression: `<name>`, or
        `<name>_<column>` for several columns, with the transforms undone.

        Args:
            predictions: The output, shape `(rows, units)`, or `(rows,)` for one unit. With several
                positions `(rows, positions, units)`; the columns then have the shape
                `(rows, positions)`.
        """
        values = np.asarray(predictions, dtype=np.float32)
        decoded = self.fitted.decode(values.reshape(-1, self.units))
        if not self.fitted.sequence:
            return decoded
        return {name: column.reshape(values.shape[:2]) for name, column in decoded.items()}

    def state(self) -> dict[str, Any]:
        """Return what was fitted, as values that JSON has."""
        weights = None if self._class_weights is None else self._class_weights.tolist()
        return {"name": self.name, "fitted": self.fitted.state(), "class_weights": weights}

    @classmethod
    def from_state(cls, config: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """Restore a task exactly.

        Args:
            config: The task's section of the config it was fitted with.
            state: What `state` returned, also after a way through JSON.

        Raises:
            ConfigError: The section is not valid.
        """
        options = read_options(state["name"], config)
        if not isinstance(options, TaskOptions):
            raise ConfigError(options)
        fitted = find_kind(options.kind).from_state(state["fitted"])
        weights = state["class_weights"]
        return cls(options, fitted, None if weights is None else np.array(weights, np.float64))

"""What is counted over an epoch or a split: losses, their shares, and every task's metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from mtl.tasks.task import Task
from mtl.training.balance import Balance


class Figures:
    """Counts the losses and metrics of all tasks over the batches of one split.

    Args:
        tasks: The tasks, by output name. The trained ones make the total.
        block: After how many batches they are taken in, all at once: metrics are many small
            operations whose time is mostly not the data's, and reading a loss waits for the device.

    Attributes:
        balance: What the steps report of the balancing.
        divergence: The tasks of which a loss was NaN or infinite and the first such batch, counted
            from 1; None while there is none.
    """

    def __init__(self, tasks: Mapping[str, Task], block: int = 32) -> None:
        self.tasks = dict(tasks)
        self.trained = {name: task.weight for name, task in self.tasks.items() if task.trained}
        self.balance = Balance(list(self.trained))
        self.block = block
        self.metrics = {name: task.metrics() for name, task in self.tasks.items()}
        self._update_metrics = tf.function(self._update, autograph=False, reduce_retracing=True)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.divergence: tuple[list[str], int] | None = None
        self._sums = np.zeros((2, len(self.tasks)))
        self._batches = 0
        self._waiting: list[tuple[Any, ...]] = []
        self._reported: list[Mapping[str, Any]] = []
        self.balance.reset()
        for metrics in self.metrics.values():
            for metric in metrics.values():
                metric.reset_state()

    def add(
        self,
        sums: Any,
        outputs: Mapping[str, tf.Tensor],
        targets: Mapping[str, tf.Tensor],
        weights: Mapping[str, tf.Tensor],
        balance: Mapping[str, Any] | None = None,
    ) -> None:
        """Take in a batch.

        Args:
            sums: Shape `(2, K)`: weighted loss sums and weight sums, as the step returns them.
            outputs: By name.
            targets: By output name, NaN where a label is missing.
            weights: The examples' weights, by output name.
            balance: What the step reports of the balancing.
        """
        if balance is not None:
            self._reported.append(balance)
        self._waiting.append((sums, dict(outputs), dict(targets), dict(weights)))
        if len(self._waiting) == self.block:
            self._flush()

    def losses(self) -> dict[str, float]:
        """Return each task's mean loss over the batches taken in; NaN where no label was seen."""
        with np.errstate(invalid="ignore", divide="ignore"):
            means = self._sums[0] / self._sums[1]
        return dict(zip(self.tasks, means.tolist(), strict=True))

    def total(self) -> float:
        """Return the sum of the trained tasks' mean losses, weighted as in the config.

        A NaN counts as nothing. Whatever the balancing does with the losses, this stays comparable
        from epoch to epoch. What regularisers add to the trained loss is not in it.
        """
        return float(np.nansum(self._weighted(np.array(list(self.trained.values())))))

    def results(self, split: str) -> dict[str, float]:
        """Return every figure of the split by its name `<split>/<output>/<metric>`."""
        self._flush()
        found = {f"{split}/loss": self.total()}
        losses = self.losses()
        for name, metrics in self.metrics.items():
            found[f"{split}/{name}/loss"] = losses[name]
            labelled = np.isfinite(losses[name])
            for metric_name, metric in metrics.items():
                value = float(metric.result()) if labelled else float("nan")
                found[f"{split}/{name}/{metric_name}"] = value
        return found | self._means(split, found)

    def balancing(self) -> dict[str, float]:
        """Return the figures of the balancing, and each trained task's share of the total loss.

        The share is that of the loss times the mean weight that it was trained with.
        """
        self._flush()
        weighted = self._weighted(self.balance.weights())
        total = np.nansum(np.abs(weighted))
        shares = weighted / total if total else np.zeros_like(weighted)
        return self.balance.figures() | {
            f"balancing/share/{name}": float(share)
            for name, share in zip(self.trained, shares, strict=True)
        }

    def names(self, split: str) -> list[str]:
        """Return the names of the figures that `results` gives, before anything is counted."""
        names = [f"{split}/loss"]
        for name, metrics in self.metrics.items():
            names += [f"{split}/{name}/{metric}" for metric in ("loss", *metrics)]
        means = {metric: None for name in self.trained for metric in ("loss", *self.metrics[name])}
        return names + [f"{split}/mean/{metric}" for metric in means]

    def _weighted(self, weights: np.ndarray) -> np.ndarray:
        losses = self.losses()
        return weights * np.array([losses[name] for name in self.trained])

    def _means(self, split: str, found: Mapping[str, float]) -> dict[str, float]:
        """Return each metric's mean over the trained tasks that have it and something labelled."""
        values: dict[str, list[float]] = {}
        for name in self.trained:
            for metric in ("loss", *self.metrics[name]):
                values.setdefault(metric, []).append(found[f"{split}/{name}/{metric}"])
        known = {metric: [v for v in each if np.isfinite(v)] for metric, each in values.items()}
        return {
            f"{split}/mean/{metric}": float(np.mean(each)) if each else float("nan")
            for metric, each in known.items()
        }

    def _flush(self) -> None:
        """Take in the batches that wait."""
        for balance in self._reported:
            self.balance.add(balance)
        self._reported = []
        if not self._waiting:
            return
        sums, *parts = zip(*self._waiting, strict=True)
        self._waiting = []
        self._add_sums(np.array([np.asarray(each) for each in sums], dtype=np.float64))
        outputs, targets, weights = (
            {name: tf.concat([batch[name] for batch in part], axis=0) for name in self.tasks}
            for part in parts
        )
        self._update_metrics(outputs, targets, weights)

    def _add_sums(self, sums: np.ndarray) -> None:
        """Add the sums of several batches, shape `(batches, 2, K)`, and look for divergence."""
        wrong = ~np.isfinite(sums).all(axis=1)
        if wrong.any() and self.divergence is None:
            first = int(wrong.any(axis=1).argmax())
            names = [name for name, bad in zip(self.tasks, wrong[first], strict=True) if bad]
            self.divergence = names, self._batches + first + 1
        self._batches += len(sums)
        self._sums += sums.sum(axis=0)

    def _update(
        self,
        outputs: Mapping[str, tf.Tensor],
        targets: Mapping[str, tf.Tensor],
        weights: Mapping[str, tf.Tensor],
    ) -> None:
        for name, task in self.tasks.items():
            for metric in self.metrics[name].values():
                task.update_metric(metric, targets[name], outputs[name], weights[name])

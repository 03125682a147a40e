"""The epochs: train, measure, choose the best, stop when told to."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from mtl.balancing.base import Balancer, TurnBalancer
from mtl.config.check.wording import some_of
from mtl.data.batches import Examples, evaluation_batches, training_batches, unstacked
from mtl.data.sources import Sources
from mtl.errors import DivergenceError, MtlError
from mtl.reporting.matrix import matrix_image
from mtl.training.balance import figures_of_step
from mtl.training.figures import Figures
from mtl.training.interrupt import Interruption
from mtl.training.monitor import Monitor
from mtl.training.step import StepResult, TrainingStep

logger = logging.getLogger(__name__)

Tensors = Mapping[str, tf.Tensor]

COSINES = "balancing/cosine"


class Observer(Protocol):
    """Is told what happens; the console, the history and TensorBoard are observers."""

    def epoch_begins(self, epoch: int, steps: int) -> None:
        """Training of an epoch begins; epochs count from 1."""

    def step_ends(self, step: int, figures: Figures, examples_per_second: float) -> None:
        """A step was made; `figures` count the epoch so far."""

    def step_balances(self, step: int, figures: Mapping[str, float]) -> None:
        """There are figures of the balancing in a single step, counted over the whole training."""

    def epoch_ends(self, epoch: int, figures: Mapping[str, float], *, improved: bool) -> None:
        """An epoch was measured."""

    def epoch_shows(self, epoch: int, images: Mapping[str, np.ndarray]) -> None:
        """There are images of an epoch, by name."""


@dataclass
class Loop:
    """Trains epochs until they are done, the patience runs out or the user stops it.

    Attributes:
        step: Trains one batch.
        figures: Counts losses and metrics.
        examples: By split; `training` at least.
        training_examples: Returns what an epoch trains, epochs counted from 1; None where that is
            always `examples["training"]`.
        sources: Of the training examples, where each batch is to hold rows of one.
        evaluate_further: Returns, for a split, figures beyond losses and metrics by name,
            `<split>/<output>/<figure>`, and images by name.
        monitor: Chooses the best epoch.
        epochs: How many at most.
        batch_size: Examples in a training batch.
        evaluation_batch_size: Examples in a batch when measuring.
        seed: Of the order of examples.
        shuffle: Whether each epoch has an order of its own.
        restore_best: Whether the best epoch's weights are put back at the end.
        observers: Who is told.
        balancing_log_every: In how many steps the balancing of one is told of; `auto` chooses (see
            `log_interval`), None leaves it out.
        steps_per_execution: How many steps are made in one call of TensorFlow.
        status: How it ended: `completed`, `stopped_early` or `interrupted`.
        seconds: Time spent training, without measuring.
        trained_examples: How many examples were trained in that time.
        steps: How many steps were made in the whole training.
        last_epoch: The last epoch that was trained, from 1; 0 before any.
        images: What the last further evaluation showed, and the cosines of the epoch whose
            weights the graph has.
        failures: Why a split could not be evaluated further the last time, by split.
        checkpoint: Is called after each whole epoch.
    """

    step: TrainingStep
    figures: Figures
    examples: Mapping[str, Examples]
    monitor: Monitor
    epochs: int
    batch_size: int
    evaluation_batch_size: int
    seed: int
    shuffle: bool
    restore_best: bool
    observers: list[Observer]
    training_examples: Callable[[int], Examples] | None = None
    sources: Sources | None = None
    evaluate_further: Callable[[str], tuple[dict[str, float], dict[str, np.ndarray]]] | None = None
    balancing_log_every: int | str | None = None
    steps_per_execution: int = 1
    checkpoint: Callable[[Loop], None] | None = None
    status: str = "completed"
    seconds: float = 0.0
    trained_examples: int = 0
    steps: int = 0
    last_epoch: int = 0
    images: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    failures: dict[str, MtlError] = field(default_factory=dict, repr=False)
    _best_weights: list[np.ndarray] | None = field(default=None, repr=False)
    _best_cosines: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    def run(self, interruption: Interruption) -> None:
        """Train.

        Args:
            interruption: Is looked at after every execution.

        Raises:
            DivergenceError: A loss became NaN or infinite.
        """
        try:
            for epoch in range(self.last_epoch + 1, self.epochs + 1):
                if self.monitor.exhausted:
                    break
                whole = self._train_epoch(epoch, interruption)
                if whole and self.checkpoint is not None:
                    self.checkpoint(self)
                if interruption.requested:
                    self.status = "interrupted"
                    break
            if self.monitor.exhausted and self.status != "interrupted":
                self.status = "stopped_early"
        finally:
            if self.restore_best and self._best_weights is not None:
                self.step.model.set_weights(self._best_weights)
                self.images |= self._best_cosines

    def progress(self) -> tuple[dict[str, Any], list[np.ndarray], dict[str, np.ndarray]]:
        """Return where the training is: numbers, the best epoch's weights and its images."""
        numbers = {
            "epoch": self.last_epoch,
            "steps": self.steps,
            "seconds": self.seconds,
            "trained_examples": self.trained_examples,
            "best": self.monitor.best,
            "best_epoch": self.monitor.best_epoch,
            "examples": {split: len(each) for split, each in self.examples.items()},
            "digests": self._digests,
        }
        return numbers, self._best_weights or [], self._best_cosines

    def go_on(
        self,
        numbers: Mapping[str, Any],
        best_weights: Sequence[np.ndarray],
        best_images: Mapping[str, np.ndarray],
    ) -> None:
        """Continue from what `progress` returned.

        Raises:
            MtlError: It had other examples.
        """
        examples = {split: len(each) for split, each in self.examples.items()}
        if numbers["digests"] != self._digests:
            other = "others" if numbers["examples"] == examples else str(numbers["examples"])
            raise MtlError(
                f"The data are prepared to {examples} examples, and the run had {other}."
                " Expected the same data: a training that is resumed goes on as it began."
            )
        self.last_epoch = numbers["epoch"]
        self.steps = numbers["steps"]
        self.seconds = numbers["seconds"]
        self.trained_examples = numbers["trained_examples"]
        self.monitor.go_on(numbers["epoch"], numbers["best"], numbers["best_epoch"])
        self._best_weights = list(best_weights) or None
        self._best_cosines = dict(best_images)

    @cached_property
    def _digests(self) -> dict[str, str]:
        """Numbers that are others where the examples of a split are, by split."""
        return {split: examples.digest() for split, examples in self.examples.items()}

    @property
    def final_epoch(self) -> int:
        """The epoch whose weights the graph has after training."""
        return (self.monitor.best_epoch if self.restore_best else 0) or self.last_epoch

    def evaluate(self, split: str) -> dict[str, float]:
        """Return every figure of a split with the present weights.

        Where it cannot be evaluated further, these are its losses and metrics, and `failures` has
        the reason.

        Raises:
            DivergenceError: A loss is NaN or infinite.
        """
        examples = self.examples[split]
        found = evaluate(
            self.step.measure, self.figures, examples, split, self.evaluation_batch_size
        )
        self._check_divergence(f"measuring {split} after epoch {self.last_epoch}")
        if self.evaluate_further is None:
            return found
        self.failures.pop(split, None)
        try:
            figures, images = self.evaluate_further(split)
        except MtlError as error:
            self.failures[split] = error
            return found
        self.images |= images
        return found | figures

    def _train_epoch(self, epoch: int, interruption: Interruption) -> bool:
        """Train and measure an epoch; return whether all of its steps were made."""
        started, seen = time.perf_counter(), 0
        if self.training_examples is None:
            examples = self.examples["training"]
        else:
            examples = self.training_examples(epoch)
        count = len(examples)
        steps = -(-count // self.batch_size)
        for observer in self.observers:
            observer.epoch_begins(epoch, steps)
        self.figures.reset()
        rate = float(self.step.optimizer.learning_rate)
        interval = log_interval(self.balancing_log_every, steps, self.step.balancer)
        number = 0
        for batches, results in self._executions(examples, epoch, steps):
            for (_, targets, weights), (sums, outputs, balance) in zip(
                batches, results, strict=True
            ):
                self.figures.add(sums, outputs, targets, weights, balance)
                self._tell_of_step(balance, interval)
                seen += int(next(iter(targets.values())).shape[0])
            number += len(results)
            self._check_divergence(f"epoch {epoch}")
            speed = seen / (time.perf_counter() - started)
            for observer in self.observers:
                observer.step_ends(number, self.figures, speed)
            if interruption.requested:
                logger.info("Interrupted in epoch %d after step %d of %d.", epoch, number, steps)
                break
        elapsed = time.perf_counter() - started
        self.seconds += elapsed
        self.trained_examples += seen
        self.last_epoch = epoch
        measured = self.figures.results("training") | self.figures.balancing()
        self._check_divergence(f"epoch {epoch}")
        self._check_weights(epoch)
        self._tell_balancer()
        state = self.step.balancer.figures()
        measured |= {f"balancing/state/{name}": value for name, value in state.items()}
        cosines = self.figures.balance.cosines()
        if cosines is not None:
            self.images[COSINES] = matrix_image(self.figures.balance.names, cosines)
        if "validation" in self.examples:
            measured |= self.evaluate("validation")
        if self.failures:
            # A monitored figure that is lacking is no improvement. The end raises the reason.
            measured.setdefault(self.monitor.name, float("nan"))
            for failure in self.failures.values():
                logger.warning("Epoch %d: %s", epoch, failure)
        measured |= {
            "learning_rate": rate,
            "examples_per_second": seen / elapsed,
            "seconds": elapsed,
        }
        improved = self.monitor.update(epoch, measured[self.monitor.name])
        if improved and self.restore_best:
            self._best_weights = self.step.model.get_weights()
            self._best_cosines = {k: v for k, v in self.images.items() if k == COSINES}
        for observer in self.observers:
            observer.epoch_ends(epoch, measured, improved=improved)
            observer.epoch_shows(epoch, self.images)
        return number == steps

    def _executions(
        self, examples: Examples, epoch: int, steps: int
    ) -> Iterator[tuple[list[Any], list[StepResult]]]:
        """Train an epoch, and yield the batches of each execution and what their steps gave.

        What is left after the last execution of several full batches is trained step by step.
        """
        order = None
        if self.sources is not None:
            order = self.sources.order(epoch, steps, self.batch_size)
        batches = partial(
            training_batches,
            examples,
            self.batch_size,
            seed=self.seed,
            epoch=epoch,
            shuffle=self.shuffle,
            order=order,
        )
        together, done = self.steps_per_execution, 0
        if together > 1:
            for stacked in batches(together=together):
                done += together
                yield unstacked(stacked), self.step.several(*stacked)
        for batch in batches(skip=done):
            yield [batch], [self.step(*batch)]

    def _tell_of_step(self, balance: Mapping[str, tf.Tensor], interval: int | None) -> None:
        """Count a step, and tell of its balancing with the first and every so many after it."""
        self.steps += 1
        names = self.figures.balance.names
        if interval is None or len(names) < 2 or (self.steps - 1) % interval:
            return
        figures = figures_of_step(names, balance)
        for observer in self.observers:
            observer.step_balances(self.steps, figures)

    def _tell_balancer(self) -> None:
        """Hand the balancer the epoch's mean losses, each times its weight in the config."""
        losses, balancer = self.figures.losses(), self.step.balancer
        seen = np.array([losses[name] for name in balancer.names])
        balancer.epoch_ends(seen * balancer.config_weights)

    def _check_divergence(self, place: str) -> None:
        """Stop at the first loss that is no number."""
        if self.figures.divergence is not None:
            names, step = self.figures.divergence
            raise DivergenceError(
                f"The loss of {', '.join(map(repr, names))} became NaN or infinite in {place} "
                f"at step {step}. Expected finite losses: {self._against_divergence}"
            )

    def _check_weights(self, epoch: int) -> None:
        """Stop where weights are no numbers: an activation may hide that from the losses."""
        broken = [
            weight.path
            for weight in self.step.model.trainable_weights
            if not bool(tf.reduce_all(tf.math.is_finite(weight.value)))
        ]
        if broken:
            raise DivergenceError(
                f"Weights became NaN or infinite in epoch {epoch}, although losses are finite:"
                f" {some_of(broken, 3)}. Expected finite weights: {self._against_divergence}"
            )

    @property
    def _against_divergence(self) -> str:
        """What helps against it."""
        several = len(self.step.balancer.names) > 1
        return (
            "lower optimizer.learning_rate, bound the gradients (optimizer.global_clipnorm=1),"
            " transform large targets (tasks.<name>.transform)"
            + " or change balancing, whose weights of the tasks balancing.csv has" * several
            + "."
        )


def log_interval(wanted: int | str | None, steps: int, balancer: Balancer) -> int | None:
    """Return in how many steps the balancing of one is told of; None for never.

    Args:
        wanted: A number of steps, None, or `auto`: 10, and more where an epoch would have over
            200 rows; so many that each of K tasks that take turns is seen in turn, or that
            weights are computed in those steps.
        steps: Those of an epoch.
        balancer: The strategy.
    """
    if wanted != "auto":
        return None if wanted is None else int(wanted)
    least = max(10, -(-steps // 200))
    if isinstance(balancer, TurnBalancer):
        return least + (1 - least) % len(balancer.names)
    return -(-least // balancer.every) * balancer.every


def evaluate(
    measure: Callable[[Tensors, Tensors, Tensors], tuple[Any, Tensors]],
    figures: Figures,
    examples: Examples,
    split: str,
    batch_size: int,
) -> dict[str, float]:
    """Measure a model on examples.

    Args:
        measure: From inputs, targets and weights to the losses' sums and the outputs; see
            `mtl.training.step.TrainingStep.measure`.
        figures: Is reset, and counts.
        examples: What is measured.
        split: The first part of the figures' names.
        batch_size: Examples in a batch.
    """
    figures.reset()
    for inputs, targets, weights in evaluation_batches(examples, batch_size):
        sums, outputs = measure(inputs, targets, weights)
        figures.add(sums, outputs, targets, weights)
    return figures.results(split)

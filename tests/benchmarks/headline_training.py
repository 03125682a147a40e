"""Training the headline model: the guide's own script against `mtl`'s runner.

    python tests/benchmarks/headline_training.py [--epochs 5] [--rows 9600] [--xla auto]

In one process and in turn, each contender trains the same generated headlines, an epoch at a time:

* `guide`: plain Keras, `compile` and `fit` on arrays, as in the guide to the functional API.
  Keras's optimizers take the embedding's gradient as it comes, repeated rows apart.
* `guide, summed rows`: the same, with the repeated rows of a gradient summed first. This is the
  mathematics that `mtl` computes.
* `mtl, Keras layers`: the runner, `model.lstm=keras`.
* `mtl`: the runner, `model.lstm=hoisted`.

Printed: the ratio of examples per second to `guide`'s (median, least and largest over the epochs
after the first), the delay until the first step is done, and how much memory an epoch took beyond
what the process held before. The runner also measures accuracy and AUC while it trains; the guide's
script does not.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf

import mtl
from mtl.data.batches import Examples
from mtl.models.headline import headline
from mtl.training.assembly import Assembly, assemble
from mtl.training.figures import Figures
from mtl.training.interrupt import Interruption
from mtl.training.runner import make_loop

LOSS_WEIGHTS = {"main_output": 1.0, "aux_output": 0.2}


@dataclass
class Contender:
    """One way to train, and what was measured of it."""

    name: str
    train_epoch: Callable[[], float]
    speeds: list[float] = field(default_factory=list)
    first_step: float = 0.0
    memory: int = 0


class SummedRMSprop(keras.optimizers.RMSprop):
    """Keras's RMSprop, fed densified gradients."""

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        super().apply([tf.convert_to_tensor(gradient) for gradient in grads], trainable_variables)


class FirstStep(keras.callbacks.Callback):
    """Notes when the first batch of a `fit` is done."""

    ended: float | None = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.ended = self.ended or time.perf_counter()


class FirstStepObserver:
    """Notes when the first step of a loop is done."""

    ended: float | None = None

    def epoch_begins(self, epoch: int, steps: int) -> None:
        pass

    def step_ends(self, step: int, figures: Figures, examples_per_second: float) -> None:
        self.ended = self.ended or time.perf_counter()

    def step_balances(self, step: int, figures: Mapping[str, float]) -> None:
        pass

    def epoch_ends(self, epoch: int, figures: Mapping[str, float], *, improved: bool) -> None:
        pass


def guide(name: str, optimizer: keras.optimizers.Optimizer, examples: Examples) -> Contender:
    """The guide's script on arrays."""
    model = headline(lstm="keras")
    losses = {output: keras.losses.BinaryCrossentropy() for output in LOSS_WEIGHTS}
    model.compile(optimizer=optimizer, loss=losses, loss_weights=LOSS_WEIGHTS)
    targets = {output: labels.reshape(-1, 1) for output, labels in examples.targets.items()}

    def train_epoch() -> float:
        first = FirstStep()
        model.fit(examples.inputs, targets, batch_size=32, epochs=1, verbose=0, callbacks=[first])
        assert first.ended is not None
        return first.ended

    return Contender(name, train_epoch)


def runner(name: str, assembly: Assembly) -> Contender:
    """One epoch of the runner at a time, without validation."""
    observer = FirstStepObserver()
    loop = make_loop(assembly, [observer])
    loop.examples = {"training": assembly.examples["training"]}
    loop.epochs = 1
    loop.monitor.name = "training/loss"

    def train_epoch() -> float:
        observer.ended = None
        loop.run(Interruption())
        assert observer.ended is not None
        return observer.ended

    return Contender(name, train_epoch)


def measured_epoch(contender: Contender, rows: int) -> None:
    """Train one epoch; the first one of a contender gives its first step's delay."""
    before = resident()
    forget_peak()
    started = time.perf_counter()
    first = contender.train_epoch()
    elapsed = time.perf_counter() - started
    contender.memory = max(contender.memory, peak() - before)
    if contender.first_step:
        contender.speeds.append(rows / elapsed)
    else:
        contender.first_step = first - started


def forget_peak() -> None:
    """Have Linux count the peak of the resident memory anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def resident() -> int:
    """Return the resident memory in bytes."""
    return _status("VmRSS")


def peak() -> int:
    """Return the largest resident memory since `forget_peak`, in bytes."""
    return _status("VmHWM")


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def assembly_of(rows: int, xla: str, *overrides: str) -> Assembly:
    """Assemble the headline experiment on generated data."""
    config = mtl.compose(
        "headline", [f"data.generator.rows={rows}", f"training.xla={xla}", *overrides]
    )
    return assemble(mtl.config.compose.plain(config))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5, help="measured epochs of each")
    parser.add_argument("--rows", type=int, default=9600, help="generated headlines")
    parser.add_argument("--xla", default="auto", choices=["auto", "true", "false"])
    arguments = parser.parse_args()
    ours = assembly_of(arguments.rows, arguments.xla)
    plain = assembly_of(arguments.rows, arguments.xla, "model.lstm=keras")
    examples = ours.examples["training"]
    contenders = [
        guide("guide", keras.optimizers.RMSprop(), examples),
        guide("guide, summed rows", SummedRMSprop(), examples),
        runner("mtl, Keras layers", plain),
        runner("mtl", ours),
    ]
    for _ in range(arguments.epochs + 1):
        for contender in contenders:
            measured_epoch(contender, len(examples))
    print(f"{len(examples)} headlines, batch 32, {arguments.epochs} epochs of each in turn")
    print(
        f"{'':20} {'examples/s':>10} {'ratio':>6} {'least':>6} {'most':>6} "
        f"{'first step':>11} {'memory':>8}"
    )
    for contender in contenders:
        ratios = [
            own / other for own, other in zip(contender.speeds, contenders[0].speeds, strict=True)
        ]
        print(
            f"{contender.name:20} {statistics.median(contender.speeds):10.0f} "
            f"{statistics.median(ratios):6.2f} {min(ratios):6.2f} {max(ratios):6.2f} "
            f"{contender.first_step:9.1f} s {contender.memory / 2**20:5.0f} MB"
        )


if __name__ == "__main__":
    main()

"""Scores of exemplars: the broadcast written out, against `mtl.layers.ElementwiseWeights`.

    python tests/benchmarks/exemplar.py [--batch 256] [--exemplars 1000] [--features 784]

In one process and in turn, for each comparison f:

* `broadcast`: Σ_k a · f(x, x_p) by a tensor of (batch, exemplars, features) and TensorFlow's
  gradient, which keeps it and what it was made from;
* `layer`: one matrix product where f separates, else blocks of exemplars;
* `layer, XLA`: the same, compiled.

Printed: the time of the scores alone and of scores and gradient of `a` (medians), how many times
faster than the broadcast that is (median, least and largest over the rounds), the peak memory
beyond what the process held before, and the largest difference of the gradient from the
broadcast's, relative to its largest entry. TensorFlow keeps memory for the next time, so memory is
measured at the first run, in a process of its own; tracing and compiling are part of it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from mtl.layers.comparisons import COMPARISONS
from mtl.layers.elementwise_weights import ElementwiseWeights

C = 0.5


@dataclass
class Contender:
    """One way to compute scores, and what was measured of it."""

    name: str
    scores: Callable[[], tf.Tensor]
    gradient: Callable[[], tf.Tensor]
    times: dict[str, list[float]] = field(default_factory=lambda: {"scores": [], "gradient": []})


def contender(
    name: str, score: Callable[[], tf.Tensor], weights: tf.Variable, *, compiled: bool
) -> Contender:
    def gradient() -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.log_softmax(score())[:, 0])
        return tape.gradient(loss, weights)

    made = [tf.function(each, jit_compile=compiled, autograph=False) for each in (score, gradient)]
    return Contender(name, *made)


def contenders(function: str, x: tf.Tensor, rows: tf.Tensor) -> list[Contender]:
    layer = ElementwiseWeights(function, C)
    layer(x[:1], rows)
    compare, weights = COMPARISONS[function], layer.kernel.value

    def broadcast() -> tf.Tensor:
        return tf.reduce_sum(weights * compare(x[:, tf.newaxis], rows, C), axis=-1)

    return [
        contender("broadcast", broadcast, weights, compiled=False),
        contender("layer", lambda: layer(x, rows), weights, compiled=False),
        contender("layer, XLA", lambda: layer(x, rows), weights, compiled=True),
    ]


def measure(each: Contender, part: str) -> None:
    """Run once and note the time."""
    started = time.perf_counter()
    getattr(each, part)().numpy()
    each.times[part].append(time.perf_counter() - started)


def print_memory(each: Contender) -> None:
    """Run each part for the first time in this process and print the peak memory since before."""
    before = status("VmRSS")
    for part in each.times:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        getattr(each, part)().numpy()
        print(status("VmHWM") - before)


def memory(function: str, name: str) -> list[int]:
    """Return what `print_memory` prints in a process of its own."""
    command = [sys.executable, __file__, *sys.argv[1:], "--memory-of", function, name]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return [int(line) for line in result.stdout.split()]


def status(key: str) -> int:
    """Return a figure of the process's memory in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def report(function: str, each: Contender, reference: Contender) -> None:
    difference: Any = np.abs(each.gradient() - reference.gradient()).max()
    difference /= np.abs(reference.gradient()).max()
    print(f"  {each.name:12}", end="")
    used = memory(function, each.name)
    for (part, times), peak in zip(each.times.items(), used, strict=True):
        ratios = [a / b for a, b in zip(reference.times[part], times, strict=True)]
        print(
            f"{statistics.median(times) * 1e3:9.1f} ms {statistics.median(ratios):6.1f} "
            f"({min(ratios):.1f}-{max(ratios):.1f}) {peak / 2**20:6.0f} MB",
            end="",
        )
    print(f"   {difference:.0e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--exemplars", type=int, default=1000)
    parser.add_argument("--features", type=int, default=784)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--functions", nargs="+", default=list(COMPARISONS), choices=COMPARISONS)
    parser.add_argument("--memory-of", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    random = np.random.default_rng(0)
    x = tf.constant(random.random((arguments.batch, arguments.features)), tf.float32)
    rows = tf.constant(random.random((arguments.exemplars, arguments.features)), tf.float32)
    if arguments.memory_of:
        function, name = arguments.memory_of
        (wanted,) = (each for each in contenders(function, x, rows) if each.name == name)
        print_memory(wanted)
        return
    print(
        f"batch {arguments.batch}, {arguments.exemplars} exemplars, {arguments.features} features, "
        f"{arguments.rounds} rounds in turn"
    )
    heads = [f"{name:>12} {'faster':>7} {'':9} {'memory':>10}" for name in ("scores", "gradient")]
    print(f"  {'':12}{''.join(heads)}   difference")
    for function in arguments.functions:
        each_of_them = contenders(function, x, rows)
        for each in each_of_them:
            each.scores()
            each.gradient()
        for _ in range(arguments.rounds):
            for each in each_of_them:
                for part in each.times:
                    measure(each, part)
        print(function)
        for each in each_of_them:
            report(function, each, each_of_them[0])


if __name__ == "__main__":
    main()

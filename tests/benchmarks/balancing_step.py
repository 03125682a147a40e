"""One training step with each balancing strategy against the plain weighted sum.

    python tests/benchmarks/balancing_step.py [--tasks 2 8 32] [--rounds 20] [--strategies …]
    python tests/benchmarks/balancing_step.py --headline
    python tests/benchmarks/balancing_step.py --peer        # needs TorchJD

The model is a perceptron of 128 → 3 × 512 shared units with a head of 64 → 1 for each of K tasks,
batch 256; with `--headline` the headline model, batch 32. In one process and in turn every
strategy makes a few steps on the same batch. Printed: milliseconds a step (median of the rounds),
their ratio to those of the plain step, and the least and largest ratio within a round.

With `--peer` (`pip install 'torchjd[quadprog_projector]'`) TorchJD's `mtl_backward` with UPGrad,
and PyTorch's plain step, train the same model in the same rounds, on as many threads. They have a
process of their own, which waits while ours make their steps: the threads of two frameworks in one
process take each other's cores.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from mtl.config.compose import compose, plain
from mtl.models.headline import headline
from mtl.registry import balancers
from mtl.training.optimizers import Clipping
from mtl.training.step import StepSettings, TrainingStep

BATCH, WIDTH, UNITS, HEAD = 256, 128, 512, 64
STEPS = 4  # of a contender in a round
PEER = "TorchJD, upgrad"
WARM = 2  # rounds that are not counted, for tracing
LOSSES_ONLY = [
    *("uncertainty", "imtl_l", "dwa", "geometric", "random"),
    *("stch", "famo", "cosmos", "pbi", "alternating", "task_sampling"),
]
FEATURES = ["mgda", "imtl_g", "aligned", "gradnorm", "graddrop"]
PARAMETERS = ["upgrad", "pcgrad", "gradvac", "cagrad", "nash", "fairgrad", "dual_projection"]
OTHERS = ["cr_mogm", "config_conflict_free", "modo", "sdmgrad", "moco", "db_mtl", "excess"]


class SquaredError:
    """A task with the mean squared error."""

    def loss(
        self, labels: tf.Tensor, outputs: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        error = tf.square(labels[:, tf.newaxis] - outputs)
        return tf.reduce_sum(weights[:, tf.newaxis] * error), tf.reduce_sum(weights)


def perceptron(tasks: int) -> tuple[keras.Model, dict[str, np.ndarray]]:
    """The model and one batch of its inputs."""
    given = keras.Input((WIDTH,), name="x")
    shared: Any = given
    for _ in range(3):
        shared = keras.layers.Dense(UNITS, activation="relu")(shared)
    outputs = {
        f"task_{i}": keras.layers.Dense(1, name=f"task_{i}")(
            keras.layers.Dense(HEAD, activation="relu")(shared)
        )
        for i in range(tasks)
    }
    x = np.random.default_rng(0).normal(size=(BATCH, WIDTH)).astype("f")
    return keras.Model({"x": given}, outputs), {"x": x}


def headlines() -> tuple[keras.Model, dict[str, np.ndarray]]:
    """The guide's model and one batch of words that are as frequent as in a language."""
    random = np.random.default_rng(0)
    ids = np.minimum(random.zipf(1.3, (32, 100)), 9_999) * (np.arange(100) >= 88)
    inputs = {"main_input": ids.astype("int32"), "aux_input": random.normal(size=(32, 5))}
    return headline(), {
        name: np.asarray(v, "f" if v.dtype.kind == "f" else "int32") for name, v in inputs.items()
    }


def ours(
    build: Callable[[], tuple[keras.Model, dict[str, np.ndarray]]],
    balancing: list[str],
    optimizer: str,
) -> Callable[[], None]:
    """The training step of `mtl` with a strategy as the config gives it."""
    keras.utils.set_random_seed(0)
    model, inputs = build()
    section = plain(compose("headline", balancing))["balancing"]
    options = {key: value for key, value in section.items() if key != "name"}
    names = sorted(model.output)
    balancer = balancers.get(section["name"])(dict.fromkeys(names, 1.0), **options)
    balancer.start(seed=0, steps_per_epoch=100)
    size = len(next(iter(inputs.values())))
    random = np.random.default_rng(1)
    batch = (
        {name: tf.constant(value) for name, value in inputs.items()},
        {name: tf.constant(random.random(size), tf.float32) for name in names},
        {name: tf.ones(size) for name in names},
    )
    step = TrainingStep(
        model,
        {name: SquaredError() for name in names},
        balancer,
        keras.optimizers.get({"class_name": optimizer, "config": {"learning_rate": 1e-4}}),
        Clipping(),
        StepSettings(batch_size=size),
    )

    def train() -> None:
        step(*batch)[0].numpy()

    return train


def torch_steps(tasks: int) -> dict[str, Callable[[], None]]:
    """Steps of PyTorch on the same model, with plain gradient descent: plain and TorchJD's."""
    import torch
    from torchjd.aggregation import UPGrad
    from torchjd.autojac import jac_to_grad, mtl_backward

    torch.manual_seed(0)
    torch.set_num_threads(os.cpu_count() or 1)
    layers: list[torch.nn.Module] = []
    for width in (WIDTH, UNITS, UNITS):
        layers += [torch.nn.Linear(width, UNITS), torch.nn.ReLU()]
    trunk = torch.nn.Sequential(*layers)
    heads = [
        torch.nn.Sequential(torch.nn.Linear(UNITS, HEAD), torch.nn.ReLU(), torch.nn.Linear(HEAD, 1))
        for _ in range(tasks)
    ]
    parameters = [*trunk.parameters(), *(p for head in heads for p in head.parameters())]
    optimizer = torch.optim.SGD(parameters, lr=1e-4)
    _, inputs = perceptron(1)
    x = torch.tensor(inputs["x"])
    random = np.random.default_rng(1)
    labels = [torch.tensor(random.random(BATCH), dtype=torch.float32) for _ in heads]
    aggregator = UPGrad()

    def losses_and_features() -> tuple[list[torch.Tensor], torch.Tensor]:
        features = trunk(x)
        losses = [
            torch.nn.functional.mse_loss(head(features)[:, 0], label)
            for head, label in zip(heads, labels, strict=True)
        ]
        optimizer.zero_grad()
        return losses, features

    def plain_step() -> None:
        losses, _ = losses_and_features()
        torch.stack(losses).sum().backward()
        optimizer.step()

    def upgrad() -> None:
        losses, features = losses_and_features()
        mtl_backward(losses, features=features)
        jac_to_grad(trunk.parameters(), aggregator)
        optimizer.step()

    return {"PyTorch, plain": plain_step, PEER: upgrad}


def serve(tasks: int, connection: Connection) -> None:
    """Make the step that is asked for by name and answer with its seconds, until None comes."""
    steps = torch_steps(tasks)
    connection.send(list(steps))
    while (name := connection.recv()) is not None:
        connection.send(seconds_of(steps[name]))


def seconds_of(step: Callable[[], None]) -> float:
    """Return how long a step takes, as the mean of `STEPS` of them after one that is not timed.

    Four consecutive steps hold one that solves for weights where every fourth does, and the first
    one finds what the contender before left in the caches and threads that still wait for work.
    """
    step()
    started = time.perf_counter()
    for _ in range(STEPS):
        step()
    return (time.perf_counter() - started) / STEPS


def measured(contenders: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of a step in each round, all contenders in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(rounds + WARM):
        for name, measure in contenders.items():
            taken = measure()
            if round_ >= WARM:
                seconds[name].append(taken)
    return seconds


def report(seconds: dict[str, list[float]], plain_step: str) -> None:
    """Print one line a contender, with the ratio to the peer where it took part."""
    peer = seconds.get(PEER)
    print(f"{'':36} {'ms':>7} {'ratio':>6} {'least':>6} {'most':>6}" + "  of TorchJD" * bool(peer))
    for name, taken in seconds.items():
        ratios = [own / base for own, base in zip(taken, seconds[plain_step], strict=True)]
        median = statistics.median(taken)
        line = (
            f"{name:36} {1000 * median:7.1f} {median / statistics.median(seconds[plain_step]):6.2f}"
            f" {min(ratios):6.2f} {max(ratios):6.2f}"
        )
        print(line + (f"{median / statistics.median(peer):12.2f}" if peer else ""), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, nargs="+", default=[2, 8, 32])
    parser.add_argument("--rounds", type=int, default=20, help="measured rounds")
    parser.add_argument("--optimizer", default="SGD", help="a Keras optimizer, SGD or Adam")
    parser.add_argument("--headline", action="store_true", help="the headline model instead")
    parser.add_argument("--peer", action="store_true", help="TorchJD's UPGrad beside ours")
    parser.add_argument("--strategies", nargs="+", default=None, help="these only")
    arguments = parser.parse_args()
    names = arguments.strategies or [*LOSSES_ONLY, *FEATURES, *PARAMETERS, *OTHERS]
    if arguments.peer:
        names = ["upgrad"]
    chosen = {name: [f"balancing={name}"] for name in names}
    if "upgrad" in chosen:
        chosen["upgrad, features"] = ["balancing=upgrad", "balancing.gradients=features"]
        chosen["upgrad, every 4"] = ["balancing=upgrad", "balancing.every=4"]
    chosen = {"fixed": ["balancing=fixed"], **chosen}
    spawning = multiprocessing.get_context("spawn")
    for tasks in [2] if arguments.headline else arguments.tasks:

        def build(tasks: int = tasks) -> tuple[keras.Model, dict[str, np.ndarray]]:
            return headlines() if arguments.headline else perceptron(tasks)

        optimizer = "RMSprop" if arguments.headline else arguments.optimizer
        contenders: dict[str, Callable[[], float]] = {
            name: partial(seconds_of, ours(build, section, optimizer))
            for name, section in chosen.items()
        }
        if arguments.peer:
            here, there = spawning.Pipe()
            peer = spawning.Process(target=serve, args=(tasks, there), daemon=True)
            peer.start()
            there.close()  # so that the end of the other process is told of here

            def asked(name: str, here: Connection = here) -> float:
                here.send(name)
                return float(here.recv())

            contenders |= {name: partial(asked, name) for name in here.recv()}
        model = "headline model" if arguments.headline else f"perceptron, {tasks} tasks"
        print(f"\n{model}, {optimizer}, {arguments.rounds} rounds")
        report(measured(contenders, arguments.rounds), "fixed")
        if arguments.peer:
            here.send(None)
            peer.join()


if __name__ == "__main__":
    main()

"""The runner: from a config to a run folder. It knows no model, no data and no strategy."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from omegaconf import DictConfig

from mtl.config.compose import plain
from mtl.errors import DivergenceError, MtlError
from mtl.reporting.balancing import BalancingLog
from mtl.reporting.console import Console
from mtl.reporting.files import need_room, replacing
from mtl.reporting.folder import PLOTS, RESULTS, RunFolder
from mtl.reporting.history import History
from mtl.reporting.images import write_image
from mtl.reporting.memory import peak_memory_bytes
from mtl.reporting.progress import TrainingProgress
from mtl.reporting.results import nest
from mtl.reporting.tensorboard import Board
from mtl.tasks.metrics import best_possible
from mtl.tasks.names import direction
from mtl.training.assembly import Assembly, assemble
from mtl.training.checkpoint import (
    check_something_is_left,
    folder_to_resume,
    read_checkpoint,
    write_checkpoint,
)
from mtl.training.evaluating import Images
from mtl.training.figures import Figures
from mtl.training.interrupt import interruptible
from mtl.training.loop import Loop, Observer
from mtl.training.monitor import Monitor
from mtl.training.observers import (
    BoardObserver,
    ConsoleObserver,
    HistoryObserver,
    LogObserver,
)
from mtl.training.optimizers import accumulated_steps, build_optimizer
from mtl.training.run import MODEL, Run, whole_model
from mtl.training.step import StepSettings, TrainingStep
from mtl.training.summary import summarise

UNNAMED = "unnamed"

logger = logging.getLogger(__name__)


def train(
    config: Mapping[str, Any] | DictConfig,
    *,
    table: Any = None,
    command: Sequence[str] | None = None,
    folder: Path | None = None,
) -> Run:
    """Train what a config describes, and leave a run folder.

    Args:
        config: From `mtl.compose`, or the command line.
        table: A path, data frame or dict of arrays that takes the place of the config's data.
        command: The words of the command line, for `environment.json`.
        folder: The run's folder, which must not exist yet. Default: a new one,
            `<runs>/<name>/<date_time>`. With `training.resume` the run `run` goes on in its own.

    The seeds of Python, NumPy and TensorFlow are set, and `training.deterministic` holds for the
    rest of the process.

    Returns:
        The run. Its status is `completed`, `stopped_early`, or `interrupted` after Ctrl-C.

    Raises:
        ConfigError: With every problem of the config; nothing is left behind then.
        DivergenceError: A loss became NaN or infinite; what there is until then is left behind.
        MtlError: The data cannot be read, or the run folder cannot be written.
    """
    if not isinstance(config, Mapping | DictConfig):
        found = f"{type(config).__name__} {config!r}"  # type: ignore[unreachable]
        raise MtlError(f"Expected a config from mtl.compose. Received: {found}")
    config = _with_seed(plain(config))
    assembly = assemble(config, table)
    config = _with_source(config, table)
    resumed = folder_to_resume(config)
    if config["training"]["deterministic"]:
        tf.config.experimental.enable_op_determinism()
    if resumed is not None:
        config = {**config, "run": None, "training": {**config["training"], "resume": False}}
        _run(assembly, config, resumed, command or [], resume=True)
        return Run(resumed)
    run_folder = _make_folder(config, folder)
    try:
        _run(assembly, config, run_folder, command or [])
    except BaseException as error:
        # What went wrong is raised again; a disk that is full must not hide it.
        with suppress(MtlError):
            if not run_folder.file(RESULTS).exists():
                run_folder.write_results({"status": "failed", "error": str(error)})
        raise
    return Run(run_folder)


def _run(
    assembly: Assembly,
    config: Mapping[str, Any],
    run_folder: RunFolder,
    command: Sequence[str],
    *,
    resume: bool = False,
) -> None:
    """Train, tell the console and TensorBoard, and fill the run's folder."""
    console, balancing = Console(), BalancingLog(run_folder.path)
    with ExitStack() as stack:
        log = stack.enter_context(run_folder.log())
        loop = make_loop(assembly, [])
        if resume:  # nothing is written before it is certain that the run can go on
            read_checkpoint(loop, run_folder.path)
            check_something_is_left(loop, run_folder)
            balancing.go_on(loop.steps)
        if config["training"].get("checkpoint", True):
            loop.checkpoint = partial(_checkpoint, run_folder.path)
        board = stack.enter_context(Board(run_folder.file("tensorboard")))
        run_folder.write_config(config)
        run_folder.write_environment(command, seed=config["training"]["seed"], resumed=resume)
        progress = console.progress(assembly.config["training"]["epochs"])
        loop.observers += [
            ConsoleObserver(progress, assembly.config["training"]["monitor"]),
            LogObserver(log),
            HistoryObserver(History(run_folder.path), balancing),
            BoardObserver(board, assembly.graph),
        ]
        resuming = [f"The run goes on after epoch {loop.last_epoch}."] if resume else []
        notes = [*resuming, *assembly.notes, *loop.step.notes]
        console.summary(summarise(assembly, notes))
        for note in notes:
            log.info(note)
        board.text(config)
        board.graph(assembly.graph)
        need_room(run_folder.path, _bytes(assembly.graph), "the model")
        run_folder.write_results(_results(assembly, loop, "running", {}))
        figures = _train(loop, assembly, run_folder, progress, log)
        board.figures(
            loop.final_epoch,
            {name: value for name, value in figures.items() if name.startswith("test/")},
        )
        for name, image in loop.images.items():
            board.image(loop.final_epoch, name, image)
            write_image(run_folder.file(f"{PLOTS}/{name.replace('/', '_')}.png"), image)
        board.hparams(config, figures, overrides=run_folder.overrides())
    console.results(run_folder.read_results())
    console.folder(run_folder.path)


def _checkpoint(folder: Path, loop: Loop) -> None:
    """Write a checkpoint; where that cannot be, training goes on and the log says so."""
    try:
        write_checkpoint(loop, folder)
    except MtlError as error:
        logger.warning("Epoch %d leaves no checkpoint: %s", loop.last_epoch, error)


def make_loop(assembly: Assembly, observers: Iterable[Observer]) -> Loop:
    """Build the training step and the loop around it.

    Args:
        assembly: What is trained.
        observers: Who is told what happens.
    """
    training = assembly.config["training"]
    batches = -(-len(assembly.examples["training"]) // training["batch_size"])
    assembly.balancer.start(seed=training["seed"], steps_per_epoch=batches)
    assembly.balancer.take_sizes(_labelled(assembly))
    optimizer, clipping = build_optimizer(
        assembly.config["optimizer"],
        batches * training["epochs"],
        scale_loss=training["precision"] == "mixed_float16",
    )
    step = TrainingStep(
        assembly.graph,
        assembly.tasks,
        assembly.balancer,
        optimizer,
        clipping,
        StepSettings(
            training["xla"],
            training["embedding_updates"],
            training["batch_size"],
            deterministic=training["deterministic"],
            gradient_accumulation_steps=accumulated_steps(assembly.config["optimizer"]),
        ),
    )
    return Loop(
        step=step,
        figures=Figures(assembly.tasks),
        examples=assembly.examples,
        monitor=_monitor(training, assembly.evaluating.directions),
        epochs=training["epochs"],
        batch_size=training["batch_size"],
        evaluation_batch_size=training["evaluation_batch_size"],
        seed=training["seed"],
        shuffle=training["shuffle"],
        restore_best=training["restore_best"],
        observers=list(observers),
        training_examples=assembly.training_examples if assembly.dataset.redraw else None,
        sources=assembly.sources,
        evaluate_further=partial(_evaluate_further, assembly),
        steps_per_execution=training.get("steps_per_execution", 1),
        balancing_log_every=training.get("balancing_log_every", "auto"),
    )


def _labelled(assembly: Assembly) -> dict[str, int]:
    """Return how many rows of the training split have a label, for each trained task."""
    targets = assembly.examples["training"].targets
    return {
        name: int(np.isfinite(targets[name]).reshape(len(targets[name]), -1).any(axis=1).sum())
        for name in assembly.balancer.names
    }


def _evaluate_further(assembly: Assembly, split: str) -> tuple[dict[str, float], Images]:
    """Return the figures and images of the config's evaluations on a split but training."""
    if split == "training" or not assembly.evaluating.evaluations:
        return {}, {}
    figures, images = assembly.evaluating(
        assembly.graph, assembly.dataset.part(split), assembly.examples[split].inputs
    )
    return {f"{split}/{name}": value for name, value in figures.items()}, images


def _train(
    loop: Loop,
    assembly: Assembly,
    run_folder: RunFolder,
    progress: TrainingProgress,
    log: logging.Logger,
) -> dict[str, float]:
    """Run the loop and write what came of it, also if it ended badly."""
    with interruptible() as interruption:
        try:
            with progress:
                loop.run(interruption)
        except DivergenceError as error:
            log.error(error)
            if loop.restore_best and loop.monitor.best_epoch:
                # What fails from here on is in the log and must not hide why training ended.
                with suppress(MtlError):
                    _keep(loop, assembly, run_folder, "diverged", log)
            else:
                run_folder.write_results(_results(assembly, loop, "diverged", {}))
            raise
        except BaseException:
            with suppress(MtlError):
                run_folder.write_results(_results(assembly, loop, "failed", {}))
            raise
        return _keep(loop, assembly, run_folder, loop.status, log)


def _keep(
    loop: Loop, assembly: Assembly, run_folder: RunFolder, status: str, log: logging.Logger
) -> dict[str, float]:
    """Save the model, then measure it and write its results.

    Where something cannot be measured the results hold the rest, and the first error is raised.
    """
    figures: dict[str, float] = {}
    try:
        _save_model(assembly, run_folder)
        _measure(loop, figures)
    except BaseException as error:
        reason = str(error) or type(error).__name__
        log.error(reason)
        diverged = status == "diverged" or isinstance(error, DivergenceError)
        results = _results(assembly, loop, "diverged" if diverged else "failed", figures)
        with suppress(MtlError):
            run_folder.write_results({**results, "error": reason})
        raise
    run_folder.write_results(_results(assembly, loop, status, figures))
    return figures


def _measure(loop: Loop, figures: dict[str, float]) -> None:
    """Put every figure of all splits into `figures`; raise the first error after the last split."""
    failures: list[MtlError] = []
    for split in loop.examples:
        try:
            figures |= loop.evaluate(split)
        except DivergenceError as error:
            failures.append(error)
    failures += loop.failures.values()
    if failures:
        raise failures[0]


def _save_model(assembly: Assembly, run_folder: RunFolder) -> None:
    model = whole_model(assembly.preparation, assembly.graph)
    with replacing(run_folder.file(MODEL)) as path:
        model.save(path)


def _bytes(graph: keras.Model) -> int:
    return sum(
        weight.value.dtype.size * weight.value.shape.num_elements() for weight in graph.weights
    )


def _results(
    assembly: Assembly, loop: Loop, status: str, figures: Mapping[str, float]
) -> dict[str, Any]:
    """Return what `results.json` holds."""
    monitor = loop.monitor
    return {
        "status": status,
        "name": assembly.config["name"],
        "epochs": loop.last_epoch,
        "best_epoch": monitor.best_epoch or None,
        "monitor": {"name": monitor.name, "mode": monitor.mode, "value": monitor.best},
        "metrics": nest(figures),
        "best_possible": _best_possible(assembly) if figures else {},
        "examples": {split: len(examples) for split, examples in assembly.examples.items()},
        "tasks": {name: task.state() for name, task in assembly.tasks.items()},
        "directions": assembly.evaluating.directions,
        "step": loop.step.notes,
        "seconds": loop.seconds,
        "examples_per_second": loop.trained_examples / loop.seconds if loop.seconds else None,
        "peak_memory_bytes": peak_memory_bytes(),
    }


def _best_possible(assembly: Assembly) -> dict[str, dict[str, dict[str, float]]]:
    """Return what a model would reach that knew how generated data came about."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for split, rows in assembly.dataset.splits.items():
        for name, task in assembly.tasks.items():
            known = assembly.dataset.known.get(task.columns[0])
            if known is not None and len(task.columns) == 1:
                labels = assembly.examples[split].targets[name]
                best = best_possible(task, np.asarray(known)[rows], labels)
                if best:
                    found.setdefault(split, {})[name] = best
    return found


def _monitor(training: Mapping[str, Any], directions: Mapping[str, str]) -> Monitor:
    mode = training["monitor_mode"]
    if mode == "auto":
        figure = training["monitor"].partition("/")[2]
        mode = directions.get(figure) or direction(figure.rpartition("/")[2])
    return Monitor(training["monitor"], mode, training["patience"], training["minimum_improvement"])


def _with_seed(config: dict[str, Any]) -> dict[str, Any]:
    """Draw a seed where the config has none, so that the saved config has the one that was used."""
    training = config.get("training")
    if isinstance(training, Mapping) and training.get("seed") is None:
        config = {**config, "training": {**training, "seed": secrets.randbelow(2**32)}}
    return {**config, "name": config.get("name") or UNNAMED}


def _with_source(config: dict[str, Any], table: Any) -> dict[str, Any]:
    """Say in the saved config where the rows came from, wherever it is read from later.

    A table that was handed over from Python leaves neither a path nor a generator: to train from
    that config again, a table must be handed over again.
    """
    data, split = dict(config["data"]), dict(config["data"]["split"])
    training = dict(config["training"])
    if training.get("initial_weights") is not None:
        training["initial_weights"] = _absolute(training["initial_weights"])
    if table is not None:
        data |= {"path": str(table) if isinstance(table, str | Path) else None, "generator": None}
    if data["path"] is not None:
        data["path"] = _absolute(data["path"])
    if split.get("by") == "files":
        paths = {key: _absolute(split[key]) for key in ("validation", "test") if split.get(key)}
        data["split"] = split | paths
    return {**config, "data": data, "training": training}


def _absolute(path: str | Path) -> str:
    return str(Path(path).expanduser().absolute())


def _make_folder(config: Mapping[str, Any], folder: Path | None) -> RunFolder:
    if folder is None:
        return RunFolder.create(config["runs"], config["name"])
    folder = folder.absolute()
    return RunFolder.create(folder.parent.parent, folder.parent.name, folder.name)

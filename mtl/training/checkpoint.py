"""What a training needs to go on after its end, as if it had never stopped."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from mtl.config.check.wording import shown
from mtl.errors import ConfigError, MtlError, Problem
from mtl.reporting.files import make_folder, replacing
from mtl.reporting.folder import CONFIG, RunFolder
from mtl.reporting.hyperparameters import values_by_path
from mtl.training.loop import Loop

CHECKPOINT = "checkpoint/state.npz"
RESUME = "training.resume"
STEP, BALANCING, BEST, IMAGE = "step", "balancing", "best", "image"
NAMES, PROGRESS = "names", "progress"

# What does not change how an epoch is trained; examples show whether the data are the same.
MAY_DIFFER = (
    *("run", "runs", RESUME, "training.epochs", "training.patience"),
    *("data.path", "data.split.validation", "data.split.test"),
    *("training.evaluation_batch_size", "training.balancing_log_every"),
    *("training.steps_per_execution", "training.checkpoint"),
)


def write_checkpoint(loop: Loop, folder: Path) -> None:
    """Write where a training is after an epoch, whole or not at all.

    Args:
        loop: The training, between two epochs.
        folder: The run's folder.

    Raises:
        MtlError: It cannot be written; an earlier one is unchanged.
    """
    variables = loop.step.variables
    arrays: dict[str, Any] = {f"{STEP}/{i}": np.asarray(v) for i, v in enumerate(variables)}
    arrays |= {f"{BALANCING}/{k}": value for k, value in loop.step.balancer.state().items()}
    progress, best, images = loop.progress()
    arrays |= {f"{BEST}/{i}": each for i, each in enumerate(best)}
    arrays |= {f"{IMAGE}/{name}": each for name, each in images.items()}
    arrays[NAMES] = np.array(_names(loop))
    arrays[PROGRESS] = np.array(json.dumps(progress))
    path = folder / CHECKPOINT
    make_folder(path.parent)
    with replacing(path) as temporary:
        np.savez(temporary, **arrays)


def read_checkpoint(loop: Loop, folder: Path) -> None:
    """Bring a training to where `write_checkpoint` found it.

    Args:
        loop: Made from the same config and data, and not begun.
        folder: The run's folder.

    Raises:
        MtlError: There is no checkpoint, it cannot be read, or it is another training's.
    """
    path = folder / CHECKPOINT
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        progress, names = json.loads(str(arrays[PROGRESS])), arrays[NAMES].tolist()
        stored, best = _numbered(arrays, STEP), _numbered(arrays, BEST)
    except FileNotFoundError:
        raise MtlError(
            f"{folder} has no {CHECKPOINT}. Expected a run whose first epoch has ended"
            " (training.checkpoint=true); start it anew with run=, without training.resume."
        ) from None
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise MtlError(
            f"Cannot read {path}: {error}. Expected a checkpoint as a run writes it; without one"
            " the run can only be started anew."
        ) from error
    variables = loop.step.variables
    ours = [*_names(loop), *(str(tuple(each.shape)) for each in variables)]
    theirs = [*names, *(str(each.shape) for each in stored)]
    for now, before in zip_longest(ours, theirs, fillvalue="nothing"):
        if now != before:
            raise MtlError(
                f"The training has {now} where {path} has {before}. Expected the same graph,"
                " optimizer and versions."
            )
    for left in path.parent.glob(f".{path.stem}.*"):  # by a kill
        left.unlink(missing_ok=True)
    loop.go_on(progress, best, dict(_below(arrays, IMAGE)))
    loop.step.balancer.restore(dict(_below(arrays, BALANCING)))
    for variable, value in zip(variables, stored, strict=True):
        variable.assign(value)


def folder_to_resume(config: Mapping[str, Any]) -> RunFolder | None:
    """Return the folder of the run that is to go on; None where a new one begins.

    Args:
        config: A resolved config, whose paths are absolute.

    Raises:
        ConfigError: `training.resume` without `run`, or values that are not those of the run.
        MtlError: There is no such run.
    """
    if not (config.get("training") or {}).get("resume"):
        return None
    if config.get("run") is None:
        expected = "Expected run=<folder>, the run that is to go on."
        raise ConfigError([Problem(RESUME, "found true without a run", expected)])
    folder = RunFolder.open(config["run"])
    saved = yaml.safe_load(folder.file(CONFIG).read_text("utf-8"))
    before, now = dict(values_by_path(saved)), dict(values_by_path(config))
    problems = [
        Problem(
            path,
            f"found {shown(now.get(path))}, and the run has {shown(before.get(path))}",
            "Expected the run's value: a training that is resumed goes on as it began."
            " Without training.resume a new run begins with the changed one.",
        )
        for path in dict.fromkeys([*before, *now])
        if path not in MAY_DIFFER and before.get(path) != now.get(path)
    ]
    length = "training.epochs"
    if _spreads_over_all_epochs(config) and before.get(length) != now.get(length):
        expected = (
            "Expected the run's value: optimizer.schedule spreads over all epochs, so that others"
            " would have had other learning rates from the start."
        )
        found = f"found {now.get(length)}, and the run has {before.get(length)}"
        problems.append(Problem(length, found, expected))
    if problems:
        raise ConfigError(problems)
    return folder


def check_something_is_left(loop: Loop, folder: RunFolder) -> None:
    """Raise MtlError where a run that is to go on has ended as it should.

    One that was stopped between its last epoch and its end has its model and figures left.
    """
    if folder.read_results().get("status") not in {"completed", "stopped_early"}:
        return
    done, patience = loop.last_epoch, loop.monitor.patience
    if done >= loop.epochs:
        raise MtlError(
            f"The run has trained {done} of {loop.epochs} epochs: nothing is left to resume."
            f" Expected training.epochs above {done}."
        )
    if loop.monitor.exhausted:
        raise MtlError(
            f"The run stopped after epoch {done}, {patience} without an improvement: nothing is"
            f" left to resume. Expected training.patience above {patience}, or null."
        )


def _spreads_over_all_epochs(config: Mapping[str, Any]) -> bool:
    """Whether the learning rate follows a schedule whose length is that of the training."""
    schedule = config["optimizer"].get("schedule")
    lengths = {"decay_steps", "first_decay_steps", "boundaries"}
    return isinstance(schedule, Mapping) and not lengths & set(schedule)


def _names(loop: Loop) -> list[str]:
    """Return what the model's variables are called, without the numbers that Keras counts on."""
    return [re.sub(r"_\d+(?=/|$)", "", each.path) for each in loop.step.model.variables]


def _below(arrays: Mapping[str, np.ndarray], prefix: str) -> Iterator[tuple[str, np.ndarray]]:
    for name, value in arrays.items():
        if name.startswith(f"{prefix}/"):
            yield name.partition("/")[2], value


def _numbered(arrays: Mapping[str, np.ndarray], prefix: str) -> Sequence[np.ndarray]:
    found = dict(_below(arrays, prefix))
    return [found[str(i)] for i in range(len(found))]

"""Optimizers, learning-rate schedules and gradient clipping from the config."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from mtl.config.check import bind_signature
from mtl.errors import MtlError, Problem

OPTIMIZERS: dict[str, type[keras.optimizers.Optimizer]] = {
    name: getattr(keras.optimizers, class_name)
    for name, class_name in {
        "adadelta": "Adadelta",
        "adafactor": "Adafactor",
        "adagrad": "Adagrad",
        "adam": "Adam",
        "adamax": "Adamax",
        "adamw": "AdamW",
        "ftrl": "Ftrl",
        "lamb": "Lamb",
        "lion": "Lion",
        "muon": "Muon",
        "nadam": "Nadam",
        "rmsprop": "RMSprop",
        "sgd": "SGD",
    }.items()
    if hasattr(keras.optimizers, class_name)
}

SCHEDULES: dict[str, type[keras.optimizers.schedules.LearningRateSchedule]] = {
    "cosine": keras.optimizers.schedules.CosineDecay,
    "cosine_restarts": keras.optimizers.schedules.CosineDecayRestarts,
    "exponential": keras.optimizers.schedules.ExponentialDecay,
    "inverse_time": keras.optimizers.schedules.InverseTimeDecay,
    "piecewise": keras.optimizers.schedules.PiecewiseConstantDecay,
    "polynomial": keras.optimizers.schedules.PolynomialDecay,
}

CLIPPING = ("clipnorm", "global_clipnorm", "clipvalue")
ACCUMULATION = "gradient_accumulation_steps"
OWN = ("name", "learning_rate", "schedule", ACCUMULATION, *CLIPPING)


@dataclass(frozen=True)
class Clipping:
    """Bounds gradients as Keras's optimizers do, a table's rows as one gradient.

    Attributes:
        clipnorm: The largest norm of each weight's gradient.
        global_clipnorm: The largest norm of all gradients together.
        clipvalue: The largest absolute value of an entry.
    """

    clipnorm: float | None = None
    global_clipnorm: float | None = None
    clipvalue: float | None = None

    def __call__(self, gradients: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Return the bounded gradients.

        Args:
            gradients: Dense gradients. Of a table's rows, each row once.
        """
        if self.clipnorm is not None:
            return [tf.clip_by_norm(gradient, self.clipnorm) for gradient in gradients]
        if self.global_clipnorm is not None:
            return tf.clip_by_global_norm(gradients, self.global_clipnorm)[0]
        if self.clipvalue is not None:
            return [tf.clip_by_value(g, -self.clipvalue, self.clipvalue) for g in gradients]
        return list(gradients)


class Following(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that follows the steps of the training, whatever an optimizer counts.

    An optimizer counts its own updates: of one that moves in its task's turns alone, a schedule
    that follows that count would never end.

    Args:
        schedule: The learning rate over steps.
        step: How many steps the training has made.
        factor: Multiplies the learning rate.
    """

    def __init__(
        self,
        schedule: keras.optimizers.schedules.LearningRateSchedule,
        step: keras.Variable,
        factor: float = 1.0,
    ) -> None:
        super().__init__()
        self.schedule = schedule
        self.step = step
        self.factor = factor

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of the training's present step; the optimizer's is not read."""
        return self.schedule(self.step) * self.factor

    def get_config(self) -> dict[str, Any]:
        """Return the config of the schedule that follows."""
        return {"schedule": keras.optimizers.schedules.serialize(self.schedule)}


def follow(
    optimizer: keras.optimizers.Optimizer, step: keras.Variable, factor: float = 1.0
) -> None:
    """Let an optimizer's schedule, if it has one, follow the steps of the training.

    Args:
        optimizer: An optimizer, or one that scales the loss.
        step: How many steps the training has made.
        factor: Multiplies its learning rate.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    rate = inner.get_config()["learning_rate"]
    if isinstance(rate, Mapping):
        inner.learning_rate = Following(keras.optimizers.schedules.deserialize(rate), step, factor)
    elif factor != 1.0:
        inner.learning_rate = rate * factor


def build_optimizer(
    config: Mapping[str, Any], total_steps: int, *, scale_loss: bool = False
) -> tuple[keras.optimizers.Optimizer, Clipping]:
    """Build the optimizer of a config.

    Args:
        config: The section `optimizer`: `name`, `learning_rate`, `schedule`, one way of clipping,
            and keyword parameters of the Keras optimizer. `gradient_accumulation_steps` is the
            training step's affair, but for a scaled loss.
        total_steps: How many steps the training takes at most; a schedule without `decay_steps`
            spreads over them.
        scale_loss: Whether to scale the loss, which float16 needs.

    Returns:
        The optimizer, and the clipping that is to come before it.

    Raises:
        MtlError: Keras refuses a parameter.
    """
    parameters = {key: value for key, value in config.items() if key not in OWN}
    clipping = Clipping(**{key: config.get(key) for key in CLIPPING})
    if scale_loss:
        # Scaled gradients must not be clipped: the inner optimizer does it once they are unscaled.
        parameters |= {key: config.get(key) for key in CLIPPING}
        if accumulated_steps(config) > 1:
            # As gradients that overflowed must not be added up.
            parameters[ACCUMULATION] = accumulated_steps(config)
        clipping = Clipping()
    try:
        rate = _learning_rate(config, total_steps)
        optimizer = OPTIMIZERS[config["name"]](learning_rate=rate, **parameters)
    except (ValueError, TypeError) as error:
        raise MtlError(f"{config['name']} refuses its parameters: {error}") from error
    if scale_loss:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer, clipping


def accumulated_steps(config: Mapping[str, Any]) -> int:
    """Return after how many batches the section `optimizer` wants the weights moved."""
    return config.get(ACCUMULATION) or 1


def check_optimizer(config: Mapping[str, Any]) -> list[Problem]:
    """Return the parameters that the optimizer or its schedule does not have or cannot take."""
    if config.get("name") not in OPTIMIZERS:
        return []
    parameters = {key: value for key, value in config.items() if key not in OWN}
    found = _unknown_parameters(config["name"], OPTIMIZERS, parameters, "optimizer")
    schedule = config.get("schedule")
    if isinstance(schedule, Mapping) and schedule.get("name") in SCHEDULES:
        values = {key: value for key, value in schedule.items() if key != "name"}
        found += _unknown_parameters(schedule["name"], SCHEDULES, values, "optimizer.schedule")
    return found


def _unknown_parameters(
    name: str, choices: Mapping[str, type[Any]], values: Mapping[str, Any], path: str
) -> list[Problem]:
    given = {"learning_rate", "initial_learning_rate", "decay_steps", "first_decay_steps"}
    defaults = inspect.signature(choices[name]).parameters
    problems = [
        Problem(
            f"{path}.{key}", f"found {value!r}", f"Expected a number, as {defaults[key].default}."
        )
        for key, value in values.items()
        if key in defaults
        and isinstance(defaults[key].default, int | float)
        and not isinstance(defaults[key].default, bool)
        and (isinstance(value, bool) or not isinstance(value, int | float))
    ]
    return problems + bind_signature(
        choices[name],
        values,
        path,
        provided=given - set(values),
        called=name,
        refuses_others=True,
    )


def _learning_rate(
    config: Mapping[str, Any], total_steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Return the learning rate, or its schedule.

    A schedule starts at `optimizer.learning_rate`; with `warmup_steps` it first climbs there
    from zero. Without `decay_steps` it spreads over the whole training.
    """
    rate = float(config["learning_rate"])
    if not config.get("schedule"):
        return rate
    schedule = dict(config["schedule"])
    called = SCHEDULES[schedule.pop("name")]
    known = inspect.signature(called).parameters
    defaults: dict[str, Any] = {"initial_learning_rate": rate}
    decay_steps = max(1, total_steps - int(schedule.get("warmup_steps", 0)))
    defaults |= {"decay_steps": decay_steps, "first_decay_steps": decay_steps}
    if schedule.get("warmup_steps"):
        defaults |= {"initial_learning_rate": 0.0, "warmup_target": rate}
    return called(**{k: v for k, v in defaults.items() if k in known} | schedule)

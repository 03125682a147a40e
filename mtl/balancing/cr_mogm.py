"""Another strategy's weights, averaged over the steps."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf

from mtl.balancing.base import Balancer, Gradients, GramianBalancer, Heads, Normalise, Observed
from mtl.config.check import bind_signature
from mtl.errors import ConfigError, MtlError, nearest
from mtl.registry import balancer, balancers

_PREFIX = "around/"
_MGDA: Mapping[str, Any] = MappingProxyType({"name": "mgda"})
_COMMON = tuple(
    parameter.name
    for strategy in (Balancer, GramianBalancer)
    for parameter in inspect.signature(strategy).parameters.values()
    if parameter.kind is parameter.KEYWORD_ONLY
)


@balancer("cr_mogm")
class CorrelationReduced(GramianBalancer):
    """Takes a moving average of the weights that another strategy finds.

    Zhou, Zhang, Jiang, Zhong, Gu and Zhu, "On the Convergence of Stochastic Multi-Objective
    Gradient Manipulation and Beyond", NeurIPS 2022. With λ̂_t the weights that the strategy finds in
    step t, those of the step are

        λ_t = a λ_{t-1} + (1 - a) λ̂_t,

    which depend less on the batch whose gradients they are multiplied by. The update may harm a
    task though the strategy's would not.

    `scale` is sum: λ̂ of a strategy on the scale of the mean is multiplied by the number m of tasks
    present, so that averages are of the same thing in whatever number tasks come. The weights of
    absent tasks, and of those without a gradient, stay as they were; those of the others are used
    as they come, without being brought to some sum. With `every` above 1 they move only in the
    steps that compute them.

    Departures: the paper lets a fall with the learning rate, here it stays. In the first step of
    each task λ is λ̂ itself, so that where averages start does not matter.

    Args:
        weights: See `Balancer`.
        around: The strategy: `name`, of any that reads the Gramian, and its own parameters, those
            that are not its defaults. What all strategies have, such as `heads`, is given beside
            `around`, not in it. `mgda` by default.
        smoothing: a, from 0, the strategy itself, to below 1; 0.9 by default.
        heads: See `Balancer`. By default as the strategy has it by default.
        gradients: See `Balancer`. By default as the strategy has it by default.
        normalise: See `Balancer`.
        **options: See `Balancer`.

    Raises:
        ConfigError: The strategy has no such parameters, or they are not of its types.
    """

    scale = "sum"

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        around: Mapping[str, Any] = _MGDA,
        smoothing: float = 0.9,
        heads: Heads | None = None,
        gradients: Gradients | None = None,
        normalise: Normalise = "sum",
        **options: Any,
    ) -> None:
        common = {"heads": heads, "gradients": gradients, "normalise": normalise}
        given = {name: value for name, value in common.items() if value is not None}
        inner = _built(weights, around, given)
        super().__init__(
            weights,
            heads=inner.heads,
            gradients=inner.gradients,
            normalise=normalise,
            **options,
        )
        if not 0 <= smoothing < 1:
            raise MtlError(f"balancing.smoothing={smoothing}. Expected a number from 0 to below 1.")
        self.smoothing = smoothing
        self.around = inner
        # There is one count of updates, and the training step moves it on.
        inner.step = self.step
        self._remembered = [name for name in inner.variables if name != "step"]
        self.variables |= {_PREFIX + name: inner.variables[name] for name in self._remembered}
        # NaN until a task has had its first weight.
        self.remember("lambda", np.full(len(self.names), np.nan))
        # A strategy says so by its class; this one is as the strategy is.
        self.second_look = inner.second_look  # type: ignore[misc]

    @property
    def identity(self) -> tuple[str, ...]:
        """Whose state it is: the two strategies' classes and the tasks in their order."""
        return (f"{type(self).__name__} around {self.around.identity[0]}", *self.names)

    def start(self, *, seed: int, steps_per_epoch: int) -> None:
        """Take in what is known only when training begins."""
        super().start(seed=seed, steps_per_epoch=steps_per_epoch)
        self.around.start(seed=seed, steps_per_epoch=steps_per_epoch)

    def take_sizes(self, sizes: Mapping[str, int]) -> None:
        """Hand them to the strategy."""
        self.around.take_sizes(sizes)

    def epoch_ends(self, losses: np.ndarray) -> None:
        """Hand the losses to the strategy."""
        self.around.epoch_ends(losses)

    def after_update(self, before: tf.Tensor, after: tf.Tensor, present: tf.Tensor) -> None:
        """Hand the losses to the strategy."""
        self.around.after_update(before, after, present)

    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return λ_t, and remember it."""
        own = {name: observed.state[_PREFIX + name] for name in self._remembered}
        found = self.around.solve(gramian, replace(observed, state=own))
        observed.state.update({_PREFIX + name: value for name, value in own.items()})
        if self.around.scale == "mean":
            found = found * len(found)
        kept = observed.state["lambda"]
        before = kept[observed.tasks].astype(np.float64)
        averaged = self.smoothing * before + (1 - self.smoothing) * found
        weights = np.where(np.isnan(before), found, averaged)
        kept[observed.tasks] = weights
        return weights


def _built(
    weights: Mapping[str, float], around: Mapping[str, Any], common: Mapping[str, Any]
) -> GramianBalancer:
    """Return the strategy that `around` describes."""
    if not isinstance(around, Mapping) or not isinstance(around.get("name"), str):
        shown = dict(around) if isinstance(around, Mapping) else around
        raise MtlError(
            f"balancing.around={shown!r}. Expected a strategy's name and, if need be, its"
            " parameters, such as {name: cagrad, c: 0.4}."
        )
    name = around["name"]
    own = {key: value for key, value in around.items() if key != "name"}
    for key in _COMMON:
        if key in own:
            raise MtlError(
                f"balancing.around.{key}={own[key]!r}. Expected parameters of {name} alone; what"
                f" all strategies have goes beside `around`: balancing.{key}={own[key]}."
            )
    if name not in balancers.names():
        known = nearest(name, balancers.names())
        raise MtlError(f"balancing.around.name={name!r}. Expected a strategy. {known}")
    strategy = balancers.get(name)
    problems = bind_signature(strategy, own, "balancing.around", provided={"weights"}, called=name)
    if problems:
        raise ConfigError(problems)
    try:
        made = strategy(weights, **own, **common)
    except MtlError as error:
        raise MtlError(_below_around(str(error), own)) from error
    if not isinstance(made, GramianBalancer) or made.reads != "gramian":
        reads = getattr(made, "reads", "something else")
        raise MtlError(
            f"balancing.around.name={name!r}. Expected a strategy that reads the Gramian of the"
            f" gradients, such as mgda, pcgrad or cagrad; {name} reads {reads}. Use"
            f" balancing={name} without smoothing, or choose another."
        )
    return made


def _below_around(message: str, own: Mapping[str, Any]) -> str:
    """Return a strategy's message with the place in the config where its parameter stands here."""
    place = re.match(r"balancing\.(\w+)", message)
    if place is None or place[1] not in own:
        return message
    return message.replace("balancing.", "balancing.around.", 1)

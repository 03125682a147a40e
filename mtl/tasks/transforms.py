"""Transforms of a regression's target, undone in predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Transform:
    """A function of a number and its inverse.

    Attributes:
        forward: The function.
        inverse: Its inverse; a prediction outside the function's range gives the nearest target.
        valid: Which numbers it may be given.
        domain: The same in words.
    """

    forward: Callable[..., np.ndarray]
    inverse: Callable[..., np.ndarray]
    valid: Callable[..., np.ndarray]
    domain: str


TRANSFORMS = {
    "log": Transform(np.log, np.exp, lambda x: x > 0, "above 0"),
    "log1p": Transform(
        np.log1p, lambda z: np.expm1(np.maximum(z, 0)), lambda x: x >= 0, "of 0 or more"
    ),
    "sqrt": Transform(
        np.sqrt, lambda z: np.square(np.maximum(z, 0)), lambda x: x >= 0, "of 0 or more"
    ),
}
STANDARDISE = "standardise"


@dataclass(frozen=True)
class Step:
    """One transform, fitted: `standardise` has a mean and a scale for each column.

    Attributes:
        name: A name in `TRANSFORMS`, or `standardise`.
        mean: Shape `(columns,)`.
        scale: Shape `(columns,)`, the standard deviation; 1 for a column without variation.
    """

    name: str
    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()

    @classmethod
    def fit(cls, name: str, values: np.ndarray) -> Step:
        """Fit to `values`, shape `(rows, columns)`; NaN is left out."""
        if name != STANDARDISE:
            return cls(name)
        scale = np.nanstd(values, axis=0)
        scale = np.where(scale > 1e-12 * np.abs(np.nanmean(values, axis=0)), scale, 1.0)
        return cls(name, tuple(np.nanmean(values, axis=0).tolist()), tuple(scale.tolist()))

    def refused(self, values: np.ndarray) -> np.ndarray:
        """Return where `values` cannot be transformed, of the same shape."""
        if self.name == STANDARDISE:
            return np.zeros(values.shape, bool)
        return np.asarray(~np.isnan(values) & ~TRANSFORMS[self.name].valid(values))

    def forward(self, values: np.ndarray) -> np.ndarray:
        """Transform `values`, shape `(rows, columns)`."""
        if self.name == STANDARDISE:
            return np.asarray((values - np.array(self.mean)) / np.array(self.scale))
        return TRANSFORMS[self.name].forward(values)

    def inverse(self, values: np.ndarray) -> np.ndarray:
        """Undo `forward`."""
        if self.name == STANDARDISE:
            return np.asarray(values * np.array(self.scale) + np.array(self.mean))
        return TRANSFORMS[self.name].inverse(values)

    def state(self) -> dict[str, Any]:
        """Return the step as JSON has it."""
        return {"name": self.name, "mean": list(self.mean), "scale": list(self.scale)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Step:
        """Restore a step."""
        return cls(state["name"], tuple(state["mean"]), tuple(state["scale"]))


def apply(steps: Sequence[Step], values: np.ndarray) -> np.ndarray:
    """Apply every step in order."""
    for step in steps:
        values = step.forward(values)
    return values


def undo(steps: Sequence[Step], values: np.ndarray) -> np.ndarray:
    """Undo every step, the last one first."""
    for step in reversed(steps):
        values = step.inverse(values)
    return values

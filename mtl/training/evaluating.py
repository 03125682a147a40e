"""The evaluations of a config, put to a graph split by split."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import polars as pl

from mtl.errors import MtlError, Problem
from mtl.evaluations.base import Evaluation, Findings
from mtl.registry import evaluations

Figures = dict[str, float]
Images = dict[str, np.ndarray]


@dataclass(frozen=True)
class Evaluating:
    """Puts a config's evaluations to a graph.

    Attributes:
        evaluations: By their labels in the config.
    """

    evaluations: Mapping[str, Evaluation]

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Evaluating:
        """Return the evaluations of a config that has been checked."""
        made = {}
        for label, section in (config.get("evaluations") or {}).items():
            parameters = {key: value for key, value in section.items() if key != "name"}
            made[str(label)] = _made(str(label), section["name"], parameters)
        return cls(made)

    def repeated_figures(self, metrics: Mapping[str, Collection[str]]) -> list[Problem]:
        """Return a problem for each evaluation with a figure that its output has already.

        Args:
            metrics: The names of each task's loss and metrics.
        """
        problems = []
        owners = {f"{name}/{each}": "a metric" for name in metrics for each in metrics[name]}
        for label, evaluation in self.evaluations.items():
            for figure in evaluation.directions:
                name = f"{evaluation.output}/{figure}"
                if name in owners:
                    found = f"its figure {name!r} is that of {owners[name]} too"
                    expected = "Expected figures of different names: leave one of them out."
                    problems.append(Problem(f"evaluations.{label}", found, expected))
                owners.setdefault(name, f"evaluations.{label}")
        return problems

    @property
    def directions(self) -> dict[str, str]:
        """Whether a low or a high figure is good, by `<output>/<figure>`."""
        return {
            f"{each.output}/{figure}": direction
            for each in self.evaluations.values()
            for figure, direction in each.directions.items()
        }

    def __call__(
        self, graph: keras.Model, table: pl.DataFrame, inputs: Mapping[str, np.ndarray]
    ) -> tuple[Figures, Images]:
        """Return the figures by `<output>/<figure>` and the images by `<label>/<image>`.

        Args:
            graph: The numeric core.
            table: The rows of a split.
            inputs: The graph's inputs for these rows.
        """
        figures: Figures = {}
        images: Images = {}
        for label, each in self.evaluations.items():
            found = _found(label, each, graph, table, inputs)
            figures |= {f"{each.output}/{name}": float(v) for name, v in found.figures.items()}
            images |= {f"{label}/{name}": image for name, image in found.images.items()}
        return figures, images


def _made(label: str, name: str, parameters: Mapping[str, Any]) -> Evaluation:
    registered = evaluations.get(name)
    if not (isinstance(registered, type) and issubclass(registered, Evaluation)):
        raise MtlError(
            f"evaluations.{label}: {name!r} in {evaluations.place(name)} is no evaluation. "
            "Expected a subclass of mtl.evaluations.base.Evaluation"
        )
    wrong = sorted(k for k, v in registered.directions.items() if v not in ("min", "max"))
    if wrong:
        raise MtlError(
            f"evaluations.{label}: {name!r} has no direction for {wrong}. Expected min or max for "
            "each figure in its `directions`."
        )
    try:
        return registered(**parameters)
    except MtlError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".rstrip(".")
        raise MtlError(f"evaluations.{label}: {name!r} refuses its parameters: {reason}") from error


def _found(
    label: str,
    evaluation: Evaluation,
    graph: keras.Model,
    table: pl.DataFrame,
    inputs: Mapping[str, np.ndarray],
) -> Findings:
    """Put one evaluation to the graph, and hold what it returns against what it promises."""
    try:
        found = evaluation(graph, table, inputs)
    except MtlError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".rstrip(".")
        raise MtlError(f"evaluations.{label} fails: {reason}. Mend or leave it out.") from error
    if not isinstance(found, Findings):
        raise MtlError(
            f"evaluations.{label} returned {type(found).__name__}. Expected "
            "mtl.Findings(figures, images)."
        )
    if set(found.figures) != set(evaluation.directions):
        raise MtlError(
            f"evaluations.{label} returned the figures {sorted(found.figures)}. Expected those of "
            f"its `directions`: {sorted(evaluation.directions)}."
        )
    return found

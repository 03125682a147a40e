"""The evaluations of a config, put to a graph split by split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import polars as pl

from mtl.evaluations.base import Evaluation
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
            made[str(label)] = evaluations.get(section["name"])(**parameters)
        return cls(made)

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
            found = each(graph, table, inputs)
            figures |= {f"{each.output}/{name}": float(v) for name, v in found.figures.items()}
            images |= {f"{label}/{name}": image for name, image in found.images.items()}
        return figures, images

"""What an evaluation is: figures and images of a whole graph on a split of the data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import keras
import numpy as np
import polars as pl

from mtl.errors import MtlError


@dataclass(frozen=True)
class Findings:
    """What an evaluation found.

    Attributes:
        figures: Numbers by name, all those of `Evaluation.directions`.
        images: By name, uint8, shape `(height, width, 3)`, or one channel of grey.

    Raises:
        MtlError: An image is of another shape or type.
    """

    figures: Mapping[str, float]
    images: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, image in self.images.items():
            shape = np.shape(image)
            if len(shape) != 3 or shape[-1] not in (1, 3) or image.dtype != np.uint8:
                raise MtlError(
                    f"The image {name!r} has the shape {shape} and the type {image.dtype}. "
                    "Expected uint8, (height, width, 3)."
                )


class Evaluation(ABC):
    """Measures a graph on a split where a metric, which sees one example at a time, cannot.

    A subclass is registered by `@mtl.evaluation("name")`; its other keyword parameters are the keys
    of its section of the config. It is called with the validation split after every epoch and with
    each split but training at the end.

    Args:
        output: The graph's output that it is about. Its figures are named
            `<split>/<output>/<figure>`, as metrics are.

    Attributes:
        directions: Its figures, and whether a low or a high one is good.
    """

    directions: ClassVar[Mapping[str, Literal["min", "max"]]] = {}

    def __init__(self, output: str) -> None:
        self.output = output

    @abstractmethod
    def __call__(
        self, graph: keras.Model, table: pl.DataFrame, inputs: Mapping[str, np.ndarray]
    ) -> Findings:
        """Measure the graph.

        Args:
            graph: The numeric core: prepared inputs in, outputs out.
            table: The rows of the split, all columns that the config names.
            inputs: The graph's inputs for these rows.
        """
